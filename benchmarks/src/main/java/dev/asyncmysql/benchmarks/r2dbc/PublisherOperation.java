package dev.asyncmysql.benchmarks.r2dbc;

import java.util.function.LongFunction;

import dev.asyncmysql.benchmarks.peer.Operation;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;

/**
 * Work that a publisher does, which has to publish a known number of values.
 */
final class PublisherOperation implements Operation.Async {

	private final long expected;

	private final LongFunction<? extends Publisher<?>> work;

	PublisherOperation(long expected, LongFunction<? extends Publisher<?>> work) {
		this.expected = expected;
		this.work = work;
	}

	@Override
	public void start(long key, Outcome outcome) {
		Flux.from(this.work.apply(key)).subscribe(new CountingSubscriber(this.expected, outcome));
	}

	/**
	 * Takes everything as fast as it comes.
	 */
	private static final class CountingSubscriber extends BaseSubscriber<Object> {

		private final long expected;

		private final Outcome outcome;

		private long count;

		CountingSubscriber(long expected, Outcome outcome) {
			this.expected = expected;
			this.outcome = outcome;
		}

		@Override
		protected void hookOnSubscribe(Subscription subscription) {
			requestUnbounded();
		}

		@Override
		protected void hookOnNext(Object value) {
			this.count++;
		}

		@Override
		protected void hookOnComplete() {
			if (this.count == this.expected) {
				this.outcome.succeeded();
			}
			else {
				this.outcome.failed(new IllegalStateException(
						"There were %d values and not %d".formatted(this.count, this.expected)));
			}
		}

		@Override
		protected void hookOnError(Throwable ex) {
			this.outcome.failed(ex);
		}

	}

}
