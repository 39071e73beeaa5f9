package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

import dev.asyncmysql.connection.ConnectionListener.EndReason;
import dev.asyncmysql.connection.Exchange.Kind;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * How a caller leaves a connection, and the connection the server. Both come to an end:
 * where the server, or a statement that is still under way, keeps them waiting for longer
 * than their limit, the connection is cut.
 */
final class Departure {

	private static final Log logger = LogFactory.getLog(Departure.class);

	private final Connection delegate;

	private final Connection raw;

	private final @Nullable Lifecycle lifecycle;

	private final ExchangeLine line;

	private final Wire wire;

	private final Server server;

	private final SessionGuard sessionGuard;

	private final TransactionGuard transactionGuard;

	private final Watchdog watchdog;

	private final Tenure tenure;

	private final Consumer<EndReason> ending;

	Departure(Connection delegate, Connection raw, ExchangeLine line, Wire wire, Server server,
			SessionGuard sessionGuard, TransactionGuard transactionGuard, Watchdog watchdog, Tenure tenure,
			Consumer<EndReason> ending) {
		this.delegate = delegate;
		this.raw = raw;
		this.lifecycle = (raw instanceof Lifecycle found) ? found : null;
		this.line = line;
		this.wire = wire;
		this.server = server;
		this.sessionGuard = sessionGuard;
		this.transactionGuard = transactionGuard;
		this.watchdog = watchdog;
		this.tenure = tenure;
		this.ending = ending;
	}

	/**
	 * Make the connection fit for the next caller: end what is open, and restore its
	 * session.
	 * @return a mono that completes when nothing is left to do; it fails where the
	 * connection must not be lent again
	 */
	Mono<Void> prepareForNext() {
		boolean idle = this.line.endLease();
		if (idle && this.raw.isAutoCommit() && this.sessionGuard.isClean() && !this.line.hasFailed()
				&& this.transactionGuard.isIdle()) {
			return Mono.empty();
		}
		Duration limit = this.server.settings().pool().maxReleaseTime();
		return settle().then(Mono.defer(this::learnState))
			.then(Mono.defer(this::endTransaction))
			.then(Mono.defer(() -> this.sessionGuard.isStained() ? Mono.empty() : this.sessionGuard.restore()))
			.timeout(limit)
			.onErrorMap(TimeoutException.class, (ex) -> {
				this.ending.accept(EndReason.STUCK);
				this.wire.cut();
				return new R2dbcTimeoutException(
						"The connection was still busy %d ms (%s.pool.max-release-time) after it was given back, and was cut"
							.formatted(limit.toMillis(), this.server.prefix()),
						ex);
			})
			.then(Mono.defer(this::refuseToStay))
			.then(Mono.fromRunnable(this.transactionGuard::released));
	}

	/**
	 * Close the connection, politely as long as the server plays its part.
	 * @return a mono that completes when it is closed; it does not fail
	 */
	Mono<Void> sayGoodbye() {
		this.transactionGuard.released();
		if (this.wire.isOpen()) {
			this.ending.accept(EndReason.CLOSED);
		}
		this.line.endLease();
		Exchange<?> active = this.line.active();
		if (active != null && active.isProbeInVain()) {
			this.wire.cut();
			return Mono.empty();
		}
		// A KILL that meets the goodbye would make it one of an aborted client.
		return settle().then(Mono.defer(() -> Mono.from(this.delegate.close())))
			.timeout(this.server.settings().pool().maxCloseTime())
			.onErrorResume((ex) -> {
				logger.debug("A connection could not be closed politely and is cut", ex);
				return Mono.empty();
			})
			.then(Mono.fromRunnable(this.wire::cut));
	}

	private Mono<Void> settle() {
		this.line.withdrawAll().forEach((exchange) -> exchange.refuse(this.watchdog.tooLate()));
		Exchange<?> active = this.line.active();
		if (active != null && active.isForgotten()) {
			active.discardUntouched();
		}
		return this.line.idle();
	}

	private Mono<Void> learnState() {
		return this.line.takeFailure() ? Server.validate(this.raw) : Mono.empty();
	}

	private Mono<Void> endTransaction() {
		if (this.raw.isAutoCommit()) {
			return Mono.empty();
		}
		// A decorator that does not show what it has wrapped hides the driver's own step.
		return Mono.from((this.lifecycle != null) ? this.lifecycle.preRelease() : this.raw.rollbackTransaction());
	}

	// The pool closes a connection whose preparation for release fails.
	private Mono<Void> refuseToStay() {
		if (this.wire.isCut()) {
			return Mono.error(() -> TransactionGuard.lost(Kind.STATEMENT, null));
		}
		if (this.transactionGuard.areWritesRefused()) {
			this.ending.accept(EndReason.READ_ONLY);
			this.tenure.foundReadOnly();
			return Mono.error(() -> new R2dbcTransientResourceException(
					"The server takes no writes, and its connection is not lent again"));
		}
		if (!this.sessionGuard.isStained()) {
			return Mono.empty();
		}
		this.sessionGuard.tell();
		this.ending.accept(EndReason.SESSION_CHANGED);
		return Mono.error(new R2dbcTransientResourceException("The session was changed and is not lent again"));
	}

}
