package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Runs something once for all who want it at the same time. It is never cancelled: who
 * gives up leaves the others, and what was begun on a connection comes to its end.
 *
 * @param <T> the type of the outcome
 */
final class SingleFlight<T> {

	private final Mono<T> source;

	private final AtomicReference<@Nullable Run<T>> running = new AtomicReference<>();

	SingleFlight(Mono<T> source) {
		this.source = source;
	}

	/**
	 * Join what is running, or start it.
	 * @return a mono of its outcome
	 */
	Mono<T> join() {
		return Mono.defer(() -> {
			Run<T> own = new Run<>();
			Run<T> current = this.running.compareAndExchange(null, own);
			if (current != null) {
				return current.end.asMono();
			}
			this.source.doFinally((signal) -> this.running.compareAndSet(own, null))
				.subscribe(own.end::tryEmitValue, own.end::tryEmitError, own.end::tryEmitEmpty);
			return own.end.asMono();
		});
	}

	/**
	 * Return whether something is running.
	 * @return {@code false} where the next to join would start it
	 */
	boolean isRunning() {
		return this.running.get() != null;
	}

	/**
	 * Return whether something has been running for a time.
	 * @param time the time
	 * @return {@code false} where nothing runs or it began later
	 */
	boolean hasLastedFor(Duration time) {
		Run<T> current = this.running.get();
		return current != null && System.nanoTime() - current.start >= time.toNanos();
	}

	private static final class Run<T> {

		private final long start = System.nanoTime();

		// Holds the end for those who come, and lets it be where all have gone.
		private final Sinks.One<T> end = Sinks.one();

	}

}
