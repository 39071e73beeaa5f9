package dev.asyncmysql.benchmarks;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import dev.asyncmysql.benchmarks.process.Contender;
import dev.asyncmysql.benchmarks.workload.Way;
import dev.asyncmysql.benchmarks.workload.Workload;

/**
 * What the command line asks for.
 *
 * @param systems what is measured
 * @param workloads what is done
 * @param ways through which interfaces it is done, where a workload knows them
 * @param rounds how often each is measured
 * @param seconds how long each round takes
 * @param warmup how long each system runs before its first round, in seconds
 * @param maxSteal percent of the processors that others may have in a round
 * @param rows how many rows the table has that is read
 * @param url the database, or nothing where one has to be started
 * @param out folder for the results
 * @param help whether the options are to be told, and nothing else
 */
record Arguments(List<Contender> systems, List<Workload> workloads, List<Way> ways, int rounds, int seconds, int warmup,
		int maxSteal, int rows, Optional<String> url, Path out, boolean help) {

	static final String USAGE = """
			Options, with what holds without them:
			  --systems=%s
			  --workloads=%s
			                  a name stands for all that begin with it and a dash: select, callers, http
			  --ways=%s
			  --rounds=5      how often each system is measured, in turns
			  --seconds=5     how long each round takes
			  --warmup=30     how long each system runs before the first round
			  --max-steal=5   rounds in which other virtual machines had more than so many percent of the processors
			                  are repeated, as long as they are not more than twice the others; 100 for none
			  --rows=1000000  how many rows the table has that is read, from 10000 to 1000000
			  --url=          mysql://user:password@host:3306/database; its tables benchmark_* are dropped, and
			                  the workloads http-* write to account, transfer and entry. Without a URL, a server
			                  is started with Docker.
			  --out=          folder for the results; without it, target/results
			  --quick         a look at whether everything works: 1 round of 1 s after 1 s, 100000 rows
			  --help          these lines
			""".formatted(ids(Arrays.stream(Contender.values()).map(Contender::id)),
			ids(Workload.all().stream().map(Workload::id)), ids(Arrays.stream(Way.values()).map(Way::id)));

	static Arguments parse(String... args) {
		Parser parser = new Parser();
		Arrays.stream(args).forEach(parser::accept);
		return parser.result();
	}

	Duration roundTime() {
		return Duration.ofSeconds(this.seconds);
	}

	Duration warmupTime() {
		return Duration.ofSeconds(this.warmup);
	}

	private static String ids(Stream<String> ids) {
		return ids.collect(Collectors.joining(","));
	}

	/**
	 * Takes one option after the other; the last of a kind counts.
	 */
	private static final class Parser {

		private List<Contender> systems = List.of(Contender.values());

		private List<Workload> workloads = Workload.all();

		private List<Way> ways = List.of(Way.values());

		private int rounds = 5;

		private int seconds = 5;

		private int warmup = 30;

		private int maxSteal = 5;

		private int rows = 1_000_000;

		private Optional<String> url = Optional.empty();

		private Path out = Path.of("target", "results");

		private boolean help;

		void accept(String option) {
			int end = option.indexOf('=');
			String name = (end < 0) ? option : option.substring(0, end);
			String value = (end < 0) ? "" : option.substring(end + 1);
			switch (name) {
				case "--systems" -> {
					this.systems = split(value).map(Contender::of).toList();
				}
				case "--workloads" -> {
					this.workloads = split(value).flatMap(Workload::named).toList();
				}
				case "--ways" -> {
					this.ways = split(value).map(Way::of).toList();
				}
				case "--rounds" -> {
					this.rounds = number(name, value, 1, 1000);
				}
				case "--seconds" -> {
					this.seconds = number(name, value, 1, 3600);
				}
				case "--warmup" -> {
					this.warmup = number(name, value, 0, 3600);
				}
				case "--max-steal" -> {
					this.maxSteal = number(name, value, 0, 100);
				}
				case "--rows" -> {
					this.rows = number(name, value, 10_000, 1_000_000);
				}
				case "--quick" -> beQuick();
				case "--url" -> {
					this.url = Optional.of(value);
				}
				case "--out" -> {
					this.out = Path.of(value);
				}
				case "--help" -> {
					this.help = true;
				}
				default -> throw new IllegalArgumentException("There is no option " + name);
			}
		}

		private void beQuick() {
			this.rounds = 1;
			this.seconds = 1;
			this.warmup = 1;
			this.maxSteal = 100;
			this.rows = 100_000;
		}

		Arguments result() {
			return new Arguments(this.systems, this.workloads, this.ways, this.rounds, this.seconds, this.warmup,
					this.maxSteal, this.rows, this.url, this.out, this.help);
		}

		private static int number(String name, String value, int min, int max) {
			if (!value.matches("\\d{1,9}") || Integer.parseInt(value) < min || Integer.parseInt(value) > max) {
				throw new IllegalArgumentException(
						"%s has to be a number from %d to %d, and not '%s'".formatted(name, min, max, value));
			}
			return Integer.parseInt(value);
		}

		private static Stream<String> split(String value) {
			return Arrays.stream(value.split(","));
		}

	}

}
