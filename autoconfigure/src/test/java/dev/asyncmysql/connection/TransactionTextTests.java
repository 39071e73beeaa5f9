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
			"DROP TEMPORARY TABLE t", "SELECT 1; SELECT 2", "", " ; ", "-- nothing",
			"CREATE OR REPLACE TEMPORARY TABLE t (a INT)", "PREPARE p FROM 'COMMIT'", "DEALLOCATE PREPARE p",
			"DROP PREPARE p", "LOCK INSTANCE FOR BACKUP", "ANALYZE SELECT 1", "ANALYZE FORMAT=JSON SELECT 1",
			"CHECKSUM TABLE t", "HANDLER t OPEN", "SET STATEMENT max_statement_time = (SELECT 1) FOR SELECT 1",
			// What is between quotes or in a comment
			"INSERT INTO t VALUES ('call me; grant jones')", "INSERT INTO t VALUES ('a; commit')",
			"INSERT INTO t VALUES (\"a; rollback\")", "SELECT `a; drop table t` FROM t", "SELECT 'it''s; COMMIT'",
			"SELECT 'it\\'s; COMMIT'", "SELECT '\\\\', '; COMMIT'", "SELECT 1 /* ; COMMIT */; SELECT 2",
			"SELECT '/*'; SELECT 1; SELECT '*/'", "SELECT 1 -- ; COMMIT\n; SELECT 2",
			"SELECT /*+ NO_ICP(t) */ 1; SELECT 2" })
	void theseCommitNothing(String sql) {
		assertThat(TransactionText.of(sql)).isEqualTo(TransactionText.PLAIN);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "CREATE TABLE t (a INT) | CREATE TABLE",
			"alter table t add b int | ALTER TABLE", "DROP TABLE t | DROP TABLE", "TRUNCATE t | TRUNCATE T",
			"BEGIN | BEGIN", "BEGIN WORK; SELECT 1 | BEGIN WORK", "BEGIN /* all */; SELECT 1 | BEGIN",
			"START TRANSACTION | START TRANSACTION", "LOCK TABLES t READ | LOCK TABLES",
			"GRANT ALL ON *.* TO me | GRANT ALL", "UPDATE t SET a = 1; DROP TABLE t | DROP TABLE",
			"# first\\nDROP TABLE t | DROP TABLE", "SET @a='#'; DROP TABLE t | DROP TABLE",
			"INSERT INTO t VALUES ('--'); TRUNCATE t | TRUNCATE T", "SET PASSWORD = 'secret' | SET PASSWORD",
			"CHECK TABLE t | CHECK TABLE", "ANALYZE LOCAL TABLE t | ANALYZE LOCAL",
			"CREATE TEMPORARY SEQUENCE s | CREATE TEMPORARY", "DROP TABLE `commit; rollback` | DROP TABLE",
			"CREATE PROCEDURE p() BEGIN COMMIT; ROLLBACK; END | CREATE PROCEDURE",
			"CREATE DEFINER=`a`@`b` TRIGGER t BEFORE INSERT ON t FOR EACH ROW BEGIN COMMIT; END | CREATE DEFINER",
			"SET STATEMENT max_statement_time = 1 FOR CREATE TABLE t (a INT) | CREATE TABLE" })
	void theseCommit(String sql, String beginning) {
		TransactionText text = TransactionText.of(sql.replace("\\n", "\n"));
		assertThat(text.kind()).isEqualTo(Kind.STATEMENT);
		assertThat(text.committing()).isEqualTo(beginning);
		assertThat(text.surely()).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "CALL p()", "SET autocommit = 1", "XA END 'x'", "/*!50000 CREATE TABLE t (a INT) */",
			"@unknown", "BEGIN NOT ATOMIC COMMIT; END", "BEGIN UPDATE t SET a = 1; COMMIT; END", "BEGIN `t`.p(); END",
			"IF 1 THEN COMMIT; END IF", "EXECUTE p", "FLUSH TABLES", "START REPLICA", "SET `autocommit` = 1",
			"SET @@session.autocommit = 1", "SELECT 1; SELECT '", "INSERT INTO t VALUES ('\\'; DROP TABLE t; -- ')" })
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
	@ValueSource(strings = { "CALL p()", "EXECUTE p", "EXECUTE IMMEDIATE 'COMMIT'", "BEGIN NOT ATOMIC COMMIT; END",
			"INSERT INTO t VALUES (1); ROLLBACK", "ROLLBACK; INSERT INTO t VALUES (1)", "/*!50000 COMMIT */",
			"unknown" })
	void theseDoNotShowHowTheyEndIt(String sql) {
		TransactionText text = TransactionText.of(sql);
		assertThat(text.kind()).isEqualTo(Kind.STATEMENT);
		assertThat(text.committing()).isNotNull();
		assertThat(text.opaque()).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "UPDATE t SET a = 1; ROLLBACK TO a", "ROLLBACK TO a; UPDATE t SET a = 1",
			"SELECT 1; ROLLBACK TO SAVEPOINT a" })
	void anUndoBesideSomethingElseIsAStatement(String sql) {
		assertThat(TransactionText.of(sql).kind()).isEqualTo(Kind.STATEMENT);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "jones secret | …", "'x' | …", "CALL p('secret') | CALL P" })
	void noValuesAreTold(String sql, String beginning) {
		assertThat(TransactionText.of(sql).committing()).isEqualTo(beginning);
	}

	@ParameterizedTest
	@ValueSource(strings = { "ROLLBACK", "rollback work", "/*x*/ ROLLBACK", "ROLLBACK /* to be sure */",
			"ROLLBACK; -- done" })
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
			.isEqualTo(new TransactionText(Kind.COMMIT, "DROP TABLE", true, false));
	}

}
