package dev.asyncmysql.benchmarks.report;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Results for a program: plain numbers in basic units, one line for each.
 */
public final class CsvTable {

	private static final String HEADINGS = "workload,way,system,ops_per_s_median,ops_per_s_min,ops_per_s_max,rounds,rows_per_s,"
			+ "p50_ms,p99_ms,p99.9_ms,cpu_us_per_op,alloc_bytes_per_op,commands_per_op,heap_growth_bytes,failure";

	private CsvTable() {
	}

	/**
	 * Write results down.
	 * @param results what was measured
	 * @return lines, the first of which names the columns
	 */
	public static String of(List<Result> results) {
		return Stream.concat(Stream.of(HEADINGS), results.stream().map(CsvTable::line))
			.collect(Collectors.joining("\n", "", "\n"));
	}

	private static String line(Result result) {
		Stream<String> names = Stream.of(result.workload(), result.way(), result.system()).map(CsvTable::quoted);
		return Stream.of(names, numbers(result), Stream.of(quoted(result.failure())))
			.flatMap((part) -> part)
			.collect(Collectors.joining(","));
	}

	private static Stream<String> numbers(Result result) {
		if (result.rounds().isEmpty()) {
			return Stream.generate(() -> "").limit(12);
		}
		Statistics throughput = result.throughput();
		return Stream.of(number(throughput.median()), number(throughput.min()), number(throughput.max()),
				Integer.toString(result.rounds().size()), number(result.rowsPerSecond()),
				number(result.latencyMillis(50)), number(result.latencyMillis(99)), number(result.latencyMillis(99.9)),
				number(result.cpuMicros()), (result.allocatedBytes() < 0) ? "" : number(result.allocatedBytes()),
				number(result.commands()), (result.heapBytes() < 0) ? "" : Long.toString(result.heapBytes()));
	}

	private static String number(double value) {
		return String.format(Locale.ROOT, "%.3f", value);
	}

	private static String quoted(String value) {
		return value.matches("[^\",\r\n]*") ? value : "\"" + value.replace("\"", "\"\"") + "\"";
	}

}
