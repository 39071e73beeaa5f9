package dev.asyncmysql.connection;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

import dev.asyncmysql.TestServer;
import dev.asyncmysql.connection.Exchange.Kind;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What {@link TransactionText} says of a statement is what a server does: a row that was
 * written before it is there for others, or is not.
 */
abstract class AbstractImplicitCommitTests {

	private final TestServer server;

	AbstractImplicitCommitTests(TestServer server) {
		this.server = server;
	}

	@BeforeEach
	void createTables() {
		this.server.execute("DROP TABLE IF EXISTS implicit_row, implicit_ddl, implicit_other");
		this.server.execute("DROP PROCEDURE IF EXISTS implicit_program");
		this.server.execute("DROP USER IF EXISTS implicit_user");
		this.server.execute("CREATE TABLE implicit_row (id INT)");
		this.server.execute("CREATE TABLE implicit_ddl (id INT)");
		this.server.execute("CREATE USER implicit_user");
	}

	@ParameterizedTest
	@ValueSource(strings = { "BEGIN", "START TRANSACTION", "CREATE TABLE implicit_other (id INT)",
			"CREATE TABLE implicit_ddl (id INT)", "CREATE TABLE IF NOT EXISTS implicit_ddl (id INT)",
			"ALTER TABLE implicit_ddl ADD a INT", "ALTER TABLE implicit_nowhere ADD a INT", "DROP TABLE implicit_ddl",
			"DROP TABLE implicit_nowhere", "TRUNCATE implicit_ddl", "RENAME TABLE implicit_ddl TO implicit_other",
			"CREATE INDEX i ON implicit_ddl (id)", "CREATE PROCEDURE implicit_program() BEGIN SELECT 1; COMMIT; END",
			"LOCK TABLES implicit_ddl READ", "LOCK TABLES implicit_nowhere READ", "ANALYZE TABLE implicit_ddl",
			"ANALYZE LOCAL TABLE implicit_ddl", "CHECK TABLE implicit_ddl", "OPTIMIZE TABLE implicit_ddl",
			"REPAIR TABLE implicit_ddl", "GRANT SELECT ON *.* TO implicit_user", "CREATE USER implicit_user",
			"DROP USER implicit_user", "INSTALL PLUGIN nowhere SONAME 'nowhere.so'", "COMMIT AND CHAIN" })
	void theseCommitWhetherTheyFailOrNot(String sql) {
		assertThat(TransactionText.of(sql).surely()).isTrue();
		assertThat(isCommittedBy(sql)).isTrue();
	}

	@ParameterizedTest
	@MethodSource("committing")
	void theseCommitHere(String sql) {
		assertThat(TransactionText.of(sql).committing()).isNotNull();
		assertThat(isCommittedBy(sql)).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "SHOW TABLES", "SET @a = 1", "SET ROLE NONE", "CREATE TEMPORARY TABLE implicit_t (id INT)",
			"DROP TEMPORARY TABLE IF EXISTS implicit_t", "PREPARE p FROM 'COMMIT'", "DROP PREPARE nowhere",
			"CHECKSUM TABLE implicit_ddl", "HANDLER implicit_ddl OPEN", "USE mysql", "HELP 'x'", "DO 1",
			"EXPLAIN SELECT 1", "GET DIAGNOSTICS @a = NUMBER", "KILL QUERY 999999999", "SIGNAL SQLSTATE '45000'" })
	void theseDoNot(String sql) {
		assertThat(TransactionText.of(sql)).isEqualTo(TransactionText.PLAIN);
		assertThat(isCommittedBy(sql)).isFalse();
	}

	@ParameterizedTest
	@MethodSource("harmless")
	void theseDoNotHere(String sql) {
		assertThat(TransactionText.of(sql).kind()).isEqualTo(Kind.STATEMENT);
		assertThat(TransactionText.of(sql).surely()).isFalse();
		assertThat(isCommittedBy(sql)).isFalse();
	}

	private boolean isCommittedBy(String sql) {
		try (Connection connection = this.server.connect(); Statement statement = connection.createStatement()) {
			statement.execute("START TRANSACTION");
			statement.execute("INSERT INTO implicit_row VALUES (1)");
			try {
				statement.execute(sql);
			}
			catch (SQLException ex) {
				assertThat(ex.getErrorCode()).isNotEqualTo(1064);
			}
			return this.server.execute("SELECT COUNT(*) FROM implicit_row").equals(List.of("1"));
		}
		catch (SQLException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
