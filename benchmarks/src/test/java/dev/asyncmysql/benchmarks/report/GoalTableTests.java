package dev.asyncmysql.benchmarks.report;

import java.util.Arrays;
import java.util.List;

import dev.asyncmysql.benchmarks.load.Measurement;
import dev.asyncmysql.benchmarks.process.Contender;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link GoalTable} and {@link Goal}.
 */
class GoalTableTests {

	private static Result result(String workload, Contender contender, long operations, long cpuMicros) {
		Measurement measurement = new Measurement(operations, 1_000_000_000, operations * cpuMicros * 1000, 0,
				new Histogram(3));
		return new Result(workload, "client", contender.title(), 1, List.of(new Round(measurement, operations)), -1,
				"");
	}

	@Test
	void comparesWhatWasMeasured() {
		List<String> lines = GoalTable.of(List.of(result("select-64", Contender.STARTER, 1600, 30),
				result("select-64", Contender.PLAIN, 1000, 75), result("select-64", Contender.JDBC_VIRTUAL, 2000, 40)))
			.lines()
			.toList();
		assertThat(lines).hasSize(3);
		assertThat(lines.get(0)).contains(" 1.60 ").endsWith("floor");
		assertThat(lines.get(1)).contains(" 0.80 ").endsWith("missed");
		assertThat(lines.get(2)).contains("CPU").contains(" 0.40 ").endsWith("stretch");
	}

	@Test
	void comparesRoundByRound() {
		Result ours = rounds(Contender.STARTER, 100, 1500, 300);
		Result theirs = rounds(Contender.PLAIN, 50, 1000, 150);
		assertThat(GoalTable.of(List.of(ours, theirs)).lines().findFirst()).hasValueSatisfying(
				(line) -> assertThat(line).contains("plain wiring", " 2.00 ", "1.75–2.00").endsWith("stretch"));
	}

	private static Result rounds(Contender contender, long... operations) {
		return new Result("select-64", "client", contender.title(), 1,
				Arrays.stream(operations)
					.mapToObj((count) -> result("select-64", contender, count, 1).rounds().get(0))
					.toList(),
				-1, "");
	}

	@Test
	void saysNothingOfWhatWasNotMeasured() {
		assertThat(GoalTable.of(List.of(result("select-64", Contender.STARTER, 1600, 30)))).isEmpty();
	}

}
