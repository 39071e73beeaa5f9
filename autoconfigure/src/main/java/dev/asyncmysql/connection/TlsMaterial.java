package dev.asyncmysql.connection;

import java.util.List;
import java.util.function.Function;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;

import io.asyncer.r2dbc.mysql.constant.SslMode;
import io.netty.handler.ssl.SslContextBuilder;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.ssl.SslBundle;

/**
 * Certificates and keys for TLS, read once and kept in memory. The driver builds a TLS
 * context for each connection on an event loop, where no file may be read. An update
 * takes effect with the next connection.
 */
public final class TlsMaterial {

	private volatile Managers managers;

	/**
	 * Read a bundle.
	 * @param bundle the bundle
	 * @throws RuntimeException if a store of it cannot be read
	 */
	public TlsMaterial(SslBundle bundle) {
		this.managers = Managers.of(bundle);
	}

	/**
	 * Read a bundle in place of the one before. Where it cannot be read, the one before
	 * stays in force.
	 * @param bundle the new bundle
	 */
	public void update(SslBundle bundle) {
		this.managers = Managers.of(bundle);
	}

	/**
	 * Return whether there are certificates to verify the server with.
	 * @return {@code false} where the JVM's own would have to do
	 */
	boolean hasTrust() {
		return this.managers.ownTrust();
	}

	/**
	 * Return what applies the certificates to the driver's TLS context.
	 * @param mode the mode in force; the server is verified where it says so
	 * @param versionsSaid whether the settings name TLS versions, which then win over the
	 * bundle's
	 * @return the customizer
	 */
	Function<SslContextBuilder, SslContextBuilder> customizer(@Nullable SslMode mode, boolean versionsSaid) {
		boolean verify = mode != null && mode.verifyCertificate();
		return (builder) -> this.managers.apply(builder, verify, !versionsSaid);
	}

	private record Managers(@Nullable TrustManagerFactory trust, boolean ownTrust, @Nullable KeyManagerFactory key,
			@Nullable List<String> ciphers, String @Nullable [] protocols) {

		static Managers of(SslBundle bundle) {
			String[] ciphers = bundle.getOptions().getCiphers();
			boolean key = bundle.getStores() != null && bundle.getStores().getKeyStore() != null;
			boolean trust = bundle.getStores() != null && bundle.getStores().getTrustStore() != null;
			return new Managers(bundle.getManagers().getTrustManagerFactory(), trust,
					key ? bundle.getManagers().getKeyManagerFactory() : null,
					(ciphers != null) ? List.of(ciphers) : null, bundle.getOptions().getEnabledProtocols());
		}

		SslContextBuilder apply(SslContextBuilder builder, boolean verify, boolean setProtocols) {
			if (verify && this.trust != null) {
				builder.trustManager(this.trust);
			}
			if (this.key != null) {
				builder.keyManager(this.key);
			}
			if (this.ciphers != null) {
				builder.ciphers(this.ciphers);
			}
			if (setProtocols && this.protocols != null) {
				builder.protocols(this.protocols);
			}
			return builder;
		}

	}

}
