package dev.asyncmysql;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import io.asyncer.r2dbc.mysql.constant.CompressionAlgorithm;
import io.asyncer.r2dbc.mysql.constant.SslMode;
import io.asyncer.r2dbc.mysql.constant.ZeroDateOption;
import io.r2dbc.spi.ValidationDepth;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;
import org.springframework.util.unit.DataSize;

/**
 * What one connection to MySQL is made of: where the server is, who connects, how the
 * driver behaves, and the pool. It is immutable, holds what is in force after all sources
 * of configuration were put together, and is what an application injects to read it. A
 * component that is {@code null} was not configured: the driver's or the server's default
 * holds.
 *
 * @param host Host name or address of the server.
 * @param port Port of the server.
 * @param database Database (schema) to use.
 * @param username User to log in as.
 * @param password Password of the user.
 * @param unixSocket Path of the server's Unix domain socket, in place of a host and port.
 * @param createDatabaseIfNotExist Whether to create the database when it does not exist.
 * @param connectTimeout Time within which a TCP connection has to be established.
 * @param statementTimeout Time that a statement may take, waits for its consumer left
 * out. The server itself ends a SELECT (max_execution_time; on MariaDB every statement),
 * KILL QUERY any other.
 * @param lockWaitTimeout Time that a statement waits for a row lock
 * (innodb_lock_wait_timeout, whole seconds).
 * @param responseTimeout Time that the server may stay silent while a caller waits for
 * it. Then the statement is ended, and fails.
 * @param sessionVariables Session variables to set on each new connection, each as
 * name=value, with quotes where SQL needs them.
 * @param connectionTimeZone Time zone in which temporal values travel: LOCAL, SERVER or
 * an identifier such as UTC.
 * @param forceConnectionTimeZoneToSession Whether to set the session's time_zone to the
 * connection time zone.
 * @param preserveInstants Whether to convert temporal values between the time zones of
 * JVM and connection.
 * @param zeroDate What a zero date (0000-00-00) is read as.
 * @param tinyInt1IsBit Whether a signed TINYINT(1) is read as a boolean.
 * @param useServerPrepareStatement Whether statements with parameters are prepared on the
 * server, and kept there for each connection.
 * @param prepareCacheSize Number of statements prepared on the server that each
 * connection keeps.
 * @param queryCacheSize Number of parsed statements that are kept, at least once for all
 * connections and at most once for each that is opened at the same time.
 * @param eventLoops Number of event loops that serve connections; without it, as many as
 * there are processors, or all of a LoopResources bean.
 * @param tcpKeepAlive Whether to enable TCP keep-alive.
 * @param tcpNoDelay Whether to send small packets at once (TCP_NODELAY).
 * @param metrics Whether Reactor Netty records metrics of the sockets in Micrometer's
 * global registry.
 * @param compressionAlgorithms Compression algorithms to offer to the server, the
 * preferred one first.
 * @param zstdCompressionLevel Compression level when zstd is chosen, from 1 to 22.
 * @param allowLoadLocalInfileInPath Folder from which LOAD DATA LOCAL may read, links
 * resolved; without it, such statements are refused.
 * @param localInfileBufferSize Size of the buffer with which LOAD DATA LOCAL reads a
 * file.
 * @param serverRsaPublicKeyFile File with the server's RSA public key, for
 * caching_sha2_password without TLS.
 * @param autodetectExtensions Whether the driver looks for extensions, such as codecs,
 * through META-INF/services.
 * @param startup What the start does where the server cannot be reached: wait for it,
 * fail, or connect to nothing at all (lazy).
 * @param startupTimeout Time that the start waits for a server that is away.
 * @param options Further options of the driver by the driver's own names, for what has no
 * property here.
 * @param cancel Statements whose caller has gone.
 * @param ssl TLS.
 * @param pool Connection pool.
 * @param health Health indicator.
 * @param transaction Transactions.
 * @param slowQuery Log of slow statements.
 * @param advice Advice at start and in the endpoint.
 */
@ConfigurationProperties("async-mysql")
public record ConnectionSettings(@Nullable String host, @DefaultValue(Defaults.PORT) int port,
		@Nullable String database, @Nullable String username, @Nullable String password, @Nullable String unixSocket,
		@Nullable Boolean createDatabaseIfNotExist, @DefaultValue(Defaults.CONNECT_TIMEOUT) Duration connectTimeout,
		@Nullable Duration statementTimeout, @Nullable Duration lockWaitTimeout,
		@DefaultValue(Defaults.RESPONSE_TIMEOUT) Duration responseTimeout, @DefaultValue List<String> sessionVariables,
		@Nullable String connectionTimeZone, @Nullable Boolean forceConnectionTimeZoneToSession,
		@Nullable Boolean preserveInstants, @Nullable ZeroDateOption zeroDate, @Nullable Boolean tinyInt1IsBit,
		@Nullable Boolean useServerPrepareStatement, @Nullable Integer prepareCacheSize,
		@Nullable Integer queryCacheSize, @Nullable Integer eventLoops,
		@DefaultValue(Defaults.TCP_KEEP_ALIVE) boolean tcpKeepAlive,
		@DefaultValue(Defaults.TCP_NO_DELAY) boolean tcpNoDelay, @Nullable Boolean metrics,
		@DefaultValue List<CompressionAlgorithm> compressionAlgorithms, @Nullable Integer zstdCompressionLevel,
		@Nullable String allowLoadLocalInfileInPath, @Nullable DataSize localInfileBufferSize,
		@Nullable String serverRsaPublicKeyFile, @Nullable Boolean autodetectExtensions,
		@DefaultValue(Defaults.STARTUP) Startup startup,
		@DefaultValue(Defaults.STARTUP_TIMEOUT) Duration startupTimeout, @DefaultValue Map<String, Object> options,
		@DefaultValue Cancel cancel, @DefaultValue Ssl ssl, @DefaultValue Pool pool, @DefaultValue Health health,
		@DefaultValue TransactionSettings transaction, @DefaultValue SlowQuery slowQuery, @DefaultValue Advice advice) {

	public ConnectionSettings {
		host = textOrNull(host);
		database = textOrNull(database);
		username = textOrNull(username);
		password = textOrNull(password);
		unixSocket = textOrNull(unixSocket);
		connectionTimeZone = textOrNull(connectionTimeZone);
		allowLoadLocalInfileInPath = textOrNull(allowLoadLocalInfileInPath);
		serverRsaPublicKeyFile = textOrNull(serverRsaPublicKeyFile);
		sessionVariables = List.copyOf(sessionVariables);
		compressionAlgorithms = List.copyOf(compressionAlgorithms);
		options = options.entrySet()
			.stream()
			.collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, (option) -> plain(option.getValue())));
	}

	private static Object plain(Object value) {
		return (value instanceof CharSequence text) ? text.toString() : value;
	}

	private static @Nullable String textOrNull(@Nullable String value) {
		return StringUtils.hasText(value) ? value : null;
	}

	/**
	 * Bind settings from properties, for an application that declares its own bean of
	 * this type.
	 * @param environment the source of the properties
	 * @param prefix prefix of the properties, such as {@code my.database}; {@code url} is
	 * not read below it
	 * @return the settings, with the defaults where a property is missing
	 */
	public static ConnectionSettings bind(Environment environment, String prefix) {
		return Binder.get(environment).bindOrCreate(prefix, ConnectionSettings.class);
	}

	/**
	 * Where the server is, for messages: a socket's path, or host and port, and the
	 * database; never a secret.
	 * @return the place, such as {@code localhost:3306/ledger}
	 */
	public String location() {
		String server = (this.unixSocket != null) ? this.unixSocket
				: ((this.host != null) ? this.host : "?") + ":" + this.port;
		return (this.database != null) ? server + "/" + this.database : server;
	}

	/**
	 * The place and the user; the password is left out.
	 */
	@Override
	public String toString() {
		return "ConnectionSettings[" + location() + ((this.username != null) ? " as " + this.username : "") + "]";
	}

	/**
	 * TLS of a connection.
	 *
	 * @param mode How far TLS is demanded and the server's certificate verified. Without
	 * a mode, a configured certificate authority or bundle means VERIFY_IDENTITY
	 * (VERIFY_CA on loopback), otherwise PREFERRED holds.
	 * @param bundle Name of the SSL bundle (spring.ssl.bundle) with the trusted
	 * certificates and the client's key.
	 * @param ca PEM file with the certificates of trusted authorities, as a path or with
	 * classpath: in front.
	 * @param cert PEM file with the client's certificate.
	 * @param key PEM file with the client's private key.
	 * @param keyPassword Password of the client's private key.
	 * @param tlsVersion TLS versions to offer, such as TLSv1.3.
	 */
	public record Ssl(@Nullable SslMode mode, @Nullable String bundle, @Nullable String ca, @Nullable String cert,
			@Nullable String key, @Nullable String keyPassword, @DefaultValue List<String> tlsVersion) {

		public Ssl {
			bundle = textOrNull(bundle);
			ca = textOrNull(ca);
			cert = textOrNull(cert);
			key = textOrNull(key);
			keyPassword = textOrNull(keyPassword);
			tlsVersion = List.copyOf(tlsVersion);
		}

		/**
		 * Mode and place of the certificates; the key's password is left out.
		 */
		@Override
		public String toString() {
			return "Ssl[mode=" + this.mode + ", bundle=" + this.bundle + ", ca=" + this.ca + ", cert=" + this.cert
					+ "]";
		}

	}

	/**
	 * Pool of connections. A negative {@code maxIdleTime} or {@code maxLifeTime} means no
	 * limit; every time that a caller waits has one.
	 *
	 * @param enabled Whether connections are pooled; without a pool each use opens one
	 * and closes it.
	 * @param name Name of the pool in JMX.
	 * @param maxSize Number of connections at most.
	 * @param initialSize Number of connections to open at start.
	 * @param minIdle Number of connections that is restored after eviction.
	 * @param maxIdleTime Time after which an unused connection is closed.
	 * @param maxLifeTime Time after which a connection is replaced; one that is in use
	 * ends when it is returned.
	 * @param lifeTimeJitter Fraction of the life time by which a connection may end
	 * earlier, chosen for each at random, so that connections opened together do not end
	 * together.
	 * @param maxAcquireTime Time that a caller waits for a connection, retries included.
	 * @param acquireRetry Number of further attempts within that time when a connection
	 * cannot be had or proves dead.
	 * @param maxPendingAcquire Number of callers that may wait for a connection; one more
	 * fails at once.
	 * @param maxCreateConnectionTime Time within which a connection has to be open and
	 * logged in.
	 * @param maxValidationTime Time within which a connection has to prove valid; half of
	 * the acquire limit at most.
	 * @param validationDepth Whether the server is asked (REMOTE, a round trip) before a
	 * connection is lent. That the socket is still open is checked in any case.
	 * @param validationQuery Statement to validate a connection with; it takes the place
	 * of the validation depth.
	 * @param backgroundEvictionInterval Time between two searches for connections to
	 * close.
	 * @param warmupParallelism Number of connections that are opened at the same time
	 * when the pool is filled.
	 * @param maxReleaseTime Time that a connection which is given back may stay busy,
	 * with a statement or the end of a transaction, before it is cut.
	 * @param maxCloseTime Time within which connections have to be closed.
	 * @param reuseOrder Which idle connection is lent next.
	 * @param afterProcedure What to do with a connection by which a stored procedure was
	 * called, because nobody can tell what it did to the session.
	 * @param registerJmx Whether to register the pool in JMX.
	 * @param leakDetectionThreshold Time for which a connection may be held before it is
	 * reported, once, with its last statement; without it, nothing is.
	 * @param leakDetectionCallSite Whether such a report tells where the connection was
	 * taken.
	 */
	public record Pool(@DefaultValue(Defaults.POOL_ENABLED) boolean enabled, @DefaultValue("default") String name,
			@DefaultValue(Defaults.POOL_MAX_SIZE) int maxSize,
			@DefaultValue(Defaults.POOL_INITIAL_SIZE) int initialSize,
			@DefaultValue(Defaults.POOL_MIN_IDLE) int minIdle,
			@DefaultValue(Defaults.POOL_MAX_IDLE_TIME) Duration maxIdleTime,
			@DefaultValue(Defaults.POOL_MAX_LIFE_TIME) Duration maxLifeTime,
			@DefaultValue(Defaults.POOL_LIFE_TIME_JITTER) double lifeTimeJitter,
			@DefaultValue(Defaults.POOL_MAX_ACQUIRE_TIME) Duration maxAcquireTime,
			@DefaultValue(Defaults.POOL_ACQUIRE_RETRY) int acquireRetry,
			@DefaultValue(Defaults.POOL_MAX_PENDING_ACQUIRE) int maxPendingAcquire,
			@DefaultValue(Defaults.POOL_MAX_CREATE_CONNECTION_TIME) Duration maxCreateConnectionTime,
			@DefaultValue(Defaults.POOL_MAX_VALIDATION_TIME) Duration maxValidationTime,
			@DefaultValue(Defaults.POOL_VALIDATION_DEPTH) ValidationDepth validationDepth,
			@Nullable String validationQuery,
			@DefaultValue(Defaults.POOL_BACKGROUND_EVICTION_INTERVAL) Duration backgroundEvictionInterval,
			@DefaultValue(Defaults.POOL_WARMUP_PARALLELISM) int warmupParallelism,
			@DefaultValue(Defaults.POOL_MAX_RELEASE_TIME) Duration maxReleaseTime,
			@DefaultValue(Defaults.POOL_MAX_CLOSE_TIME) Duration maxCloseTime,
			@DefaultValue(Defaults.POOL_REUSE_ORDER) ReuseOrder reuseOrder,
			@DefaultValue(Defaults.POOL_AFTER_PROCEDURE) AfterProcedure afterProcedure,
			@DefaultValue("false") boolean registerJmx, @Nullable Duration leakDetectionThreshold,
			@DefaultValue(Defaults.POOL_LEAK_DETECTION_CALL_SITE) boolean leakDetectionCallSite) {

		public Pool {
			validationQuery = textOrNull(validationQuery);
		}
	}

	/**
	 * Statements whose caller has gone.
	 *
	 * @param grace Time that such a statement may go on before it is ended.
	 * @param killQuery Whether to end it at the server, by KILL QUERY through a side
	 * connection; otherwise its connection is closed, and it may run on at the server.
	 */
	public record Cancel(@DefaultValue(Defaults.CANCEL_GRACE) Duration grace,
			@DefaultValue(Defaults.CANCEL_KILL_QUERY) boolean killQuery) {

	}

	/**
	 * Health indicator.
	 *
	 * @param timeout Time within which the health of the connection is told, whatever the
	 * server does.
	 * @param interval Time for which the server is not asked again, but what was found
	 * told.
	 * @param outOfServiceWhenSaturated Whether an instance whose connections are all lent
	 * is out of service, rather than saturated.
	 */
	public record Health(@DefaultValue(Defaults.HEALTH_TIMEOUT) Duration timeout,
			@DefaultValue(Defaults.HEALTH_INTERVAL) Duration interval,
			@DefaultValue(Defaults.HEALTH_OUT_OF_SERVICE) boolean outOfServiceWhenSaturated) {

	}

	/**
	 * Transactions.
	 *
	 * @param retry Whether and how transactions are run again.
	 * @param globalRollbackOnParticipationFailure Whether a transaction is rolled back in
	 * which a method has failed that takes part in it, also where its caller has
	 * swallowed the error.
	 */
	public record TransactionSettings(@DefaultValue Retry retry,
			@DefaultValue(Defaults.TRANSACTION_GLOBAL_ROLLBACK) boolean globalRollbackOnParticipationFailure) {

		/**
		 * Whether and how transactions are run again.
		 *
		 * @param enabled Whether methods that are transactional and return a Mono or a
		 * Flux are invoked again.
		 * @param maxAttempts Number of times that a transaction is run, at most.
		 * @param delay Time before the second attempt.
		 * @param multiplier Factor by which that time grows from one attempt to the next.
		 * @param maxDelay Time before another attempt, at most.
		 * @param jitter Time by which these times differ at random, lest those that met
		 * meet again.
		 * @param on Failures after which a transaction is run again.
		 * @param budgetShare Number of retries for each transaction, over all.
		 * @param budgetPerSecond Number of retries that there may be in each second
		 * besides.
		 */
		public record Retry(@DefaultValue(Defaults.RETRY_ENABLED) boolean enabled,
				@DefaultValue(Defaults.RETRY_MAX_ATTEMPTS) int maxAttempts,
				@DefaultValue(Defaults.RETRY_DELAY) Duration delay,
				@DefaultValue(Defaults.RETRY_MULTIPLIER) double multiplier,
				@DefaultValue(Defaults.RETRY_MAX_DELAY) Duration maxDelay,
				@DefaultValue(Defaults.RETRY_JITTER) Duration jitter, @DefaultValue(Defaults.RETRY_ON) Set<RetryOn> on,
				@DefaultValue(Defaults.RETRY_BUDGET_SHARE) double budgetShare,
				@DefaultValue(Defaults.RETRY_BUDGET_PER_SECOND) int budgetPerSecond) {

			public Retry {
				on = Set.copyOf(on);
			}
		}

	}

	/**
	 * Failures after which a transaction may be run again.
	 */
	public enum RetryOn {

		/** The server has rolled it back for another (error 1213). */
		DEADLOCK,

		/** A lock did not come in time (1205), or not at once for NOWAIT (3572). */
		LOCK_WAIT,

		/** The connection was lost before a commit was sent. */
		CONNECTION_LOST,

		/** The server takes no writes any more, as after a failover (1290, 1836). */
		READ_ONLY

	}

	/**
	 * Log of slow statements.
	 *
	 * @param threshold Time from which on a statement is logged; negative for never.
	 * @param showValues Whether the values that are written in the text of a statement
	 * are logged; bound values never are.
	 * @param maxPerMinute Number of lines that are logged within a minute, at most.
	 * @param explain Whether the plan of such a statement is logged as well, by EXPLAIN
	 * on a connection of its own.
	 */
	public record SlowQuery(@DefaultValue(Defaults.SLOW_QUERY_THRESHOLD) Duration threshold,
			@DefaultValue(Defaults.SLOW_QUERY_SHOW_VALUES) boolean showValues,
			@DefaultValue(Defaults.SLOW_QUERY_MAX_PER_MINUTE) int maxPerMinute,
			@DefaultValue(Defaults.SLOW_QUERY_EXPLAIN) boolean explain) {

	}

	/**
	 * Advice at start and in the endpoint.
	 *
	 * @param instances Number of instances of the application that share the server.
	 * @param silence Names of advice that is not to be given.
	 */
	public record Advice(@DefaultValue(Defaults.ADVICE_INSTANCES) int instances, @DefaultValue List<String> silence) {

		public Advice {
			silence = List.copyOf(silence);
		}
	}

	/**
	 * What to do with a connection by which a stored procedure was called.
	 */
	public enum AfterProcedure {

		/** Lend it again: procedures leave their session as it was. */
		TRUST,

		/** Close it when it is given back. */
		DISCARD

	}

	/**
	 * What the start does where the server cannot be reached.
	 */
	public enum Startup {

		/** It waits for the server, up to a limit, and fails then. */
		WAIT,

		/** It fails. */
		FAIL,

		/** It connects to nothing; connections are opened when they are asked for. */
		LAZY

	}

	/**
	 * Which idle connection is lent next.
	 */
	public enum ReuseOrder {

		/** The one used last, so that the others can go idle. */
		MOST_RECENTLY_USED,

		/** The one unused longest, so that all are used alike. */
		LEAST_RECENTLY_USED

	}

}
