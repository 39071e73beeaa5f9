package dev.asyncmysql.connection;

import java.io.FileNotFoundException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.net.ssl.SSLException;

import dev.asyncmysql.ConnectionSettings;
import io.asyncer.r2dbc.mysql.constant.SslMode;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.codec.DecoderException;
import io.r2dbc.spi.R2dbcException;
import org.jspecify.annotations.Nullable;

/**
 * Why a connection could not be opened, and what to do about it. It never holds a secret.
 */
public final class ConnectionFailure {

	/** How a failure of a {@code PasswordProvider} begins. */
	static final String NO_PASSWORD = "The PasswordProvider gave no password";

	/** How a failure of {@link BoundedConnectionFactory} begins. */
	static final String NOT_LET_IN = "The server did not let a connection in";

	private static final int CAUSES = 32;

	private final Kind kind;

	private final String reason;

	private final ConnectionSettings settings;

	private final UnaryOperator<String> names;

	private ConnectionFailure(Kind kind, String reason, ConnectionSettings settings, UnaryOperator<String> names) {
		this.kind = kind;
		this.reason = SqlDigest.oneLine(reason);
		this.settings = settings;
		this.names = names;
	}

	/**
	 * Tell why a connection could not be opened.
	 * @param failure what the attempt failed with
	 * @param settings the connection's settings
	 * @param prefix prefix of the properties that the settings came from
	 * @return the reason, or empty where it is none that is known
	 */
	public static Optional<ConnectionFailure> of(Throwable failure, ConnectionSettings settings, String prefix) {
		Optional<ConnectionFailure> known = in(failure);
		if (known.isPresent()) {
			return known;
		}
		List<Throwable> causes = causes(failure);
		for (Kind kind : Kind.values()) {
			for (Throwable cause : causes) {
				if (kind.matches.test(cause)) {
					return Optional.of(new ConnectionFailure(kind, reason(cause), settings,
							(property) -> prefix + "." + property));
				}
			}
		}
		return Optional.empty();
	}

	/**
	 * Find the reason that a connection factory of this package left in its exception.
	 * @param failure an exception that may have come from anywhere
	 * @return the reason, or empty where no such factory failed
	 */
	public static Optional<ConnectionFailure> in(Throwable failure) {
		for (Throwable cause : causes(failure)) {
			for (Throwable suppressed : cause.getSuppressed()) {
				if (suppressed instanceof Mark mark) {
					return Optional.of(mark.failure);
				}
			}
		}
		return Optional.empty();
	}

	// Left as a suppressed exception: the type stays what callers and Spring expect, and
	// each stack trace tells what to do.
	static void mark(Throwable failure, ConnectionSettings settings, String prefix) {
		if (in(failure).isEmpty()) {
			of(failure, settings, prefix).map(Mark::new).ifPresent(failure::addSuppressed);
		}
	}

	private static List<Throwable> causes(Throwable failure) {
		List<Throwable> causes = new ArrayList<>();
		for (Throwable cause = failure; cause != null && causes.size() < CAUSES; cause = cause.getCause()) {
			causes.add(cause);
		}
		return causes;
	}

	private static String reason(Throwable cause) {
		String message = (cause.getMessage() != null) ? cause.getMessage() : (cause instanceof FileNotFoundException)
				? "there is no such socket" : cause.getClass().getSimpleName();
		return (cause instanceof R2dbcException ex && ex.getErrorCode() != 0)
				? message + " (error " + ex.getErrorCode() + ")" : message;
	}

	/**
	 * Return this failure with other names for the properties that it speaks of.
	 * @param names from a name below the prefix, such as {@code ssl.mode}, to the name by
	 * which the user knows it
	 * @return the failure
	 */
	public ConnectionFailure named(UnaryOperator<String> names) {
		return new ConnectionFailure(this.kind, this.reason, this.settings, names);
	}

	/**
	 * Return whether waiting cannot heal it: the configuration of one side has to change.
	 * @return {@code false} where the server may be back in a while
	 */
	public boolean isPermanent() {
		return this.kind.permanent;
	}

	/**
	 * Return what happened.
	 * @return a sentence
	 */
	public String description() {
		return this.kind.description.formatted(this.settings.location()) + ": " + this.reason;
	}

	/**
	 * Return what to do.
	 * @return a sentence or two
	 */
	public String action() {
		return switch (this.kind) {
			case PASSWORD_PROVIDER -> "Mend what the bean does; it is asked anew for each connection.";
			case LOGIN -> login();
			case DATABASE_RIGHTS -> "Grant the user " + this.settings.username()
					+ " rights on the database, or correct " + name("database") + (isCreated()
							? "; " + name("create-database-if-not-exist") + " needs the right to create it." : ".");
			case DATABASE -> "Create it, correct " + name("database") + ", or set "
					+ name("create-database-if-not-exist") + "=true.";
			case SESSION -> "Correct " + name("session-variables") + ", " + name("connection-time-zone") + ", "
					+ name("statement-timeout") + " or " + name("lock-wait-timeout")
					+ ", which each new connection sets.";
			case TLS_DEMANDED ->
				"Remove " + name("ssl.mode") + "=" + mode() + ": this server lets nobody in without TLS.";
			case TLS_MISSING -> "Switch TLS on at the server. Where the network is trusted, set " + name("ssl.mode")
					+ "=PREFERRED to do without.";
			case CERTIFICATE -> (this.settings.ssl().ca() != null || this.settings.ssl().bundle() != null)
					? "Check " + name((this.settings.ssl().bundle() != null) ? "ssl.bundle" : "ssl.ca")
							+ ": it has to hold the certificate of the authority that signed the server's."
					: "Name the certificate of the authority that signed the server's by " + name("ssl.ca") + " or "
							+ name("ssl.bundle") + ".";
			case HOST_NAME -> "Connect by a name that the server's certificate carries (" + name("host") + "), or set "
					+ name("ssl.mode") + "=VERIFY_CA to verify its authority alone.";
			case PLAIN_PASSWORD -> "Use TLS: "
					+ ((mode() == SslMode.DISABLED) ? "remove " + name("ssl.mode") + "=DISABLED"
							: "switch it on at the server")
					+ ". Or name the server's public key by " + name("server-rsa-public-key-file") + ", with "
					+ name("ssl.mode") + "=DISABLED.";
			case LOGIN_METHOD -> "Give the user " + this.settings.username()
					+ " an authentication that the driver knows, such as caching_sha2_password (on MariaDB "
					+ "mysql_native_password).";
			case TOO_MANY -> "Close other clients, lower " + name("pool.max-size")
					+ " (it counts for each instance of the application), or raise max_connections at the server.";
			case HOST_BLOCKED -> "Find what failed so often from this machine, then let it in again: TRUNCATE TABLE "
					+ "performance_schema.host_cache.";
			case HOST_REFUSED ->
				"Create an account for this machine: '" + this.settings.username() + "'@'%' admits every one.";
			case PROTOCOL -> "Check " + name("port") + ": something else than MySQL's classic protocol is spoken there "
					+ "(3306 by default; 33060 is another protocol).";
			case TLS -> "Check " + name("ssl.tls-version") + " and the client's certificate, " + name("ssl.cert")
					+ ", against what the server accepts.";
			case HOST -> "Correct " + name("host") + ", or see to it that this machine can resolve the name.";
			case SILENT ->
				"Check that the server is up, check " + place() + ", and that no firewall swallows the packets.";
			case REFUSED -> "Start the server, or correct " + place() + ".";
			case CLOSED -> "Check that a MySQL server listens there, and its error log: it ended the connection.";
		};
	}

	private String login() {
		if (this.reason.contains("using password: NO")) {
			return "Set " + name("password") + ": none was sent.";
		}
		return "Check " + name("username") + " and "
				+ ((this.settings.password() != null) ? name("password") : "what the PasswordProvider gives")
				+ ", and that the account may log in from this machine.";
	}

	private String place() {
		if (this.settings.unixSocket() != null) {
			return name("unix-socket");
		}
		// A URL holds both.
		return Stream.of(name("host"), name("port")).distinct().collect(Collectors.joining(" and "));
	}

	private String name(String property) {
		return this.names.apply(property);
	}

	private SslMode mode() {
		return MySqlConnectionFactories.sslMode(this.settings);
	}

	private boolean isCreated() {
		return Boolean.TRUE.equals(this.settings.createDatabaseIfNotExist());
	}

	/**
	 * What happened and what to do, in one line.
	 */
	@Override
	public String toString() {
		return description() + ". " + action();
	}

	// In the order of precedence: what says most comes first.
	private enum Kind {

		PASSWORD_PROVIDER("There was no password to connect to MySQL at %s with", false, (ex) -> says(ex, NO_PASSWORD)),

		LOGIN("MySQL at %s refused the login", true, (ex) -> hasCode(ex, 1045, 1698, 1862, 3118, 4151)),

		DATABASE_RIGHTS("MySQL at %s refused the use of the database", true, (ex) -> hasCode(ex, 1044)),

		DATABASE("MySQL at %s has no such database", true, (ex) -> hasCode(ex, 1049)),

		SESSION("MySQL at %s refused what is set for each connection", true,
				(ex) -> hasCode(ex, 1193, 1227, 1231, 1232, 1238, 1298)),

		TLS_DEMANDED("MySQL at %s demands TLS", true, (ex) -> hasCode(ex, 3159)),

		TLS_MISSING("MySQL at %s offers no TLS", true, (ex) -> says(ex, "Server does not support SSL")),

		PLAIN_PASSWORD("MySQL at %s asks for the password, which is not sent without TLS", true,
				(ex) -> says(ex, "Authentication type '") && says(ex, "must require SSL")),

		LOGIN_METHOD("The driver does not know how to log in to MySQL at %s", true,
				(ex) -> says(ex, "Authentication plugin '")),

		TOO_MANY("MySQL at %s has no connection left", false, (ex) -> hasCode(ex, 1040, 1203, 1226)),

		HOST_BLOCKED("MySQL at %s has blocked this machine", false, (ex) -> hasCode(ex, 1129)),

		HOST_REFUSED("MySQL at %s lets nobody in from this machine", false, (ex) -> hasCode(ex, 1130)),

		CERTIFICATE("The certificate of MySQL at %s is not trusted", true, (ex) -> ex instanceof CertificateException),

		HOST_NAME("The certificate of MySQL at %s is for another host", true,
				(ex) -> ex instanceof SSLException && says(ex, "could not be verified")),

		TLS("TLS with MySQL at %s could not be agreed upon", false, (ex) -> ex instanceof SSLException),

		PROTOCOL("What answers at %s does not speak as MySQL does", false,
				(ex) -> ex instanceof DecoderException || says(ex, "Unexpected protocol message")
						|| says(ex, "Unexpected message type")),

		HOST("The host of MySQL at %s is not known", false, (ex) -> ex instanceof UnknownHostException),

		SILENT("MySQL at %s does not answer", false,
				(ex) -> ex instanceof ConnectTimeoutException || says(ex, NOT_LET_IN)),

		REFUSED("MySQL at %s cannot be reached", false,
				(ex) -> ex instanceof ConnectException || ex instanceof SocketException
						|| ex instanceof FileNotFoundException),

		CLOSED("MySQL at %s let nobody in", false,
				(ex) -> says(ex, "connection unexpectedly closed") || says(ex, "connection closed"));

		private final String description;

		private final boolean permanent;

		private final Predicate<Throwable> matches;

		Kind(String description, boolean permanent, Predicate<Throwable> matches) {
			this.description = description;
			this.permanent = permanent;
			this.matches = matches;
		}

		private static boolean hasCode(Throwable ex, int... codes) {
			if (ex instanceof R2dbcException coded) {
				for (int code : codes) {
					if (coded.getErrorCode() == code) {
						return true;
					}
				}
			}
			return false;
		}

		// The driver gives these no code and no type of their own.
		private static boolean says(Throwable ex, String text) {
			@Nullable String message = ex.getMessage();
			return message != null && message.toLowerCase(Locale.ROOT).contains(text.toLowerCase(Locale.ROOT));
		}

	}

	/**
	 * Carries a reason in an exception of another type.
	 */
	private static final class Mark extends RuntimeException {

		private static final long serialVersionUID = 1L;

		private final transient ConnectionFailure failure;

		Mark(ConnectionFailure failure) {
			super(failure.toString(), null, false, false);
			this.failure = failure;
		}

	}

}
