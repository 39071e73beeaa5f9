package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import dev.asyncmysql.ConnectionSettings.Pool;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
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

	private static final Log logger = LogFactory.getLog(IdleLimit.class);

	private final Pool settings;

	private final String prefix;

	private final Sinks.Empty<Void> known = Sinks.empty();

	private @Nullable Duration shortest;

	private boolean told;

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
	 * Take note of the server's limit, and tell once where the configured one is not
	 * below.
	 * @param waitTimeout time after which the server closes a connection
	 */
	void learn(Duration waitTimeout) {
		if (of(waitTimeout) == Long.MAX_VALUE) {
			return;
		}
		boolean first;
		boolean news;
		synchronized (this) {
			first = this.shortest == null;
			if (this.shortest == null || waitTimeout.compareTo(this.shortest) < 0) {
				this.shortest = waitTimeout;
			}
			news = !this.told && isShorter(limit(waitTimeout));
			this.told |= news;
		}
		if (first) {
			this.known.tryEmitEmpty();
		}
		if (news) {
			logger.warn(warning(waitTimeout));
		}
	}

	private boolean isShorter(Duration limit) {
		Duration configured = this.settings.maxIdleTime();
		return this.settings.enabled() && (configured.isNegative() || configured.compareTo(limit) > 0);
	}

	private String warning(Duration waitTimeout) {
		Duration configured = this.settings.maxIdleTime();
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
