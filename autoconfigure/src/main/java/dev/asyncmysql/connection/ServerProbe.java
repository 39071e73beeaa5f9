package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTimeoutException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Finds out whether the application can reach its server, within a limit of time. It asks
 * by a connection from the pool, as the application would. Where all of them are lent, an
 * answer of the server that is no older than the limit is enough, and otherwise the side
 * connection asks. Any number of probes at once share one question. Safe for use by many
 * threads; nothing blocks.
 */
public final class ServerProbe {

	private static final Sign ALIVE = new Sign(Reachability.AVAILABLE, null);

	private static final Sign SATURATED = new Sign(Reachability.SATURATED, null);

	private final Server server;

	private final ConnectionFactory connections;

	private final Duration limit;

	private final SingleFlight<ServerState> pooled;

	private final SingleFlight<Void> side;

	/**
	 * Create a probe.
	 * @param server the server
	 * @param connections the connections to it, pooled or not
	 * @param limit the longest time that a probe may take
	 */
	public ServerProbe(Server server, ConnectionFactory connections, Duration limit) {
		this.server = server;
		this.connections = connections;
		this.limit = limit;
		this.pooled = new SingleFlight<>(Mono.usingWhen(connections.create(),
				(connection) -> server.look(connection).timeout(limit), Connection::close));
		this.side = new SingleFlight<>(Mono.defer(() -> server.ask(limit)));
	}

	/**
	 * Return how the pool stands.
	 * @return the figures, empty where connections are not pooled
	 */
	public Optional<PoolUsage> usage() {
		return PoolUsage.of(this.connections);
	}

	/**
	 * Ask for a sign of life.
	 * @return a mono that tells how the server can be reached; it fails with the reason
	 * where it cannot, and with {@link R2dbcTimeoutException} when there was no answer
	 * within the limit
	 */
	public Mono<Sign> probe() {
		return Mono.defer(() -> isSaturated() ? saturated() : available())
			.timeout(this.limit)
			.onErrorMap(TimeoutException.class, (ex) -> noAnswer());
	}

	// The question that is under way is no use by the application. Where nobody waits, it
	// has its connection.
	private boolean isSaturated() {
		return usage().filter(PoolUsage::isSaturated)
			.filter((usage) -> usage.pending() > 0 || !this.pooled.isRunning())
			.isPresent();
	}

	private Mono<Sign> saturated() {
		Mono<Void> sign = this.server.hasAnsweredWithin(this.limit) ? Mono.empty() : this.side.join();
		return sign.onErrorResume(Server::isOutOfRoom, (ex) -> Mono.empty()).thenReturn(SATURATED);
	}

	// A connection of the pool that does not answer, or that died while it was asked, is
	// no proof: the side connection has the last word, in what is left of the time. A
	// refusal by the server is one; where it has no room, callers wait for the
	// connections that there are.
	private Mono<Sign> available() {
		Mono<Sign> bySide = this.side.join().thenReturn(ALIVE);
		if (this.pooled.hasLastedFor(this.limit)) {
			return bySide;
		}
		return this.pooled.join()
			.map((state) -> new Sign(Reachability.AVAILABLE, state))
			.defaultIfEmpty(ALIVE)
			.timeout(this.limit.dividedBy(2))
			.onErrorResume((ex) -> !isRefusal(ex), (ex) -> isSaturated() ? saturated() : bySide)
			.onErrorResume((ex) -> Server.isOutOfRoom(ex) && isInUse(), (ex) -> Mono.just(SATURATED));
	}

	private boolean isInUse() {
		return usage().filter((usage) -> usage.acquired() > 0).isPresent();
	}

	private static boolean isRefusal(Throwable ex) {
		return ex instanceof R2dbcException failure && failure.getErrorCode() != 0;
	}

	private R2dbcTimeoutException noAnswer() {
		return new R2dbcTimeoutException("The server gave no answer within %d ms (%s.health.timeout)"
			.formatted(this.limit.toMillis(), this.server.prefix()), this.server.recentFailure(this.limit));
	}

	/**
	 * A sign of life.
	 *
	 * @param reachability how the server can be reached
	 * @param state what it has told of itself with this sign, or {@code null} where it
	 * was not asked for more than a sign, or another connection than the application's
	 * has asked
	 */
	public record Sign(Reachability reachability, @Nullable ServerState state) {

	}

	/**
	 * How a living server can be reached.
	 */
	public enum Reachability {

		/** A caller gets a connection. */
		AVAILABLE,

		/** A caller has to wait: all connections of the pool are lent. */
		SATURATED

	}

}
