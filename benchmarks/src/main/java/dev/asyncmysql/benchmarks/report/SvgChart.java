package dev.asyncmysql.benchmarks.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The throughput of all results as bars: one group for each workload and interface, in
 * which the longest bar is the fastest system.
 */
public final class SvgChart {

	private static final int WIDTH = 900;

	private static final int LEFT = 300;

	private static final int BAR = 400;

	private static final int LINE = 18;

	private static final int GROUP = 30;

	private static final int TOP = 40;

	private final StringBuilder svg = new StringBuilder();

	private int y = TOP;

	private SvgChart() {
	}

	/**
	 * Draw results.
	 * @param title what stands above
	 * @param results what was measured
	 * @return a document
	 */
	public static String of(String title, List<Result> results) {
		SvgChart chart = new SvgChart();
		chart.text(10, 20, "start", "bold", title);
		groups(results).forEach(chart::group);
		return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%1$d\" height=\"%2$d\" viewBox=\"0 0 %1$d %2$d\" "
			.formatted(WIDTH, chart.y)
				+ "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
				+ chart.svg + "</svg>\n";
	}

	private static Map<String, List<Result>> groups(List<Result> results) {
		return results.stream()
			.filter((result) -> !result.rounds().isEmpty())
			.collect(Collectors.groupingBy((result) -> result.workload() + ", " + result.way(), LinkedHashMap::new,
					Collectors.toCollection(ArrayList::new)));
	}

	private void group(String name, List<Result> results) {
		double most = results.stream().mapToDouble((result) -> result.throughput().max()).max().orElse(1);
		text(10, this.y + 14, "start", "bold", name + " (operations per second; the line spans all rounds)");
		this.y += GROUP - 6;
		for (Result result : results) {
			bar(result, most);
		}
		this.y += GROUP - LINE;
	}

	private void bar(Result result, double most) {
		Statistics throughput = result.throughput();
		text(LEFT - 8, this.y + 12, "end", "normal", result.system());
		this.svg.append("<rect x=\"%d\" y=\"%d\" width=\"%s\" height=\"%d\" fill=\"%s\"/>%n".formatted(LEFT, this.y + 1,
				length(throughput.median(), most), LINE - 4, colour(result)));
		this.svg.append("<path d=\"M%1$s %3$d H%2$s\" stroke=\"black\"/>%n"
			.formatted(coordinate(throughput.min(), most), coordinate(throughput.max(), most), this.y + LINE / 2 - 1));
		text(LEFT + BAR + 10, this.y + 12, "start", "normal",
				"%s, %s µs CPU".formatted(TextTable.number(throughput.median()), TextTable.number(result.cpuMicros())));
		this.y += LINE;
	}

	private static String colour(Result result) {
		return result.system().contains("this starter") ? "#2a7" : "#9bc";
	}

	private static String coordinate(double value, double most) {
		return decimal(LEFT + value / most * BAR);
	}

	private static String length(double value, double most) {
		return decimal(value / most * BAR);
	}

	private static String decimal(double value) {
		return String.format(Locale.ROOT, "%.1f", value);
	}

	private void text(int x, int top, String anchor, String weight, String words) {
		String escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
		this.svg.append("<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" font-weight=\"%s\">%s</text>%n".formatted(x, top,
				anchor, weight, escaped));
	}

}
