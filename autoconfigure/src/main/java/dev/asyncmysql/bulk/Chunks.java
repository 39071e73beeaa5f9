package dev.asyncmysql.bulk;

import java.util.Queue;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.concurrent.Queues;
import reactor.util.context.Context;

/**
 * Gathers rows into chunks. Rows are asked for only where a chunk is wanted, and no more
 * than one can hold; where they are large, no more than will fit judging by those before.
 * What the source or a row fails with comes as the last chunk, behind those that are
 * complete, so that it always depends on the rows alone which of them are written.
 *
 * @param <T> the type of the rows
 */
final class Chunks<T> extends Flux<Chunk<T>> {

	private final Publisher<? extends T> source;

	private final RowReader<? super T> reader;

	private final Shape shape;

	private final boolean keepRows;

	Chunks(Publisher<? extends T> source, RowReader<? super T> reader, Shape shape, boolean keepRows) {
		this.source = source;
		this.reader = reader;
		this.shape = shape;
		this.keepRows = keepRows;
	}

	@Override
	public void subscribe(CoreSubscriber<? super Chunk<T>> actual) {
		this.source.subscribe(new Gathering<>(actual, this));
	}

	private static final class Gathering<T> implements CoreSubscriber<T>, Subscription {

		@SuppressWarnings("rawtypes")
		private static final AtomicIntegerFieldUpdater<Gathering> WORK = AtomicIntegerFieldUpdater
			.newUpdater(Gathering.class, "work");

		@SuppressWarnings("rawtypes")
		private static final AtomicLongFieldUpdater<Gathering> WANTED = AtomicLongFieldUpdater
			.newUpdater(Gathering.class, "wanted");

		/**
		 * No more rows are asked for at once: they may be larger than all before, and
		 * what was asked for comes.
		 */
		private static final int STEP = 16;

		private final CoreSubscriber<? super Chunk<T>> actual;

		private final RowReader<? super T> reader;

		private final Shape shape;

		private final boolean keepRows;

		private final Queue<Chunk<T>> complete = Queues.<Chunk<T>>unbounded(8).get();

		// What follows is written where rows come in, which nobody does before they are
		// asked for. "expected" hands it over.
		private Chunk<T> chunk;

		private long rows;

		private long bytes;

		private boolean ended;

		private volatile long expected;

		private volatile int work;

		private volatile long wanted;

		private volatile boolean done;

		private volatile boolean cancelled;

		private @Nullable Subscription upstream;

		Gathering(CoreSubscriber<? super Chunk<T>> actual, Chunks<T> chunks) {
			this.actual = actual;
			this.reader = chunks.reader;
			this.shape = chunks.shape;
			this.keepRows = chunks.keepRows;
			this.chunk = new Chunk<>(this.shape.columns(), 0, Math.min(this.shape.maxRows(), STEP));
		}

		@Override
		public Context currentContext() {
			return this.actual.currentContext();
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			if (Operators.validate(this.upstream, subscription)) {
				this.upstream = subscription;
				this.actual.onSubscribe(this);
			}
		}

		@Override
		public void onNext(T row) {
			if (this.ended) {
				Operators.onNextDropped(row, currentContext());
				return;
			}
			try {
				add(row);
			}
			catch (Throwable ex) {
				end(Operators.onOperatorError(subscription(), ex, row, currentContext()));
				return;
			}
			long left = this.expected - 1;
			this.expected = left;
			if (left == 0 || !this.complete.isEmpty()) {
				drain();
			}
		}

		private void add(T row) {
			int columns = this.shape.columns();
			int offset = this.chunk.reserve();
			long size;
			try {
				this.reader.read(row, this.chunk.values(), offset);
				RowReader.settle(this.chunk.values(), offset, columns);
				size = RowReader.size(this.chunk.values(), offset, columns) + this.shape.rowOverhead();
			}
			catch (IllegalArgumentException ex) {
				throw refusal(ex.getMessage(), ex);
			}
			catch (Throwable ex) {
				Exceptions.throwIfJvmFatal(ex);
				Throwable cause = Exceptions.unwrap(ex);
				throw refusal("its values cannot be read: " + cause, cause);
			}
			if (size > this.shape.maxRowBytes()) {
				throw refusal(
						"it takes up to " + size + " bytes, which is more than the server takes (max_allowed_packet)",
						null);
			}
			if (this.chunk.size() > 0 && this.chunk.bytes() + size > this.shape.maxBytes()) {
				this.chunk.accept(this.keepRows ? row : null, size);
				divide(Shape.round(this.chunk.size() - 1));
				if (this.chunk.size() > 1 && this.chunk.bytes() > this.shape.maxBytes()) {
					divide(this.chunk.size() - 1);
				}
			}
			else {
				this.chunk.accept(this.keepRows ? row : null, size);
			}
			this.rows++;
			this.bytes += size;
			if (this.chunk.size() == this.shape.maxRows()) {
				this.complete.offer(this.chunk);
				this.chunk = new Chunk<>(columns, this.rows, this.shape.maxRows());
			}
		}

		private void divide(int size) {
			Chunk<T> full = this.chunk;
			this.chunk = full.split(size, this.shape.rowOverhead());
			this.complete.offer(full);
		}

		private RefusedRowException refusal(@Nullable String reason, @Nullable Throwable cause) {
			return new RefusedRowException(this.rows, null, (reason != null) ? reason : "its values cannot be read",
					cause);
		}

		@Override
		public void onError(Throwable ex) {
			if (this.ended) {
				Operators.onErrorDropped(ex, currentContext());
				return;
			}
			end(ex);
		}

		@Override
		public void onComplete() {
			if (!this.ended) {
				if (this.chunk.size() > 0) {
					this.complete.offer(this.chunk);
				}
				end(null);
			}
		}

		private void end(@Nullable Throwable failure) {
			this.ended = true;
			if (failure != null) {
				this.complete.offer(Chunk.failed(failure));
			}
			this.done = true;
			drain();
		}

		@Override
		public void request(long n) {
			if (Operators.validate(n)) {
				Operators.addCap(WANTED, this, n);
				drain();
			}
		}

		@Override
		public void cancel() {
			this.cancelled = true;
			subscription().cancel();
			if (WORK.getAndIncrement(this) == 0) {
				this.complete.clear();
			}
		}

		private Subscription subscription() {
			return (this.upstream != null) ? this.upstream : Operators.emptySubscription();
		}

		private void drain() {
			if (WORK.getAndIncrement(this) != 0) {
				return;
			}
			int missed = 1;
			do {
				drainOnce();
				missed = WORK.addAndGet(this, -missed);
			}
			while (missed != 0);
		}

		private void drainOnce() {
			while (true) {
				if (this.cancelled) {
					this.complete.clear();
					return;
				}
				boolean last = this.done;
				if (last && this.complete.isEmpty()) {
					this.cancelled = true;
					this.actual.onComplete();
					return;
				}
				if (this.wanted == 0) {
					return;
				}
				Chunk<T> next = this.complete.poll();
				if (next != null) {
					if (this.wanted != Long.MAX_VALUE) {
						WANTED.decrementAndGet(this);
					}
					this.actual.onNext(next);
				}
				else if (last || this.expected > 0) {
					return;
				}
				else {
					ask();
				}
			}
		}

		private void ask() {
			int missing = Math.min(STEP, this.shape.maxRows() - this.chunk.size());
			long fitting = missing;
			if (this.rows > 0) {
				fitting = (this.shape.maxBytes() - this.chunk.bytes()) / Math.max(1, this.bytes / this.rows);
			}
			long demand = Math.max(1, Math.min(missing, fitting));
			this.expected = demand;
			subscription().request(demand);
		}

	}

}
