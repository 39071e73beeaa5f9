package dev.asyncmysql.benchmarks.r2dbc;

import java.util.function.LongFunction;
import java.util.function.LongUnaryOperator;

import dev.asyncmysql.benchmarks.peer.Operation;
import dev.asyncmysql.benchmarks.workload.Item;
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

	private final LongUnaryOperator first;

	PublisherOperation(long expected, LongFunction<? extends Publisher<?>> work) {
		this(expected, work, (key) -> 0);
	}

	/**
	 * Create an operation.
	 * @param expected how many values there have to be
	 * @param work what publishes them for a key
	 * @param first tells for a key that of the first item, which others follow in order,
	 * or 0 where they do not
	 */
	PublisherOperation(long expected, LongFunction<? extends Publisher<?>> work, LongUnaryOperator first) {
		this.expected = expected;
		this.work = work;
		this.first = first;
	}

	@Override
	public void start(long key, Outcome outcome) {
		Flux.from(this.work.apply(key))
			.subscribe(new CountingSubscriber(this.expected, this.first.applyAsLong(key), outcome));
	}

	/**
	 * Takes everything as fast as it comes.
	 */
	private static final class CountingSubscriber extends BaseSubscriber<Object> {

		private final long expected;

		private final long first;

		private final Outcome outcome;

		private long count;

		CountingSubscriber(long expected, long first, Outcome outcome) {
			this.expected = expected;
			this.first = first;
			this.outcome = outcome;
		}

		@Override
		protected void hookOnSubscribe(Subscription subscription) {
			requestUnbounded();
		}

		@Override
		protected void hookOnNext(Object value) {
			if (this.first > 0 && value instanceof Item item) {
				item.expect(this.first + this.count);
			}
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
