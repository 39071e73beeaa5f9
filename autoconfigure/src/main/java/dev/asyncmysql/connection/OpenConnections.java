package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The connections that are open for the application, pooled or not, so that its end can
 * wait for those in use and leaves none behind.
 */
final class OpenConnections {

	/** How an application that stops refuses a connection. */
	static final String STOPPING = "the application is stopping";

	private static final Log logger = LogFactory.getLog(OpenConnections.class);

	private static final Duration STEP = Duration.ofMillis(20);

	private final Set<Connection> open = ConcurrentHashMap.newKeySet();

	private volatile boolean draining;

	private volatile boolean closed;

	/**
	 * Let a connection be opened, unless the application is stopping.
	 * @param source opens it
	 * @return a mono of the connection, which has to be {@link #remove(Connection)
	 * removed} when it is closed
	 */
	Mono<Connection> admit(Mono<Connection> source) {
		Mono<Connection> admitted = source.doOnNext(this::add);
		return Mono.defer(() -> this.draining ? refused() : admitted);
	}

	private static Mono<Connection> refused() {
		return Mono
			.error(() -> new R2dbcNonTransientResourceException("No connection is opened any more: " + STOPPING));
	}

	// One that was under way when all were closed would stay.
	private void add(Connection connection) {
		this.open.add(connection);
		if (this.closed) {
			Mono.from(connection.close())
				.subscribe(null, (ex) -> logger.debug("A connection that came too late could not be closed", ex));
		}
	}

	/**
	 * Return how the connections stand that were opened for callers.
	 * @return one entry for each, in no order
	 */
	List<ConnectionInfo> infos() {
		return guarded().filter(GuardedConnection::isForCallers).map(GuardedConnection::info).toList();
	}

	/**
	 * Return what guards a connection of the driver.
	 * @param driver the driver's own connection
	 * @return what guards it, or nothing where it is not open for the application
	 */
	Optional<GuardedConnection> guarding(Connection driver) {
		return guarded().filter((connection) -> connection.guards(driver)).findFirst();
	}

	private Stream<GuardedConnection> guarded() {
		return this.open.stream().filter(GuardedConnection.class::isInstance).map(GuardedConnection.class::cast);
	}

	/**
	 * Return whether no further connection is opened.
	 * @return {@code true} from the beginning of the shutdown on
	 */
	boolean isDraining() {
		return this.draining;
	}

	boolean isClosed() {
		return this.closed;
	}

	void remove(Connection connection) {
		this.open.remove(connection);
	}

	/**
	 * Admit no more, and wait for the end of those that are open.
	 * @return a mono that completes when none is left
	 */
	Mono<Void> drained() {
		return Mono.defer(() -> {
			this.draining = true;
			int left = this.open.size();
			if (left > 0) {
				logger.info("Waiting for " + count(left) + " in use (as long as "
						+ "spring.lifecycle.timeout-per-shutdown-phase allows)");
			}
			return Flux.interval(Duration.ZERO, STEP).takeUntil((tick) -> this.open.isEmpty()).then();
		});
	}

	/**
	 * Admit no more, and close those that are open.
	 * @return a mono that completes when they are closed
	 */
	Mono<Void> close() {
		return Mono.defer(() -> {
			this.draining = true;
			this.closed = true;
			List<Connection> left = List.copyOf(this.open);
			if (!left.isEmpty()) {
				logger.warn(count(left.size()) + " still in use when the application ended: closed now, and the server "
						+ "rolls back what was not committed. Find what holds connections for long, or raise "
						+ "spring.lifecycle.timeout-per-shutdown-phase");
			}
			return Flux.fromIterable(left).flatMap(Connection::close).then();
		});
	}

	private static String count(int connections) {
		return (connections == 1) ? "1 connection" : connections + " connections";
	}

}
