package dev.asyncmysql.benchmarks.load;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import dev.asyncmysql.benchmarks.peer.Operation;
import org.HdrHistogram.Histogram;

/**
 * Makes load and measures what came of it.
 */
public final class Meter {

	private static final Duration PAUSE = Duration.ofMillis(50);

	private final boolean virtualThreads;

	private final long keys;

	/**
	 * Create a meter.
	 * @param virtualThreads whether blocking work runs on virtual threads
	 * @param keys how many keys there are to choose from
	 */
	public Meter(boolean virtualThreads, long keys) {
		this.virtualThreads = virtualThreads;
		this.keys = keys;
	}

	/**
	 * Do something again and again.
	 * @param operation what to do
	 * @param callers how many do it at the same time
	 * @param time for how long it is begun anew
	 * @return what came of it
	 * @throws Exception the first failure
	 */
	public Measurement measure(Operation operation, int callers, Duration time) throws Exception {
		Histogram latencies = Lanes.histogram();
		Costs before = Costs.now();
		Lanes.Load load = Lanes.run(operation, this.keys, callers, this.virtualThreads, time, latencies);
		Costs costs = Costs.now().since(before);
		return new Measurement(load.operations(), load.nanos(), costs.cpuNanos(), costs.allocatedBytes(),
				load.latencies());
	}

	/**
	 * Do something once, and look again and again at what is alive meanwhile.
	 * @param operation what to do
	 * @return by how many bytes the live heap had grown at most
	 * @throws Exception if it failed
	 */
	public long heapGrowth(Operation operation) throws Exception {
		Histogram latencies = Lanes.histogram();
		long before = liveBytes();
		FutureTask<?> work = new FutureTask<>(
				() -> Lanes.run(operation, this.keys, 1, this.virtualThreads, Duration.ZERO, latencies));
		Thread thread = new Thread(work, "heap-growth");
		thread.start();
		long most = before;
		while (!hasEnded(work)) {
			most = Math.max(most, liveBytes());
		}
		return most - before;
	}

	// All waits for a collection: without a pause between them, the work would hardly get
	// on.
	private static boolean hasEnded(FutureTask<?> work) throws ExecutionException, InterruptedException {
		try {
			work.get(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
			return true;
		}
		catch (TimeoutException ex) {
			return false;
		}
	}

	// What was in use when the collection ended: what the work has allocated since then
	// is not what it keeps.
	private static long liveBytes() {
		ManagementFactory.getMemoryMXBean().gc();
		return ManagementFactory.getMemoryPoolMXBeans()
			.stream()
			.filter((pool) -> pool.getType() == MemoryType.HEAP)
			.map(MemoryPoolMXBean::getCollectionUsage)
			.filter(Objects::nonNull)
			.mapToLong(MemoryUsage::getUsed)
			.sum();
	}

}
