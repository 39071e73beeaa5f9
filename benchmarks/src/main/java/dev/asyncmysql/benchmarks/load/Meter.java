package dev.asyncmysql.benchmarks.load;

import java.time.Duration;

import dev.asyncmysql.benchmarks.peer.Operation;

/**
 * Makes load and measures what came of it.
 */
public final class Meter {

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
		Costs before = Costs.now();
		Lanes.Load load = Lanes.run(operation, this.keys, callers, this.virtualThreads, time);
		Costs costs = Costs.now().since(before);
		return new Measurement(load.operations(), load.nanos(), costs.cpuNanos(), costs.allocatedBytes(), -1,
				load.latencies());
	}

}
