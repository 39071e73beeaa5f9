package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.DeadlineException;
import dev.asyncmysql.UnknownOutcomeException;
import dev.asyncmysql.connection.ConnectionListener.EndReason;
import dev.asyncmysql.connection.Exchange.Kind;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/**
 * Finds the exchange of a connection that takes too long, and ends it: at the server by
 * KILL QUERY, and where that does not help, by cutting the connection. Called by one
 * thread.
 */
final class Watchdog {

	private static final Log logger = LogFactory.getLog(Watchdog.class);

	/** The time for a KILL while the caller waits beyond the limit already. */
	private static final Duration OVERDUE_PATIENCE = Duration.ofSeconds(1);

	/** The time for a statement that was killed to end before it is killed once more. */
	private static final Duration REPETITION = Duration.ofMillis(200);

	private final GuardedConnection connection;

	private final ExchangeLine line;

	private final Wire wire;

	private final Server server;

	private final long grace;

	private final long responseLimit;

	private final long releaseLimit;

	private @Nullable Exchange<?> seen;

	private List<Exchange<?>> leftovers = List.of();

	private long leftoversSince;

	private boolean stopped;

	private long bytes;

	private long unsent;

	private long inspected = System.nanoTime();

	private long spent;

	private long progress;

	private long returnedSince = System.nanoTime();

	private long unwantedSince;

	private long silentSince;

	private long stalledSince;

	Watchdog(GuardedConnection connection, ExchangeLine line, Wire wire, Server server) {
		this.connection = connection;
		this.line = line;
		this.wire = wire;
		this.server = server;
		ConnectionSettings settings = server.settings();
		// It is noticed at the end of an interval, and began within the one before.
		this.grace = Math.max(0, settings.cancel().grace().minus(Watch.INTERVAL).toNanos());
		this.responseLimit = Math.max(0, settings.responseTimeout().minus(Watch.INTERVAL).toNanos());
		this.releaseLimit = settings.pool().maxReleaseTime().toNanos();
	}

	/**
	 * Look at what is under way.
	 * @param now the time, as of {@link System#nanoTime()}
	 */
	void inspect(long now) {
		long read = this.wire.reads();
		if (read != this.bytes) {
			this.server.answered();
		}
		long unsent = this.wire.unsent();
		Exchange<?> exchange = this.line.active();
		boolean moved = read != this.bytes || unsent != this.unsent;
		if (exchange == null || exchange != this.seen) {
			this.seen = exchange;
			this.spent = 0;
			this.stopped = false;
			this.unwantedSince = now;
			this.silentSince = now;
			this.stalledSince = now;
		}
		inspectTransaction(exchange, now);
		if (exchange != null && this.wire.hasFailed()) {
			lost(exchange);
		}
		else if (exchange != null && !this.stopped) {
			this.spent += exchange.isWaitingForServer() ? now - this.inspected : 0;
			inspect(exchange, now, moved || exchange.progress() != this.progress);
			this.progress = exchange.progress();
		}
		this.inspected = now;
		this.bytes = read;
		this.unsent = unsent;
		discardLeftovers(now);
		if (exchange == null || !this.connection.isGivenBack()) {
			this.returnedSince = now;
		}
		else if (now - this.returnedSince >= this.releaseLimit) {
			logger.debug("A connection was still busy when it was given back, and is cut");
			this.connection.cut();
		}
	}

	// A command that is under way, such as the commit, is let be.
	private void inspectTransaction(@Nullable Exchange<?> exchange, long now) {
		if ((exchange != null && !exchange.isKillable()) || this.connection.isGivenBack() || this.wire.hasFailed()) {
			return;
		}
		R2dbcException reason = this.line.transaction().overdue(now);
		if (reason != null) {
			if (exchange != null && !this.stopped) {
				stop(exchange, OVERDUE_PATIENCE, reason);
			}
			this.connection.rollBack();
		}
	}

	private void inspect(Exchange<?> exchange, long now, boolean moved) {
		boolean waiting = exchange.isWaitingForServer();
		if (!isUnwanted(exchange)) {
			this.unwantedSince = now;
		}
		if (moved || !waiting) {
			this.silentSince = now;
		}
		if (moved || waiting || !this.line.isBlocked()) {
			this.stalledSince = now;
		}
		if (now - this.silentSince >= this.responseLimit) {
			if (exchange.discardUntouched()) {
				// It may be that the server waits for somebody to read it.
				this.silentSince = now - this.responseLimit + OVERDUE_PATIENCE.toNanos();
			}
			else {
				overdue(exchange);
			}
		}
		else if (now - this.unwantedSince >= (exchange.isSeries() ? 0 : this.grace) && isUnwanted(exchange)
				&& exchange.isKillable()) {
			unwanted(exchange);
		}
		else if (now - this.stalledSince >= this.responseLimit) {
			stalled();
			this.stalledSince = now;
		}
		else if (exchange.isKillable() && this.spent >= statementLimit()) {
			tooLong(exchange);
		}
	}

	// The caller may consume a result that is complete after the connection was given
	// back, but not for long: it holds memory outside the heap.
	private void discardLeftovers(long now) {
		if (this.leftovers.isEmpty()) {
			this.leftovers = this.line.takeLeftovers();
			this.leftoversSince = now;
		}
		else if (now - this.leftoversSince >= this.grace) {
			this.leftovers.forEach(Exchange::discardUntouched);
			this.leftovers = List.of();
		}
	}

	private boolean isUnwanted(Exchange<?> exchange) {
		return ((exchange.isAbandoned() || this.connection.isGivenBack()) && !exchange.isServed())
				|| (exchange.isForgotten() && this.line.isBlocked());
	}

	// The driver tells nobody where rows wait for demand, and those in line wait for it.
	private void lost(Exchange<?> exchange) {
		R2dbcException notSent = TransactionGuard.notSent();
		this.line.withdrawAll().forEach((waiting) -> waiting.refuse(notSent));
		exchange.fail(TransactionGuard.lost(exchange.kind(), null));
	}

	private void overdue(Exchange<?> exchange) {
		Duration limit = this.server.settings().responseTimeout();
		Duration patience = limit.dividedBy(4);
		String message = "The server gave no answer within %d ms (%s.response-timeout)%s. Find out what it waits for, or raise the limit for statements that take long"
			.formatted(limit.toMillis(), this.server.prefix(),
					exchange.isKillable() ? "" : "; whether the command had an effect is not known");
		stop(exchange, (patience.compareTo(OVERDUE_PATIENCE) < 0) ? patience : OVERDUE_PATIENCE,
				(exchange.kind() == Kind.COMMIT) ? new UnknownOutcomeException(message, null)
						: new DeadlineException(message));
	}

	// The server is given the time to end a SELECT by itself.
	private long statementLimit() {
		Duration limit = this.connection.statementTimeout();
		return (limit != null && !limit.isZero()) ? limit.plus(Watch.INTERVAL.multipliedBy(4)).toNanos()
				: Long.MAX_VALUE;
	}

	private void tooLong(Exchange<?> exchange) {
		stop(exchange, OVERDUE_PATIENCE, new DeadlineException(
				"The statement took longer than %s (%s.statement-timeout, or what setStatementTimeout() has set)"
					.formatted(this.connection.statementTimeout(), this.server.prefix())));
	}

	private void unwanted(Exchange<?> exchange) {
		stop(exchange, this.server.settings().pool().maxReleaseTime(),
				this.connection.isGivenBack() ? tooLate() : null);
	}

	/**
	 * Return what a statement fails with whose connection was given back or closed.
	 * @return the exception
	 */
	R2dbcException tooLate() {
		return this.server.isStopping() ? stopping() : givenBack();
	}

	/**
	 * Return what a statement fails with whose connection was given back.
	 * @return the exception
	 */
	static R2dbcException givenBack() {
		return new R2dbcTransientResourceException(
				"The connection was given back before the statement had ended. Consume its result within the use of the connection");
	}

	// The server may have given the identifier to another session once this one has
	// ended.
	private Mono<Void> kill(Duration limit) {
		return this.wire.isOpen() ? this.server.kill(this.connection.session(), limit)
				: Mono.error(() -> new R2dbcNonTransientResourceException("The connection has ended meanwhile"));
	}

	private static R2dbcException notStopped() {
		return new R2dbcTransientResourceException(
				"The statement was not begun, as the one before it on the same connection could not be ended and the connection was cut. Read a result to its end before the next statement, or use another connection");
	}

	private static R2dbcException stopping() {
		return new R2dbcNonTransientResourceException("The statement was ended: " + OpenConnections.STOPPING);
	}

	private void stalled() {
		R2dbcException reason = new R2dbcTimeoutException(
				"The statement waited %d ms (%s.response-timeout) for the one before it on the same connection, whose result nobody reads on. Read a result to its end before the next statement, as by collectList(), or use another connection"
					.formatted(this.server.settings().responseTimeout().toMillis(), this.server.prefix()));
		this.line.withdrawAll().forEach((waiting) -> waiting.refuse(reason));
	}

	private void stop(Exchange<?> exchange, Duration patience, @Nullable R2dbcException reason) {
		// Until the KILL is acknowledged, the next statement would be in its way.
		if (!this.line.hold(exchange)) {
			return;
		}
		this.stopped = true;
		if (reason != null) {
			exchange.fail(reason);
		}
		exchange.discardUntouched();
		if (!exchange.isKillable() || !this.server.settings().cancel().killQuery()) {
			this.connection.cut();
			this.line.resume();
			return;
		}
		// It goes on where the connection is cut meanwhile, so that the statement ends.
		// It is repeated, as it has no effect between two statements of a series. It is
		// given up after the wait for it, which would else fail twice.
		Duration limit = this.server.settings().pool().maxReleaseTime();
		AtomicBoolean killed = new AtomicBoolean();
		long before = this.wire.reads();
		Mono<Void> stop = Mono.defer(() -> kill(limit))
			.doOnSuccess((done) -> killed.set(true))
			.then(this.line.left().timeout(REPETITION))
			.retryWhen(Retry.indefinitely().filter(TimeoutException.class::isInstance))
			.timeout(limit.plus(patience))
			.cache();
		stop.then(this.connection.fence()).timeout(patience).subscribe(null, (ex) -> {
			logger.debug("A statement could not be stopped at the server, and its connection is cut", ex);
			// Where nobody hears of the server any more, or it has taken the KILL and
			// this connection stays silent, the others of its time are dead as well.
			if (ex instanceof TimeoutException
					&& (killed.get() ? this.wire.reads() == before : !this.server.hasAnsweredWithin(patience))) {
				this.connection.tenure().foundDead();
				this.connection.endsBecause(EndReason.LOST);
			}
			this.connection.cut();
			this.line.withdrawAll().forEach((waiting) -> waiting.refuse(notStopped()));
			this.line.resume();
		}, this.line::resume);
	}

}
