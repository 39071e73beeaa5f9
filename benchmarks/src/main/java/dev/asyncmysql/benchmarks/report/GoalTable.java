package dev.asyncmysql.benchmarks.report;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

import dev.asyncmysql.benchmarks.process.Contender;
import dev.asyncmysql.benchmarks.report.Goal.Key;

/**
 * What this project wants to reach, beside what it reached in one run.
 */
public final class GoalTable {

	private static final String CLIENT = "client";

	private static final String PLAIN = "plain";

	private static final String SELECT = "select-64";

	private static final Function<Result, List<Double>> THROUGHPUT = Result::throughputs;

	private static final List<Goal> GOALS = List.of(
			Goal.ratio("select, client: throughput, by plain wiring", ours(SELECT, CLIENT),
					key(SELECT, CLIENT, Contender.PLAIN), THROUGHPUT, 1.5, 1.8),
			Goal.ratio("select, client: defaults, by plain wiring", key(SELECT, CLIENT, Contender.STARTER_DEFAULTS),
					key(SELECT, CLIENT, Contender.PLAIN), THROUGHPUT, 1.5, 1.8),
			Goal.ratio("select, client: CPU, defaults, by plain wiring",
					key(SELECT, CLIENT, Contender.STARTER_DEFAULTS), key(SELECT, CLIENT, Contender.PLAIN),
					Result::cpuTimes, 0.65, 0.5),
			Goal.ratio("select, client: throughput, by JDBC", ours(SELECT, CLIENT),
					key(SELECT, CLIENT, Contender.JDBC_VIRTUAL), THROUGHPUT, 0.9, 1.1),
			Goal.ratio("select, plain: throughput, by Vert.x", ours(SELECT, PLAIN), key(SELECT, PLAIN, Contender.VERTX),
					THROUGHPUT, 0.8, 1),
			Goal.ratio("select, client: CPU, by plain wiring", ours(SELECT, CLIENT),
					key(SELECT, CLIENT, Contender.PLAIN), Result::cpuTimes, 0.65, 0.5),
			Goal.ratio("select, plain: throughput, by Vert.x, text", key(SELECT, PLAIN, Contender.STARTER_TEXT),
					key(SELECT, PLAIN, Contender.VERTX), THROUGHPUT, 0.8, 1),
			Goal.ratio("select, plain: throughput, text, by the bare wrapper",
					key(SELECT, PLAIN, Contender.STARTER_TEXT), key(SELECT, PLAIN, Contender.BARE), THROUGHPUT, 0.95,
					1),
			Goal.ratio("select, client: text, by plain wiring", key(SELECT, CLIENT, Contender.STARTER_TEXT),
					key(SELECT, CLIENT, Contender.PLAIN), THROUGHPUT, 1.5, 1.8),
			Goal.ratio("select, client: throughput, observed", key(SELECT, CLIENT, Contender.STARTER_OBSERVED),
					key(SELECT, CLIENT, Contender.STARTER_QUIET), THROUGHPUT, 0.95, 1),
			Goal.ratio("select, client: throughput, observed and proxied, by r2dbc-proxy alone",
					key(SELECT, CLIENT, Contender.STARTER_PROXIED), key(SELECT, CLIENT, Contender.STARTER_PROXY_ALONE),
					THROUGHPUT, 0.95, 1),
			Goal.ratio("select, client: throughput, observed and proxied",
					key(SELECT, CLIENT, Contender.STARTER_PROXIED), key(SELECT, CLIENT, Contender.STARTER_QUIET),
					THROUGHPUT, 0.95, 1),
			Goal.ratio("transaction, client: throughput, by JDBC", ours("transaction", CLIENT),
					key("transaction", CLIENT, Contender.JDBC_VIRTUAL), THROUGHPUT, 0.8, 1),
			Goal.ratio("bulk, rows: throughput, by saveAll", ours("bulk", "bulk-rows"), ours("bulk", "repository"),
					THROUGHPUT, 8, 20),
			Goal.ratio("bulk, entities: throughput, by saveAll", ours("bulk", "bulk-entities"),
					ours("bulk", "repository"), THROUGHPUT, 8, 20),
			Goal.ratio("bulk, rows: throughput, by JDBC", ours("bulk", "bulk-rows"),
					key("bulk", PLAIN, Contender.JDBC_VIRTUAL), THROUGHPUT, 0.7, 1),
			Goal.ratio("bulk, entities: throughput, by JDBC", ours("bulk", "bulk-entities"),
					key("bulk", PLAIN, Contender.JDBC_VIRTUAL), THROUGHPUT, 0.7, 1),
			Goal.ratio("bulk, rows: throughput, by JDBC, client-side", ours("bulk", "bulk-rows"),
					key("bulk", PLAIN, Contender.JDBC_TEXT), THROUGHPUT, 0.7, 1),
			Goal.ratio("bulk, entities: throughput, by JDBC, client-side", ours("bulk", "bulk-entities"),
					key("bulk", PLAIN, Contender.JDBC_TEXT), THROUGHPUT, 0.7, 1),
			Goal.ratio("rows, client: throughput, by plain wiring", ours("rows", CLIENT),
					key("rows", CLIENT, Contender.PLAIN), THROUGHPUT, 1, 1),
			Goal.ratio("rows, client: defaults, by plain wiring", key("rows", CLIENT, Contender.STARTER_DEFAULTS),
					key("rows", CLIENT, Contender.PLAIN), THROUGHPUT, 1, 1),
			Goal.ratio("rows, client: throughput, by JDBC", ours("rows", CLIENT),
					key("rows", CLIENT, Contender.JDBC_VIRTUAL), THROUGHPUT, 0.5, 0.8),
			Goal.figure("stream, client: heap growth, MiB", ours("stream", CLIENT),
					(result) -> result.heapBytes() / 1048576.0, 32, 16),
			Goal.figure("acquire: CPU, µs", ours("acquire", PLAIN), Result::cpuMicros, 5, 2),
			Goal.figure("acquire: commands", ours("acquire", PLAIN), Result::commands, 0.001, 0));

	private GoalTable() {
	}

	private static Key ours(String workload, String way) {
		return key(workload, way, Contender.STARTER);
	}

	private static Key key(String workload, String way, Contender contender) {
		return new Key(workload, way, contender.title());
	}

	/**
	 * Write down what can be said.
	 * @param results what was measured
	 * @return a line for each goal that these results tell something of
	 */
	public static String of(List<Result> results) {
		Goal.Results choice = (key) -> results.stream()
			.filter((result) -> !result.rounds().isEmpty())
			.filter((result) -> key.equals(new Key(result.workload(), result.way(), result.system())))
			.findFirst();
		return GOALS.stream()
			.flatMap((goal) -> goal.figure().of(choice).map((value) -> line(goal, value)).stream())
			.collect(Collectors.joining());
	}

	private static String line(Goal goal, Statistics value) {
		String range = (value.min() == value.max()) ? ""
				: TextTable.number(value.lowerQuartile()) + "–" + TextTable.number(value.upperQuartile());
		return "%-48s %6s  %11s  floor %5s  stretch %5s  %s%n".formatted(goal.name(), TextTable.number(value.median()),
				range, TextTable.number(goal.floor()), TextTable.number(goal.stretch()), goal.judge(value.median()));
	}

}
