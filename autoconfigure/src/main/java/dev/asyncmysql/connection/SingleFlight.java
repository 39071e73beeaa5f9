package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

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
			Run current = this.running.get();
			while (current == null) {
				this.running.compareAndSet(null, new Run());
				current = this.running.get();
			}
			return current.end;
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

		private final Mono<Void> end = SingleFlight.this.source
			.doFinally((signal) -> SingleFlight.this.running.compareAndSet(this, null))
			.cache();

	}

}
