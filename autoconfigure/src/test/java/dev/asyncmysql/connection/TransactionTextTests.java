package dev.asyncmysql.connection;

import dev.asyncmysql.connection.Exchange.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What texts do to the transaction they are in.
 */
class TransactionTextTests {

	@ParameterizedTest
	@ValueSource(strings = { "SELECT 1", "insert into t values (1)", "(SELECT 1)", "/* why */ UPDATE t SET a = 1",
			"WITH x AS (SELECT 1) SELECT * FROM x", "SHOW TABLES", "SET @a = 1", "SET SESSION sql_mode = ''",
			"SAVEPOINT a", "RELEASE SAVEPOINT a", "EXPLAIN SELECT 1", "DO SLEEP(1)", "CREATE TEMPORARY TABLE t (a INT)",
			"DROP TEMPORARY TABLE t", "SELECT 1; SELECT 2", "", " ; ", "-- nothing" })
	void theseCommitNothing(String sql) {
		assertThat(TransactionText.of(sql)).isEqualTo(TransactionText.PLAIN);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			value = { "CREATE TABLE t (a INT) | CREATE TABLE", "alter table t add b int | ALTER TABLE",
					"DROP TABLE t | DROP TABLE", "TRUNCATE t | TRUNCATE T", "BEGIN | BEGIN",
					"START TRANSACTION | START TRANSACTION", "LOCK TABLES t READ | LOCK TABLES",
					"GRANT ALL ON *.* TO me | GRANT ALL", "UPDATE t SET a = 1; DROP TABLE t | DROP TABLE",
					"# first\\nDROP TABLE t | DROP TABLE" })
	void theseCommit(String sql, String beginning) {
		TransactionText text = TransactionText.of(sql.replace("\\n", "\n"));
		assertThat(text.kind()).isEqualTo(Kind.STATEMENT);
		assertThat(text.committing()).isEqualTo(beginning);
		assertThat(text.surely()).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "CALL p()", "SET autocommit = 1", "XA END 'x'", "/*!50000 CREATE TABLE t (a INT) */",
			"@unknown" })
	void theseMay(String sql) {
		assertThat(TransactionText.of(sql).committing()).isNotNull();
		assertThat(TransactionText.of(sql).surely()).isFalse();
	}

	@ParameterizedTest
	@ValueSource(strings = { "COMMIT", " commit work", "/*x*/COMMIT AND CHAIN", "-- end\nCOMMIT", "#\nCOMMIT",
			"UPDATE t SET a = 1; COMMIT", "ROLLBACK; COMMIT" })
	void theseAreACommit(String sql) {
		assertThat(TransactionText.of(sql).kind()).isEqualTo(Kind.COMMIT);
		assertThat(TransactionText.of(sql).surely()).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "ROLLBACK", "rollback work", "/*x*/ ROLLBACK", "ROLLBACK /* to be sure */" })
	void theseRollBack(String sql) {
		assertThat(TransactionText.of(sql).kind()).isEqualTo(Kind.ROLLBACK);
		assertThat(TransactionText.of(sql).committing()).isNotNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { "ROLLBACK TO a", "ROLLBACK WORK TO SAVEPOINT a", "rollback to savepoint a" })
	void theseUndoAPart(String sql) {
		assertThat(TransactionText.of(sql).kind()).isEqualTo(Kind.UNDO);
		assertThat(TransactionText.of(sql).committing()).isNull();
	}

	@Test
	void theStrongestOfABatchCounts() {
		TransactionText commit = TransactionText.of("COMMIT");
		assertThat(TransactionText.PLAIN.and(commit)).isEqualTo(commit);
		assertThat(commit.and(TransactionText.PLAIN)).isEqualTo(commit);
		assertThat(TransactionText.of("DROP TABLE t").and(commit))
			.isEqualTo(new TransactionText(Kind.COMMIT, "DROP TABLE", true));
	}

}
