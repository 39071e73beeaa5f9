package dev.asyncmysql.autoconfigure;

import java.time.Duration;
import java.util.Optional;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.ConnectionFailure;
import dev.asyncmysql.connection.MySqlConnectionFactories;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.connection.ServerVersion;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcTimeoutException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.context.SmartLifecycle;
import org.springframework.core.NestedExceptionUtils;

/**
 * Fills the pool before the web server accepts requests, and says in one line what the
 * application is connected to. A server that is away is a warning: connections are opened
 * when they are asked for. What waiting cannot heal, such as a wrong password, ends the
 * start.
 */
class ConnectionStartup implements SmartLifecycle {

	/** Before the web server and whatever listens to messages. */
	static final int PHASE = DEFAULT_PHASE - 8192;

	private static final Log logger = LogFactory.getLog(ConnectionStartup.class);

	/** Lets the pool's own limit come first, whose message knows more. */
	private static final Duration GRACE = Duration.ofSeconds(1);

	private final ConnectionFactory connectionFactory;

	private final @Nullable Mono<Integer> warmup;

	private final Server server;

	private final ConnectionSettings settings;

	private final ConnectionFailures failures;

	private volatile boolean running;

	ConnectionStartup(ConnectionFactory connectionFactory, @Nullable Mono<Integer> warmup, Server server,
			ConnectionSettings settings, ConnectionFailures failures) {
		this.connectionFactory = connectionFactory;
		this.warmup = warmup;
		this.server = server;
		this.settings = settings;
		this.failures = failures;
	}

	@Override
	public void start() {
		this.running = true;
		if (this.warmup == null) {
			logger
				.warn("The connection pool is switched off (pool.enabled): each use opens a connection and closes it, "
						+ "and nothing limits their number");
		}
		Duration limit = this.settings.pool().maxAcquireTime().plus(GRACE);
		Mono<ServerVersion> version = Mono
			.usingWhen(this.connectionFactory.create(), (connection) -> Mono.justOrEmpty(this.server.version()),
					Connection::close)
			.timeout(limit, noAnswer(limit));
		try {
			// The thread that starts the context, never an event loop.
			logger.info("Connected to " + version.block() + " at " + this.settings.location() + " as "
					+ this.settings.username() + ": " + driver() + ", " + pool());
		}
		catch (RuntimeException ex) {
			Optional<ConnectionFailure> failure = this.failures.find(ex);
			if (failure.filter(ConnectionFailure::isPermanent).isPresent()) {
				this.running = false;
				throw ex;
			}
			warn("No connection to MySQL at " + this.settings.location() + " as " + this.settings.username()
					+ " yet; the next is tried when one is asked for. ", ex);
			return;
		}
		if (this.warmup != null) {
			try {
				this.warmup.timeout(limit, noAnswer(limit)).block();
			}
			catch (RuntimeException ex) {
				warn("Not all initial connections (pool.initial-size) could be opened. ", ex);
			}
		}
	}

	private static <T> Mono<T> noAnswer(Duration limit) {
		return Mono.error(() -> new R2dbcTimeoutException("no answer within " + text(limit)));
	}

	private void warn(String message, RuntimeException ex) {
		logger.warn(message + this.failures.find(ex)
			.map(ConnectionFailure::toString)
			.orElseGet(() -> NestedExceptionUtils.getMostSpecificCause(ex).toString()));
		logger.debug(message, ex);
	}

	private String driver() {
		return "r2dbc-mysql, TLS " + MySqlConnectionFactories.sslMode(this.settings) + ", connect within "
				+ text(this.settings.connectTimeout());
	}

	private String pool() {
		ConnectionSettings.Pool pool = this.settings.pool();
		if (this.warmup == null) {
			return "no pool";
		}
		return "pool of %d to %d connections, acquire within %s, idle for %s and alive for %s at most".formatted(
				pool.minIdle(), pool.maxSize(), text(pool.maxAcquireTime()), text(pool.maxIdleTime()),
				text(pool.maxLifeTime()));
	}

	private static String text(Duration duration) {
		if (duration.isNegative()) {
			return "ever";
		}
		return (duration.toMillis() % 1000 == 0) ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
	}

	@Override
	public void stop() {
		this.running = false;
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		return PHASE;
	}

}
