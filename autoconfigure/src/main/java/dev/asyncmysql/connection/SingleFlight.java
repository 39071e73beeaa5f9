package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Runs something once for all who want it at the same time. It is never cancelled: who
 * gives up leaves the others, and what was begun on a connection comes to its end.
 */
final class SingleFlight {

	private final Mono<Void> source;

	private final AtomicReference<@Nullable Run> running = new AtomicReference<>();

	SingleFlight(Mono<Void> source) {
		this.source = source;
	}

	/**
	 * Join what is running, or start it.
	 * @return a mono of its end
	 */
	Mono<Void> join() {
		return Mono.defer(() -> {
			Run own = new Run();
			Run current = this.running.compareAndExchange(null, own);
			if (current != null) {
				return current.end.asMono();
			}
			own.start();
			return own.end.asMono();
		});
	}

	/**
	 * Return whether something has been running for a time.
	 * @param time the time
	 * @return {@code false} where nothing runs or it began later
	 */
	boolean hasLastedFor(Duration time) {
		Run current = this.running.get();
		return current != null && System.nanoTime() - current.start >= time.toNanos();
	}

	private final class Run {

		private final long start = System.nanoTime();

		// Holds the end for those who come, and lets it be where all have gone.
		private final Sinks.Empty<Void> end = Sinks.empty();

		void start() {
			SingleFlight.this.source.doFinally((signal) -> SingleFlight.this.running.compareAndSet(this, null))
				.subscribe(null, this.end::tryEmitError, this.end::tryEmitEmpty);
		}

	}

}
