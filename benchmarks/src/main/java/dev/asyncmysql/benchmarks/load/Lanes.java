package dev.asyncmysql.benchmarks.load;

import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;

import dev.asyncmysql.benchmarks.peer.Operation;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Callers in a closed loop: each starts its next operation when the one before has ended,
 * until the time is over. Then those that run may end; they count, and so does the time
 * that they take.
 */
final class Lanes {

	/** How long operations may take to end after the time is over. */
	private static final Duration PATIENCE = Duration.ofMinutes(2);

	private final Operation operation;

	private final long keys;

	private final Histogram latencies;

	private final LongAdder operations = new LongAdder();

	private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

	private final long deadline;

	private final CountDownLatch ended;

	private Lanes(Operation operation, long keys, int lanes, long deadline, Histogram latencies) {
		this.operation = operation;
		this.keys = keys;
		this.deadline = deadline;
		this.ended = new CountDownLatch(lanes);
		this.latencies = latencies;
	}

	/**
	 * Return what latencies are counted in. It takes half a mebibyte.
	 * @return an empty histogram of nanoseconds
	 */
	static Histogram histogram() {
		Histogram latencies = new ConcurrentHistogram(TimeUnit.MINUTES.toNanos(5), 3);
		latencies.setAutoResize(true);
		return latencies;
	}

	/**
	 * Make load.
	 * @param operation what each lane does again and again
	 * @param keys how many keys there are to choose from
	 * @param lanes how many run at the same time
	 * @param virtual whether blocking work runs on virtual threads
	 * @param time for how long operations are started
	 * @param latencies where to count them
	 * @return what happened
	 * @throws Exception the first failure of an operation
	 */
	static Load run(Operation operation, long keys, int lanes, boolean virtual, Duration time, Histogram latencies)
			throws Exception {
		ExecutorService executor = executor(operation, lanes, virtual);
		try {
			long start = System.nanoTime();
			Lanes all = new Lanes(operation, keys, lanes, start + time.toNanos(), latencies);
			for (int i = 0; i < lanes; i++) {
				all.start(i, executor);
			}
			all.await(time.plus(PATIENCE));
			return new Load(all.operations.sum(), System.nanoTime() - start, all.latencies);
		}
		finally {
			executor.shutdown();
		}
	}

	private static ExecutorService executor(Operation operation, int lanes, boolean virtual) {
		if (operation instanceof Operation.Async) {
			return Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
		}
		return virtual ? VirtualThreads.executor() : Executors.newFixedThreadPool(lanes);
	}

	private void start(int number, Executor executor) {
		SplittableRandom random = new SplittableRandom(number);
		if (this.operation instanceof Operation.Async async) {
			AsyncLane lane = new AsyncLane(async, random, executor);
			executor.execute(lane);
		}
		else if (this.operation instanceof Operation.Blocking blocking) {
			executor.execute(() -> loop(blocking, random));
		}
	}

	private void loop(Operation.Blocking blocking, SplittableRandom random) {
		try {
			do {
				long start = System.nanoTime();
				blocking.run(nextKey(random));
				succeeded(start);
			}
			while (mayGoOn());
		}
		catch (Throwable ex) {
			this.failure.compareAndSet(null, ex);
		}
		finally {
			this.ended.countDown();
		}
	}

	private long nextKey(SplittableRandom random) {
		return random.nextLong(this.keys) + 1;
	}

	private boolean mayGoOn() {
		return System.nanoTime() - this.deadline < 0 && this.failure.get() == null;
	}

	private void succeeded(long start) {
		this.latencies.recordValue(System.nanoTime() - start);
		this.operations.increment();
	}

	private void await(Duration limit) throws Exception {
		boolean inTime = this.ended.await(limit.toMillis(), TimeUnit.MILLISECONDS);
		Throwable first = this.failure.get();
		if (first != null) {
			throw new IllegalStateException(first.toString(), first);
		}
		if (!inTime) {
			throw new TimeoutException(
					"%d operations did not end within %s".formatted(this.ended.getCount(), PATIENCE));
		}
	}

	/**
	 * What happened while there was load.
	 *
	 * @param operations how many ended well, which is all that were started
	 * @param nanos from the first start to the last end
	 * @param latencies of each operation, in nanoseconds
	 */
	record Load(long operations, long nanos, Histogram latencies) {
	}

	/**
	 * One caller of asynchronous work. Work that ends before its start returns would nest
	 * without limit: it is repeated in a loop, and gives its thread to the other lanes
	 * from time to time.
	 */
	private final class AsyncLane implements Operation.Outcome, Runnable {

		private static final int TURNS = 64;

		private final Operation.Async async;

		private final SplittableRandom random;

		private final Executor executor;

		private final AtomicInteger pending = new AtomicInteger();

		private long start;

		AsyncLane(Operation.Async async, SplittableRandom random, Executor executor) {
			this.async = async;
			this.random = random;
			this.executor = executor;
		}

		@Override
		public void run() {
			this.pending.set(1);
			drain();
		}

		private void next() {
			if (this.pending.getAndIncrement() == 0) {
				drain();
			}
		}

		private void drain() {
			int turns = 0;
			do {
				if (++turns > TURNS) {
					this.executor.execute(this);
					return;
				}
				this.start = System.nanoTime();
				try {
					this.async.start(nextKey(this.random), this);
				}
				catch (Throwable ex) {
					failed(ex);
				}
			}
			while (this.pending.decrementAndGet() != 0);
		}

		@Override
		public void succeeded() {
			Lanes.this.succeeded(this.start);
			if (mayGoOn()) {
				next();
			}
			else {
				Lanes.this.ended.countDown();
			}
		}

		@Override
		public void failed(Throwable ex) {
			Lanes.this.failure.compareAndSet(null, ex);
			Lanes.this.ended.countDown();
		}

	}

}
