package dev.asyncmysql.connection;

import java.util.function.Function;

import javax.net.ssl.HostnameVerifier;

import dev.asyncmysql.PasswordProvider;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.resolver.AddressResolverGroup;
import org.jspecify.annotations.Nullable;
import reactor.netty.resources.LoopResources;

/**
 * What the driver takes as objects, because no property can carry it.
 *
 * @param loopResources event loops for the connections, or {@code null} for Reactor
 * Netty's shared ones
 * @param resolver resolver of host names, or {@code null} for the JVM's
 * @param hostnameVerifier verifier for VERIFY_IDENTITY, or {@code null} for the driver's
 * @param sslContextCustomizer last word on each TLS context, or {@code null}
 * @param passwordProvider source of passwords, or {@code null} for the settings' password
 * @param tlsMaterial certificates and keys of the bundle that the settings name, or
 * {@code null}
 */
public record DriverObjects(@Nullable LoopResources loopResources, @Nullable AddressResolverGroup<?> resolver,
		@Nullable HostnameVerifier hostnameVerifier,
		@Nullable Function<SslContextBuilder, SslContextBuilder> sslContextCustomizer,
		@Nullable PasswordProvider passwordProvider, @Nullable TlsMaterial tlsMaterial) {

	/** No objects. */
	public static final DriverObjects NONE = new DriverObjects(null, null, null, null, null, null);

}
