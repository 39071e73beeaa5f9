package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * One connection beside the pool, opened when it is needed, lent to one user after the
 * other, and closed when nobody needed it for a while. One that fails its user is thrown
 * away. It does without the pool's library, as an application without a pool may.
 */
final class SideConnection {

	private static final Log logger = LogFactory.getLog(SideConnection.class);

	/** Longer than the usual interval of probes, ten seconds to half a minute. */
	private static final Duration IDLE = Duration.ofMinutes(1);

	private final Mono<Connection> source;

	private final Duration closeLimit;

	private final Scheduler rounds;

	private final Eviction eviction = new Eviction(IDLE, Duration.ofMillis(-1), 0);

	private final Deque<Turn> waiting = new ArrayDeque<>();

	private final AtomicInteger changes = new AtomicInteger();

	private @Nullable Turn current;

	private @Nullable Connection connection;

	private boolean disposed;

	private volatile long usedAt;

	private volatile Disposable round;

	SideConnection(Mono<Connection> source, Duration closeLimit, Scheduler rounds) {
		// As in r2dbc-pool: one that is opened from an event loop would be pinned to it.
		this.source = source.subscribeOn(Schedulers.single());
		this.closeLimit = closeLimit;
		this.rounds = rounds;
		this.round = nextRound();
	}

	/**
	 * Do something by the connection.
	 * @param action what to do; cancelled when its time is over
	 * @param limit the time to wait, for others and opening included
	 * @param <T> the type of the answer
	 * @return a mono of the action's answer; it fails with
	 * {@link java.util.concurrent.TimeoutException} after the limit
	 */
	<T> Mono<T> use(Function<Connection, Mono<T>> action, Duration limit) {
		return Mono.defer(() -> {
			Turn turn = new Turn();
			queue(turn);
			return turn.begin.asMono()
				.then(Mono.defer(() -> connection(turn)))
				.flatMap((lent) -> action.apply(lent).doOnSuccess((answer) -> done(turn)))
				.timeout(limit)
				.doFinally((signal) -> end(turn));
		});
	}

	private void queue(Turn turn) {
		synchronized (this) {
			if (!this.disposed) {
				this.waiting.add(turn);
			}
			else {
				turn.refuse();
			}
		}
		letNextBegin();
	}

	// A turn may begin and end on this thread, and each would let the next one begin
	// below it on the stack.
	private void letNextBegin() {
		if (this.changes.getAndIncrement() > 0) {
			return;
		}
		do {
			Turn next;
			synchronized (this) {
				next = (this.current == null) ? this.waiting.poll() : null;
				this.current = (next != null) ? next : this.current;
			}
			if (next != null) {
				begin(next);
			}
		}
		while (this.changes.decrementAndGet() > 0);
	}

	// What a user throws that Reactor takes for fatal must not stop the others.
	private static void begin(Turn turn) {
		try {
			turn.begin.tryEmitEmpty();
		}
		catch (Throwable ex) {
			logger.warn("The use of a side connection has failed", ex);
		}
	}

	private Mono<Connection> connection(Turn turn) {
		Connection known;
		synchronized (this) {
			known = this.connection;
		}
		turn.begun = true;
		if (known != null && !isOver(known)) {
			return Mono.just(known);
		}
		if (known != null) {
			synchronized (this) {
				this.connection = (this.connection == known) ? null : this.connection;
			}
			close(known);
		}
		return this.source.doOnNext((opened) -> opened(turn, opened));
	}

	private boolean isOver(Connection known) {
		return this.eviction.isOver(known, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - this.usedAt), 0);
	}

	// One whose user has gone meanwhile is nobody's.
	private void opened(Turn turn, Connection opened) {
		boolean late;
		synchronized (this) {
			late = this.current != turn || this.disposed;
			this.connection = late ? this.connection : opened;
		}
		if (late) {
			close(opened);
		}
	}

	private void done(Turn turn) {
		turn.good = true;
		this.usedAt = System.nanoTime();
	}

	private void end(Turn turn) {
		Connection failed;
		synchronized (this) {
			if (this.current != turn) {
				this.waiting.remove(turn);
				return;
			}
			failed = (turn.good || !turn.begun) ? null : this.connection;
			this.connection = (failed != null) ? null : this.connection;
			this.current = null;
		}
		close(failed);
		letNextBegin();
	}

	// In the background: whoever waited in vain shall not wait for a goodbye as well.
	private static void close(@Nullable Connection old) {
		if (old != null) {
			Mono.from(old.close())
				.subscribe(null, (ex) -> logger.debug("A side connection could not be closed politely", ex));
		}
	}

	private Disposable nextRound() {
		return this.rounds.schedule(this::closeIfOver, IDLE.dividedBy(2).toMillis(), TimeUnit.MILLISECONDS);
	}

	// A turn like any other, so that nobody has the connection meanwhile.
	private void closeIfOver() {
		Turn turn = new Turn();
		Connection idle;
		synchronized (this) {
			if (this.disposed) {
				return;
			}
			idle = (this.current == null) ? this.connection : null;
			this.current = (idle != null) ? turn : this.current;
		}
		try {
			if (idle != null) {
				turn.begun = isOver(idle);
				end(turn);
			}
		}
		finally {
			this.round = nextRound();
		}
	}

	void dispose() {
		List<Turn> refused;
		Connection last;
		synchronized (this) {
			this.disposed = true;
			refused = List.copyOf(this.waiting);
			this.waiting.clear();
			last = this.connection;
			this.connection = null;
		}
		this.round.dispose();
		refused.forEach(Turn::refuse);
		Shutdown.await((last != null) ? Mono.from(last.close()) : Mono.empty(), this.closeLimit, "The side connection");
	}

	/**
	 * The use of the connection by one user.
	 */
	private static final class Turn {

		private final Sinks.Empty<Void> begin = Sinks.empty();

		/** Whether the connection is of no further use unless it is {@link #good}. */
		private volatile boolean begun;

		private volatile boolean good;

		void refuse() {
			this.begin.tryEmitError(new R2dbcNonTransientResourceException(
					"The side connection is closed: " + OpenConnections.STOPPING));
		}

	}

}
