package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import dev.asyncmysql.ConnectionSettings.Pool;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Sees to it that connections without use are closed here before the server closes them,
 * which counts that as an aborted client, and whose callers would meet dead ones: after
 * three quarters of its {@code wait_timeout}, looked for every eighth.
 */
final class IdleLimit {

	private final Pool settings;

	private final String prefix;

	private final Sinks.Empty<Void> known = Sinks.empty();

	private @Nullable Duration shortest;

	IdleLimit(Pool settings, String prefix) {
		this.settings = settings;
		this.prefix = prefix;
	}

	/**
	 * Return how long a connection may be silent.
	 * @param waitTimeout time after which the server closes it, or {@code null} where it
	 * is not known
	 * @return the time in nanoseconds
	 */
	static long of(@Nullable Duration waitTimeout) {
		return (waitTimeout != null && waitTimeout.toMillis() > 0) ? limit(waitTimeout).toNanos() : Long.MAX_VALUE;
	}

	private static Duration limit(Duration waitTimeout) {
		return waitTimeout.multipliedBy(3).dividedBy(4);
	}

	/**
	 * Take note of the server's limit; the shortest counts.
	 * @param waitTimeout time after which the server closes a connection
	 */
	void learn(Duration waitTimeout) {
		if (of(waitTimeout) == Long.MAX_VALUE) {
			return;
		}
		boolean first;
		synchronized (this) {
			first = this.shortest == null;
			if (this.shortest == null || waitTimeout.compareTo(this.shortest) < 0) {
				this.shortest = waitTimeout;
			}
		}
		if (first) {
			this.known.tryEmitEmpty();
		}
	}

	/**
	 * Return what to say where the configured limit is not below the server's.
	 * @return a sentence or two, or {@code null} where it is below, or the server's is
	 * not known
	 */
	@Nullable String advice() {
		Duration waitTimeout;
		synchronized (this) {
			waitTimeout = this.shortest;
		}
		Duration configured = this.settings.maxIdleTime();
		if (waitTimeout == null || !this.settings.enabled()
				|| (!configured.isNegative() && configured.compareTo(limit(waitTimeout)) <= 0)) {
			return null;
		}
		String limit = text(limit(waitTimeout));
		return "The server closes connections that are idle for %s (wait_timeout), and %s.pool.max-idle-time is %s: they are closed here after %s instead. Set %s.pool.max-idle-time to at most %s, or raise wait_timeout"
			.formatted(text(waitTimeout), this.prefix, configured.isNegative() ? "without a limit" : text(configured),
					limit, this.prefix, limit);
	}

	private static String text(Duration duration) {
		return (duration.toMillis() % 1000 == 0) ? duration.toSeconds() + "s" : duration.toMillis() + "ms";
	}

	/**
	 * Return what runs a pool's search for connections to close: as often as the pool
	 * asks for, or more often where the server's limit needs it.
	 * @return a scheduler for that task alone
	 */
	Scheduler rounds() {
		return new Rounds();
	}

	private synchronized Mono<Long> nextRound() {
		return (this.shortest != null) ? Mono.delay(this.shortest.dividedBy(8)) : Mono.never();
	}

	/**
	 * Runs each round when its time has come, and the present one as soon as the server's
	 * limit is known.
	 */
	private final class Rounds implements Scheduler {

		@Override
		public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
			Mono<Long> needed = IdleLimit.this.known.asMono().then(Mono.defer(IdleLimit.this::nextRound));
			return Mono.firstWithSignal(Mono.delay(Duration.of(delay, unit.toChronoUnit())), needed)
				.subscribe((tick) -> task.run());
		}

		@Override
		public Disposable schedule(Runnable task) {
			return Schedulers.parallel().schedule(task);
		}

		@Override
		public Worker createWorker() {
			return Schedulers.parallel().createWorker();
		}

	}

}
