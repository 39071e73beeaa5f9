package dev.asyncmysql.benchmarks.report;

import java.util.List;
import java.util.function.ToDoubleFunction;

import dev.asyncmysql.benchmarks.load.Measurement;
import org.HdrHistogram.Histogram;

/**
 * All rounds of one system at one workload through one interface.
 *
 * @param workload name of the workload
 * @param way name of the interface
 * @param system name of the system
 * @param rowsPerOperation how many rows an operation reads or writes
 * @param rounds what was measured; empty where it failed
 * @param heapBytes by how much the live heap grew at most, or -1 where that was not
 * looked at
 * @param failure why, or an empty string
 */
public record Result(String workload, String way, String system, int rowsPerOperation, List<Round> rounds,
		long heapBytes, String failure) {

	Statistics throughput() {
		return Statistics.of(throughputs());
	}

	List<Double> throughputs() {
		return each((round) -> round.measurement().throughput());
	}

	List<Double> cpuTimes() {
		return each((round) -> perOperation(round, round.measurement().cpuNanos()) / 1000);
	}

	double rowsPerSecond() {
		return throughput().median() * this.rowsPerOperation;
	}

	double cpuMicros() {
		return Statistics.of(cpuTimes()).median();
	}

	/**
	 * Return what an operation allocates.
	 * @return bytes, below zero where that is not known
	 */
	double allocatedBytes() {
		return statistics((round) -> perOperation(round, round.measurement().allocatedBytes())).median();
	}

	double commands() {
		return statistics((round) -> perOperation(round, round.commands())).median();
	}

	/**
	 * Return the latency that a part of all operations stayed below.
	 * @param percentile the part, of 100
	 * @return milliseconds
	 */
	double latencyMillis(double percentile) {
		Histogram all = new Histogram(3);
		this.rounds.stream().map(Round::measurement).map(Measurement::latencies).forEach(all::add);
		return all.getValueAtPercentile(percentile) / 1e6;
	}

	private Statistics statistics(ToDoubleFunction<Round> value) {
		return Statistics.of(each(value));
	}

	private List<Double> each(ToDoubleFunction<Round> value) {
		return this.rounds.stream().mapToDouble(value).boxed().toList();
	}

	private static double perOperation(Round round, double value) {
		return value / round.measurement().operations();
	}

}
