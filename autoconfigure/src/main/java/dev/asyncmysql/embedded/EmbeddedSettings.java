package dev.asyncmysql.embedded;

import java.nio.file.Path;
import java.time.Duration;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of the development database.
 *
 * @param enabled Whether to start a development database where one is on the class path
 * and no other server is configured.
 * @param dataDir Folder that keeps the data between runs. Without it, the data lives in a
 * temporary folder and is deleted when the application ends.
 * @param baseDir Folder that the server's programs are unpacked to, once for each
 * version. Without it, a folder in the user's cache.
 * @param port Port to listen on. Zero chooses a free one.
 * @param startTimeout Longest time that a start may take, unpacking included.
 */
@ConfigurationProperties("async-mysql.embedded")
public record EmbeddedSettings(@DefaultValue("true") boolean enabled, @Nullable Path dataDir, @Nullable Path baseDir,
		@DefaultValue("0") int port, @DefaultValue("60s") Duration startTimeout) {

	private static final int HIGHEST_PORT = 65535;

	/**
	 * Check the values.
	 * @throws IllegalArgumentException if the port is none, or the time-out is not
	 * positive
	 */
	public EmbeddedSettings {
		if (port < 0 || port > HIGHEST_PORT) {
			throw new IllegalArgumentException(
					"async-mysql.embedded.port must be between 0 and %d, not %d".formatted(HIGHEST_PORT, port));
		}
		if (startTimeout.isNegative() || startTimeout.isZero()) {
			throw new IllegalArgumentException(
					"async-mysql.embedded.start-timeout must be positive, not " + startTimeout);
		}
	}

}
