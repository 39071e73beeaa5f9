package dev.asyncmysql.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import dev.asyncmysql.benchmarks.report.CsvTable;
import dev.asyncmysql.benchmarks.report.GoalTable;
import dev.asyncmysql.benchmarks.report.Result;
import dev.asyncmysql.benchmarks.report.SvgChart;
import dev.asyncmysql.benchmarks.report.TextTable;
import dev.asyncmysql.benchmarks.server.Admin;
import dev.asyncmysql.benchmarks.server.Database;
import dev.asyncmysql.benchmarks.server.MySqlServer;
import dev.asyncmysql.benchmarks.workload.Task;
import dev.asyncmysql.benchmarks.workload.Way;
import dev.asyncmysql.benchmarks.workload.Workload;

/**
 * The command: starts a server, lets the systems work, and prints the table.
 */
public final class Benchmarks {

	private Benchmarks() {
	}

	/**
	 * Measure.
	 * @param args see {@link Arguments#USAGE}
	 * @throws Exception if the server cannot be used
	 */
	public static void main(String[] args) throws Exception {
		Arguments arguments;
		try {
			arguments = Arguments.parse(args);
		}
		catch (IllegalArgumentException ex) {
			System.err.println(ex.getMessage());
			System.err.println(Arguments.USAGE);
			System.exit(2);
			return;
		}
		if (arguments.help()) {
			System.out.println(Arguments.USAGE);
			return;
		}
		if (arguments.url().isPresent()) {
			measure(arguments, Database.of(arguments.url().get()));
		}
		else {
			try (MySqlServer server = MySqlServer.start()) {
				measure(arguments, server.database());
			}
		}
		System.exit(0);
	}

	private static void measure(Arguments arguments, Database database) throws Exception {
		List<Result> results = new ArrayList<>();
		try (Admin admin = new Admin(database)) {
			String environment = Environment.describe(arguments, admin.version());
			System.err.println(environment + "loading");
			admin.load(arguments.rows());
			Runner runner = new Runner(arguments, database, admin, System.err);
			for (Workload workload : arguments.workloads()) {
				for (List<Way> ways : inTurns(workload, arguments)) {
					results.addAll(runner.run(workload, ways));
					// All of it takes hours: what is known so far is kept.
					write(arguments.out(), environment + repeated(runner), results);
				}
			}
			System.out.println(text(environment + repeated(runner), results));
		}
		System.err.println("Written to " + arguments.out().toAbsolutePath().normalize());
	}

	private static String repeated(Runner runner) {
		return "%d rounds repeated, as others had the processors%n".formatted(runner.repetitions());
	}

	// What is compared with each other takes turns: with bulk writing also the ways.
	private static List<List<Way>> inTurns(Workload workload, Arguments arguments) {
		List<Way> ways = workload.ways().stream().filter(arguments.ways()::contains).toList();
		return (workload.task() == Task.BULK) ? List.of(ways) : ways.stream().map(List::of).toList();
	}

	private static void write(Path out, String environment, List<Result> results) throws IOException {
		Files.createDirectories(out);
		Files.writeString(out.resolve("table.txt"), text(environment, results));
		Files.writeString(out.resolve("results.csv"), CsvTable.of(results));
		Files.writeString(out.resolve("chart.svg"), SvgChart.of(environment.lines().findFirst().orElse(""), results));
	}

	private static String text(String environment, List<Result> results) {
		String goals = GoalTable.of(results);
		return environment + "\n" + TextTable.of(results) + (goals.isEmpty() ? "" : "\n" + goals);
	}

}
