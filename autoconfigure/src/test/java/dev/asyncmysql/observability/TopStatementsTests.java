package dev.asyncmysql.observability;

import java.time.Duration;
import java.util.List;

import dev.asyncmysql.connection.ExecutedStatement;
import dev.asyncmysql.connection.ExecutedStatement.Outcome;
import dev.asyncmysql.observability.TopStatements.Figures;
import org.junit.jupiter.api.Test;
import reactor.util.context.Context;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TopStatements}.
 */
class TopStatementsTests {

	private final TopStatements statements = new TopStatements();

	@Test
	void thoseThatDifferInValuesOnlyAreOne() {
		execute("SELECT a FROM t WHERE id = 1", 10, Outcome.SUCCESS);
		execute("SELECT a FROM t WHERE id = 2", 30, Outcome.ERROR);
		execute("SELECT a FROM t WHERE id = 2", 20, Outcome.CANCELLED);
		execute("SELECT b FROM t", 100, Outcome.SUCCESS);
		assertThat(this.statements.top(2)).containsExactly(new Figures("SELECT b FROM t", 1, 0, 2, 100, 100),
				new Figures("SELECT a FROM t WHERE id = ?", 3, 1, 6, 60, 30));
		assertThat(this.statements.top(1)).hasSize(1);
	}

	@Test
	void theirNumberIsBounded() {
		for (int i = 0; i < 10_000; i++) {
			execute("SELECT column_" + i + " FROM t", 1, Outcome.SUCCESS);
		}
		List<Figures> all = this.statements.top(10_000);
		assertThat(all).hasSizeLessThanOrEqualTo(TopStatements.MOST_DIGESTS)
			.first()
			.extracting(Figures::statement)
			.isEqualTo(TopStatements.OTHERS);
		assertThat(all.stream().mapToLong(Figures::count).sum()).isEqualTo(10_000);
		assertThat(all.stream().mapToLong(Figures::rows).sum()).isEqualTo(20_000);
	}

	@Test
	void theOneThatTakesMostIsKeptWheneverItCame() {
		execute("SELECT early FROM t", 5000, Outcome.SUCCESS);
		for (int i = 0; i < 600; i++) {
			execute("SELECT column_" + i + " FROM t", 1, Outcome.SUCCESS);
		}
		for (int i = 0; i < 3; i++) {
			execute("SELECT late FROM t", 4000, Outcome.ERROR);
		}
		for (int i = 600; i < 3000; i++) {
			execute("SELECT column_" + i + " FROM t", 1, Outcome.SUCCESS);
		}
		assertThat(this.statements.top(2)).containsExactly(new Figures("SELECT late FROM t", 3, 3, 6, 12_000, 4000),
				new Figures("SELECT early FROM t", 1, 0, 2, 5000, 5000));
	}

	private void execute(String sql, long millis, Outcome outcome) {
		this.statements.executed(new ExecutedStatement(sql, Duration.ofMillis(millis).toNanos(), 0, 2, outcome, null,
				Context.empty(), null, null));
	}

}
