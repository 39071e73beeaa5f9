package dev.asyncmysql.connection;

import java.util.ArrayList;
import java.util.List;

import dev.asyncmysql.connection.Exchange.Kind;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * How transactions are said to have ended that a text has ended, or has not.
 */
class TransactionGuardTests {

	private final List<String> outcomes = new ArrayList<>();

	private final TransactionGuard guard;

	TransactionGuardTests() {
		ConnectionListeners listeners = new ConnectionListeners();
		listeners.add(new ConnectionListener() {

			@Override
			public void transactionEnded(@Nullable String name, TransactionOutcome outcome, long nanos) {
				TransactionGuardTests.this.outcomes.add(outcome.name());
			}

		});
		this.guard = new TransactionGuard(() -> true, () -> false, listeners);
	}

	@Test
	void whatATextHasRolledBackIsNotCommitted() {
		end("ROLLBACK", null, Kind.COMMIT);
		assertThat(this.outcomes).containsExactly("ROLLED_BACK");
	}

	@Test
	void whatATextHasCommittedIsNotRolledBack() {
		end("DROP TABLE nowhere", new R2dbcNonTransientResourceException("Unknown table", "42S02", 1051),
				Kind.ROLLBACK);
		assertThat(this.outcomes).containsExactly("COMMITTED");
	}

	@Test
	void whatCannotBePreparedCommitsNothing() {
		end("LOCK TABLES t READ", new R2dbcNonTransientResourceException("Not supported yet", "HY000", 1295),
				Kind.ROLLBACK);
		assertThat(this.outcomes).containsExactly("ROLLED_BACK");
	}

	private void end(String sql, @Nullable R2dbcException failure, Kind end) {
		this.guard.begun(null, System.nanoTime());
		this.guard.statementEnded(TransactionText.of(sql), failure, this.guard.epoch());
		this.guard.ended(end, false);
	}

}
