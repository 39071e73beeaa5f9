package dev.asyncmysql.connection;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * What a connection has told of its server.
 *
 * @param readOnly whether the server takes no writes ({@code read_only} or
 * {@code innodb_read_only}), or {@code null} where it does not tell
 * @param tlsVersion version of TLS on the connection, such as {@code TLSv1.3}, or
 * {@code null} for none
 * @param tlsCipher cipher suite of TLS, or {@code null} for none
 * @param roundTrip time that the question and its answer took
 */
public record ServerState(@Nullable Boolean readOnly, @Nullable String tlsVersion, @Nullable String tlsCipher,
		Duration roundTrip) {

}
