package dev.asyncmysql.benchmarks.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Results as one table for a reader.
 */
public final class TextTable {

	private static final List<String> HEADINGS = List.of("workload", "way", "system", "ops/s", "±", "rows/s", "p50 ms",
			"p99 ms", "p99.9 ms", "CPU µs/op", "alloc B/op", "commands/op", "heap MiB");

	/** So many columns are words, and stand at the left. */
	private static final int WORDS = 3;

	private TextTable() {
	}

	/**
	 * Write results down.
	 * @param results what was measured
	 * @return lines of the same length
	 */
	public static String of(List<Result> results) {
		List<List<String>> rows = new ArrayList<>();
		rows.add(HEADINGS);
		results.stream().map(TextTable::row).forEach(rows::add);
		List<Integer> widths = IntStream.range(0, HEADINGS.size())
			.mapToObj((column) -> rows.stream()
				.filter((row) -> row.size() > column)
				.mapToInt((row) -> row.get(column).length())
				.max()
				.orElse(0))
			.toList();
		return rows.stream().map((row) -> line(row, widths)).collect(Collectors.joining("\n", "", "\n"));
	}

	private static List<String> row(Result result) {
		List<String> row = new ArrayList<>(List.of(result.workload(), result.way(), result.system()));
		if (result.rounds().isEmpty()) {
			row.add(result.failure().isEmpty() ? "-" : "failed");
			return row;
		}
		Statistics throughput = result.throughput();
		row.add(number(throughput.median()));
		row.add("%.0f %%".formatted(throughput.spread() * 100));
		row.add((result.rowsPerOperation() > 1) ? number(result.rowsPerSecond()) : "");
		row.add(number(result.latencyMillis(50)));
		row.add(number(result.latencyMillis(99)));
		row.add(number(result.latencyMillis(99.9)));
		row.add(number(result.cpuMicros()));
		row.add((result.allocatedBytes() < 0) ? "" : number(result.allocatedBytes()));
		row.add(number(result.commands()));
		row.add((result.heapBytes() < 0) ? "" : number(result.heapBytes() / 1048576.0));
		return row;
	}

	/**
	 * Write a number with as many digits as it deserves.
	 * @param value the number
	 * @return three digits or, where it is large, all before the point
	 */
	static String number(double value) {
		int decimals = (value >= 100) ? 0 : (value >= 10) ? 1 : 2;
		return String.format(Locale.ROOT, "%,." + decimals + "f", value);
	}

	private static String line(List<String> row, List<Integer> widths) {
		return IntStream.range(0, row.size())
			.mapToObj((column) -> ("%" + ((column < WORDS) ? "-" : "") + Math.max(1, widths.get(column)) + "s")
				.formatted(row.get(column)))
			.collect(Collectors.joining("  "))
			.stripTrailing();
	}

}
