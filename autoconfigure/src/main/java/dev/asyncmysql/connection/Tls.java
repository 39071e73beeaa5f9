package dev.asyncmysql.connection;

import java.util.Locale;
import java.util.Set;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.InvalidSettingsException;
import io.asyncer.r2dbc.mysql.constant.SslMode;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStoreDetails;

/**
 * Decides how far TLS is demanded and with which certificates.
 */
final class Tls {

	private static final Set<String> LOOPBACK_NAMES = Set.of("localhost", "::1", "[::1]", "0:0:0:0:0:0:0:1");

	private Tls() {
	}

	/**
	 * Return the mode in force. Who configures an authority wants to be sure of the
	 * server; on loopback, a certificate seldom carries the host's name.
	 * @param settings the settings
	 * @return the mode, or {@code null} for the driver's default or where a socket needs
	 * none
	 */
	static @Nullable SslMode mode(ConnectionSettings settings) {
		ConnectionSettings.Ssl ssl = settings.ssl();
		if (ssl.mode() != null || settings.unixSocket() != null) {
			return ssl.mode();
		}
		if (ssl.ca() == null && ssl.bundle() == null) {
			return null;
		}
		return isLoopback(settings.host()) ? SslMode.VERIFY_CA : SslMode.VERIFY_IDENTITY;
	}

	/**
	 * Return what to say of a server outside loopback that nobody verifies.
	 * @param settings the settings
	 * @param prefix prefix of their properties
	 * @return a sentence or two, or {@code null} where nothing is to be said
	 */
	static @Nullable String advice(ConnectionSettings settings, String prefix) {
		SslMode mode = mode(settings);
		if (settings.unixSocket() != null || isLoopback(settings.host())
				|| (mode != null && mode.verifyCertificate())) {
			return null;
		}
		return "The server at " + settings.location()
				+ ((mode == SslMode.DISABLED)
						? " is reached without TLS (" + prefix + ".ssl.mode=DISABLED): whoever is on the way can read "
						: " is not verified: whoever can redirect the connection can read ")
				+ "and change what is sent. Name the authority of its certificate by " + prefix + ".ssl.ca or " + prefix
				+ ".ssl.bundle" + ((mode != null) ? ", and take " + prefix + ".ssl.mode=" + mode + " away" : "");
	}

	static boolean isLoopback(@Nullable String host) {
		if (host == null) {
			return true;
		}
		String name = host.toLowerCase(Locale.ROOT);
		return LOOPBACK_NAMES.contains(name) || name.matches("127(\\.\\d{1,3}){3}");
	}

	/**
	 * Read the PEM files of the settings.
	 * @param ssl the settings
	 * @param prefix prefix of their properties, for messages
	 * @return the certificates and keys, or {@code null} where none are configured
	 */
	static @Nullable TlsMaterial pem(ConnectionSettings.Ssl ssl, String prefix) {
		if (ssl.ca() == null && ssl.cert() == null) {
			return null;
		}
		PemSslStoreDetails trust = (ssl.ca() != null) ? PemSslStoreDetails.forCertificate(ssl.ca()) : null;
		PemSslStoreDetails key = (ssl.cert() != null)
				? new PemSslStoreDetails(null, ssl.cert(), ssl.key()).withPrivateKeyPassword(ssl.keyPassword()) : null;
		readable(trust, null, prefix + ".ssl.ca", ssl.ca());
		readable(null, key, prefix + ".ssl.cert", ssl.cert());
		return new TlsMaterial(SslBundle.of(new PemSslStoreBundle(key, trust)));
	}

	private static void readable(@Nullable PemSslStoreDetails trust, @Nullable PemSslStoreDetails key, String property,
			@Nullable String location) {
		try {
			PemSslStoreBundle stores = new PemSslStoreBundle(key, trust);
			stores.getKeyStore();
			stores.getTrustStore();
		}
		catch (RuntimeException ex) {
			String shown = (location != null && location.contains("BEGIN ")) ? "the content given" : location;
			InvalidSettingsException invalid = new InvalidSettingsException(property,
					shown + ((key != null) ? " and ssl.key cannot be read as PEM certificate and key"
							: " cannot be read as PEM certificate"),
					"Name a readable PEM file, as a path or with classpath: in front"
							+ ((key != null) ? ", and check ssl.key-password." : "."));
			invalid.initCause(ex);
			throw invalid;
		}
	}

}
