package dev.asyncmysql.benchmarks;

import java.nio.file.Path;
import java.time.Duration;

import dev.asyncmysql.benchmarks.process.Contender;
import dev.asyncmysql.benchmarks.workload.Way;
import dev.asyncmysql.benchmarks.workload.Workload;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link Arguments}.
 */
class ArgumentsTests {

	@Test
	void measuresEverythingForLongEnoughWithoutOptions() {
		Arguments arguments = Arguments.parse();
		assertThat(arguments.systems()).containsExactly(Contender.values());
		assertThat(arguments.workloads()).isEqualTo(Workload.all());
		assertThat(arguments.ways()).containsExactly(Way.values());
		assertThat(arguments.warmupTime()).isEqualTo(Duration.ofSeconds(30));
		assertThat(arguments.rounds()).isGreaterThan(1);
		assertThat(arguments.rows()).isEqualTo(1_000_000);
		assertThat(arguments.url()).isEmpty();
	}

	@Test
	void takesAllOptions() {
		Arguments arguments = Arguments.parse("--systems=starter,jdbc-virtual", "--workloads=select-64,page",
				"--ways=client,bulk-rows", "--rounds=3", "--seconds=7", "--warmup=0", "--rows=20000",
				"--url=mysql://a:b@c/d", "--out=results");
		assertThat(arguments.systems()).containsExactly(Contender.STARTER, Contender.JDBC_VIRTUAL);
		assertThat(arguments.workloads()).extracting(Workload::id).containsExactly("select-64", "page");
		assertThat(arguments.ways()).containsExactly(Way.CLIENT, Way.BULK_ROWS);
		assertThat(arguments.rounds()).isEqualTo(3);
		assertThat(arguments.roundTime()).isEqualTo(Duration.ofSeconds(7));
		assertThat(arguments.warmupTime()).isZero();
		assertThat(arguments.rows()).isEqualTo(20_000);
		assertThat(arguments.url()).contains("mysql://a:b@c/d");
		assertThat(arguments.out()).isEqualTo(Path.of("results"));
	}

	@Test
	void takesTheBeginningOfNames() {
		assertThat(Arguments.parse("--workloads=select").workloads()).extracting(Workload::id)
			.containsExactly("select-16", "select-64", "select-256");
	}

	@Test
	void laterOptionsOverrideWhatQuickMeans() {
		Arguments arguments = Arguments.parse("--quick", "--seconds=4");
		assertThat(arguments.rounds()).isEqualTo(1);
		assertThat(arguments.roundTime()).isEqualTo(Duration.ofSeconds(4));
	}

	@ParameterizedTest
	@ValueSource(strings = { "--sytems=starter", "--systems=oracle", "--workloads=none", "--ways=spi", "--rounds=0",
			"--rounds=x", "--rows=9999", "--rows=1000001", "--seconds=", "rounds=5" })
	void refusesWhatItDoesNotKnow(String option) {
		assertThatIllegalArgumentException().isThrownBy(() -> Arguments.parse(option));
	}

	@Test
	void tellsAllNamesInTheHelp() {
		assertThat(Arguments.parse("--help").help()).isTrue();
		assertThat(Arguments.USAGE).contains("--systems=starter,starter-defaults,", ",http-transfer");
		assertThat(Contender.values())
			.allSatisfy((contender) -> assertThat(Arguments.USAGE).containsPattern("[=,]" + contender.id() + "[,\\n]"));
	}

}
