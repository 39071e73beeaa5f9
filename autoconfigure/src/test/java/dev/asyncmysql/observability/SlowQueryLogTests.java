package dev.asyncmysql.observability;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

import dev.asyncmysql.ConnectionSettings.SlowQuery;
import dev.asyncmysql.connection.ExecutedStatement;
import dev.asyncmysql.connection.ExecutedStatement.Outcome;
import io.r2dbc.spi.R2dbcTransientResourceException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.util.context.Context;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SlowQueryLog}.
 */
@ExtendWith(OutputCaptureExtension.class)
class SlowQueryLogTests {

	private final AtomicLong now = new AtomicLong(-1_000);

	@Test
	void aLineTellsWhatIsKnown(CapturedOutput output) {
		log(false, 10).executed(statement(1_234, Outcome.SUCCESS, null));
		assertThat(output).containsPattern(
				"WARN .* Slow query: 1234 ms, 3 ms of waiting for its connection before, 1 row, GET /x: SELECT \\?\\R");
	}

	@Test
	void aFailureAndACancelAreTold(CapturedOutput output) {
		SlowQueryLog log = log(true, 10);
		log.executed(statement(500, Outcome.ERROR, new R2dbcTransientResourceException("no", "40001", 1213)));
		log.executed(statement(500, Outcome.ERROR, new IllegalStateException("no")));
		log.executed(statement(500, Outcome.CANCELLED, null));
		assertThat(output).contains("failed with 1213, GET /x: SELECT 'secret'")
			.contains("1 row, failed, GET /x")
			.contains("1 row, cancelled by its caller, GET /x");
	}

	@Test
	void aTextThatIsShownIsOneLineToo(CapturedOutput output) {
		log(true, 10).executed(
				new ExecutedStatement("SELECT 'a\u0085b\u001B[2J\n2026 WARN forged'", Duration.ofSeconds(1).toNanos(),
						0, 1, Outcome.SUCCESS, null, Context.of("origin", "GET /x"), null, null));
		assertThat(output).containsPattern("GET /x: SELECT 'a b \\[2J 2026 WARN forged'\\R");
	}

	@Test
	void whatIsFasterThanTheThresholdIsNotLogged(CapturedOutput output) {
		log(false, 10).executed(statement(499, Outcome.SUCCESS, null));
		assertThat(output).doesNotContain("Slow query");
	}

	@Test
	void noMoreThanSomeLinesAMinute(CapturedOutput output) {
		SlowQueryLog log = log(false, 2);
		for (int i = 0; i < 5; i++) {
			log.executed(statement(500 + i, Outcome.SUCCESS, null));
		}
		assertThat(output).contains("500 ms").contains("501 ms").doesNotContain("502 ms");
		this.now.addAndGet(Duration.ofMinutes(1).toNanos());
		log.executed(statement(600, Outcome.SUCCESS, null));
		log.executed(statement(601, Outcome.SUCCESS, null));
		assertThat(output).containsPattern("600 ms.* \\(3 more were not logged, by slow-query.max-per-minute\\)\\R")
			.containsPattern("601 ms.*SELECT \\?\\R");
	}

	private SlowQueryLog log(boolean showValues, int maxPerMinute) {
		return new SlowQueryLog(new SlowQuery(Duration.ofMillis(500), showValues, maxPerMinute, false),
				(context) -> context.get("origin"), null, this.now::get);
	}

	private static ExecutedStatement statement(long millis, Outcome outcome, @Nullable Throwable failure) {
		return new ExecutedStatement("SELECT 'secret'", Duration.ofMillis(millis).toNanos(),
				Duration.ofMillis(3).toNanos(), 1, outcome, failure, Context.of("origin", "GET /x"), null, null);
	}

}
