package dev.asyncmysql.benchmarks;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import dev.asyncmysql.benchmarks.process.Contender;
import dev.asyncmysql.benchmarks.workload.Workload;

/**
 * What the command line asks for.
 *
 * @param systems what is measured
 * @param workloads what is done
 * @param rounds how often each is measured
 * @param seconds how long each round takes
 * @param warmup how long each system runs before its first round, in seconds
 * @param rows how many rows the table has that is read
 * @param url the database, or nothing where one has to be started
 * @param out folder for the results
 */
record Arguments(List<Contender> systems, List<Workload> workloads, int rounds, int seconds, int warmup, int rows,
		Optional<String> url, Path out) {

	static final String USAGE = """
			Options, with what holds without them:
			  --systems=%s
			  --workloads=%s
			  --rounds=5      how often each system is measured, in turns
			  --seconds=5     how long each round takes
			  --warmup=10     how long each system runs before the first round
			  --rows=1000000  how many rows the table has that is read, from 10000 to 1000000
			  --url=          mysql://user:password@host:3306/database; its tables item, entry, account and
			                  transfer are dropped. Without it, a server is started with Docker.
			  --out=          folder for the results; without it, a new one below target/
			  --quick         a look at whether everything works: 1 round of 1 s after 1 s, 100000 rows
			""".formatted(ids(Arrays.stream(Contender.values()).map(Contender::id)),
			ids(Workload.all().stream().map(Workload::id)));

	static Arguments parse(String... args) {
		Arguments result = new Arguments(List.of(Contender.values()), Workload.all(), 5, 5, 10, 1_000_000,
				Optional.empty(), Path.of("target"));
		for (String arg : args) {
			result = result.with(arg);
		}
		return result;
	}

	private Arguments with(String arg) {
		int end = arg.indexOf('=');
		String name = (end < 0) ? arg : arg.substring(0, end);
		String value = (end < 0) ? "" : arg.substring(end + 1);
		return switch (name) {
			case "--systems" -> withSystems(split(value).map(Contender::of).toList());
			case "--workloads" -> withWorkloads(split(value).flatMap(Workload::named).toList());
			case "--rounds" -> withTimes(number(name, value, 1, 1000), this.seconds, this.warmup, this.rows);
			case "--seconds" -> withTimes(this.rounds, number(name, value, 1, 3600), this.warmup, this.rows);
			case "--warmup" -> withTimes(this.rounds, this.seconds, number(name, value, 0, 3600), this.rows);
			case "--rows" -> withTimes(this.rounds, this.seconds, this.warmup, number(name, value, 10_000, 1_000_000));
			case "--quick" -> withTimes(1, 1, 1, 100_000);
			case "--url" -> new Arguments(this.systems, this.workloads, this.rounds, this.seconds, this.warmup,
					this.rows, Optional.of(value), this.out);
			case "--out" -> new Arguments(this.systems, this.workloads, this.rounds, this.seconds, this.warmup,
					this.rows, this.url, Path.of(value));
			default -> throw new IllegalArgumentException("There is no option " + name);
		};
	}

	private Arguments withSystems(List<Contender> newSystems) {
		return new Arguments(newSystems, this.workloads, this.rounds, this.seconds, this.warmup, this.rows, this.url,
				this.out);
	}

	private Arguments withWorkloads(List<Workload> newWorkloads) {
		return new Arguments(this.systems, newWorkloads, this.rounds, this.seconds, this.warmup, this.rows, this.url,
				this.out);
	}

	private Arguments withTimes(int newRounds, int newSeconds, int newWarmup, int newRows) {
		return new Arguments(this.systems, this.workloads, newRounds, newSeconds, newWarmup, newRows, this.url,
				this.out);
	}

	Duration roundTime() {
		return Duration.ofSeconds(this.seconds);
	}

	Duration warmupTime() {
		return Duration.ofSeconds(this.warmup);
	}

	private static int number(String name, String value, int min, int max) {
		if (!value.matches("\\d{1,9}") || Integer.parseInt(value) < min || Integer.parseInt(value) > max) {
			throw new IllegalArgumentException(
					"%s has to be a number from %d to %d, and not '%s'".formatted(name, min, max, value));
		}
		return Integer.parseInt(value);
	}

	private static Stream<String> split(String value) {
		return Arrays.stream(value.toLowerCase(Locale.ROOT).split(","));
	}

	private static String ids(Stream<String> ids) {
		return ids.collect(Collectors.joining(","));
	}

}
