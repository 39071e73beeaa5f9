package dev.asyncmysql.autoconfigure;

import java.time.Duration;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.ConnectionSettings.Startup;
import dev.asyncmysql.connection.ConnectionFailure;
import dev.asyncmysql.connection.MySqlConnectionFactories;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.connection.ServerVersion;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcTimeoutException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.InitializingBean;
import org.springframework.context.support.DefaultLifecycleProcessor;
import org.springframework.core.SpringProperties;

/**
 * Connects to the server before anything else can, and says in one line what the
 * application is connected to. A server that is away is waited for, or fails the start,
 * or is not even asked, as {@code async-mysql.startup} says. What waiting cannot heal,
 * such as a wrong password, ends the start at once.
 */
class ConnectionStartup implements InitializingBean {

	private static final Log logger = LogFactory.getLog(ConnectionStartup.class);

	/** Lets the pool's own limit come first, whose message knows more. */
	private static final Duration GRACE = Duration.ofSeconds(1);

	private final Server server;

	private final ConnectionSettings settings;

	private final ConnectionFailures failures;

	private final boolean pooled;

	private boolean done;

	ConnectionStartup(Server server, ConnectionSettings settings, ConnectionFailures failures, boolean pooled) {
		this.server = server;
		this.settings = settings;
		this.failures = failures;
		this.pooled = pooled;
	}

	@Override
	public void afterPropertiesSet() {
		if (!endsWithRefresh(DefaultLifecycleProcessor.EXIT_PROPERTY_NAME)
				&& !endsWithRefresh(DefaultLifecycleProcessor.CHECKPOINT_PROPERTY_NAME)) {
			connect();
		}
	}

	// A run that trains a cache of classes, or that is frozen before anything starts, is
	// processing ahead of time, too.
	private static boolean endsWithRefresh(String property) {
		return DefaultLifecycleProcessor.ON_REFRESH_VALUE.equalsIgnoreCase(SpringProperties.getProperty(property));
	}

	/**
	 * Connect as the policy says, unless that was done before.
	 */
	void connect() {
		if (this.done) {
			return;
		}
		if (!this.pooled) {
			logger
				.warn("The connection pool is switched off (pool.enabled): each use opens a connection and closes it, "
						+ "and nothing limits their number");
		}
		if (isLazy()) {
			logger.info("Not connected yet (async-mysql.startup=lazy) to MySQL at " + summary());
		}
		else {
			logger.info("Connected to " + version() + " at " + summary());
		}
		this.done = true;
	}

	private ServerVersion version() {
		Mono<ServerVersion> version = Mono.usingWhen(MySqlConnectionFactories.unpooled(this.server).create(),
				(connection) -> Mono.justOrEmpty(this.server.version()), Connection::close);
		try {
			return await(((this.settings.startup() == Startup.WAIT)
					? new ServerWait(this.settings, this.failures).until(version) : version)
				.single());
		}
		catch (RuntimeException ex) {
			throw failed(ex);
		}
	}

	/**
	 * Fill the pool. A connection that cannot be opened is a warning, unless the start is
	 * to fail at the first failure.
	 * @param warmup opens the initial connections
	 */
	void fill(Mono<Integer> warmup) {
		if (isLazy()) {
			return;
		}
		Duration limit = this.settings.pool().maxAcquireTime().plus(GRACE);
		try {
			await(warmup.timeout(limit,
					Mono.error(() -> new R2dbcTimeoutException("no answer within " + text(limit)))));
		}
		catch (RuntimeException ex) {
			if (this.settings.startup() == Startup.FAIL) {
				throw failed(ex);
			}
			logger.warn("Not all initial connections (pool.initial-size) could be opened. " + this.failures.text(ex));
			logger.debug("Not all initial connections could be opened", ex);
		}
	}

	private boolean isLazy() {
		return this.settings.startup() == Startup.LAZY;
	}

	// Blocks the thread that starts the context, never an event loop. The limit belongs
	// into the source: Spring interrupts a start for a context that is to be closed only
	// where it waits without one.
	private <T> T await(Mono<T> source) {
		try {
			return source.blockOptional().orElseThrow();
		}
		catch (RuntimeException ex) {
			if (Exceptions.unwrap(ex) instanceof InterruptedException) {
				// What was begun is closed on this thread, which has to wait for that.
				Thread.interrupted();
				throw new ConnectionStartupException(
						"The application was stopped while it connected to MySQL at " + this.settings.location(), "",
						ex);
			}
			throw ex;
		}
	}

	private RuntimeException failed(RuntimeException ex) {
		if (ex instanceof ConnectionStartupException || this.failures.isPermanent(ex)) {
			return ex;
		}
		ConnectionFailure reason = this.failures.find(ex).orElse(null);
		String description = (reason != null) ? reason.description()
				: "No connection to MySQL at " + this.settings.location() + ": " + this.failures.text(ex);
		String action = ((reason != null) ? reason.action() : "Check that the server is up and answers.") + " ";
		if (this.settings.startup() == Startup.WAIT) {
			return new ConnectionStartupException(
					description + "; the start waited for it for " + text(this.settings.startupTimeout())
							+ " (async-mysql.startup-timeout)",
					action + "Or set async-mysql.startup=lazy to start without a connection, or raise "
							+ "async-mysql.startup-timeout to wait for longer.",
					ex);
		}
		return new ConnectionStartupException(
				description + "; the start does not wait for it (async-mysql.startup=fail)",
				action + "Or set async-mysql.startup=wait to wait for it at start, or lazy to start without a "
						+ "connection.",
				ex);
	}

	private String summary() {
		return this.settings.location() + " as " + this.settings.username() + ": r2dbc-mysql, TLS "
				+ MySqlConnectionFactories.sslMode(this.settings) + ", connect within "
				+ text(this.settings.connectTimeout()) + ", " + pool(this.settings.pool());
	}

	private String pool(ConnectionSettings.Pool pool) {
		if (!this.pooled) {
			return "no pool";
		}
		return "pool of %d to %d connections, acquire within %s, idle for %s and alive for %s at most".formatted(
				pool.minIdle(), pool.maxSize(), text(pool.maxAcquireTime()), text(pool.maxIdleTime()),
				text(pool.maxLifeTime()));
	}

	static String text(Duration duration) {
		if (duration.isNegative()) {
			return "ever";
		}
		return (duration.toMillis() % 1000 == 0) ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
	}

}
