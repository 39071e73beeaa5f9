package dev.asyncmysql.connection.stress;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import dev.asyncmysql.RequiresMySql;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import org.junit.jupiter.api.BeforeAll;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What one caller does to its session, the next one does not find.
 */
@RequiresMySql
class SessionHygieneIT {

	private static final String SNAPSHOT = "SELECT CONCAT_WS('|', @@autocommit, @@transaction_isolation, "
			+ "@@max_execution_time, @@innodb_lock_wait_timeout, @@sql_mode, @@time_zone, @@character_set_client, "
			+ "@@foreign_key_checks, DATABASE(), (SELECT COUNT(*) "
			+ "FROM performance_schema.user_variables_by_thread JOIN performance_schema.threads USING (thread_id) "
			+ "WHERE processlist_id = CONNECTION_ID()))";

	private static final String LOCK = "SELECT IS_FREE_LOCK('tidy')";

	@BeforeAll
	static void schema() {
		Mysqld mysql = Mysqld.shared();
		mysql.execute("CREATE DATABASE IF NOT EXISTS tidy_other");
		mysql.execute("CREATE TABLE IF NOT EXISTS tidy (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(20))");
		mysql.execute("DROP PROCEDURE IF EXISTS tidy_set");
		mysql.execute("CREATE PROCEDURE tidy_set() SET @tidy = 'set'");
	}

	@EachWiring("6a. What the API has set")
	void setByApi(Setup setup) {
		try (Wired wired = open(setup, Map.of())) {
			String id = one(wired, "SELECT CONNECTION_ID()");
			assertClean(wired, (connection) -> connection.setAutoCommit(false));
			assertClean(wired, (connection) -> connection.setTransactionIsolationLevel(IsolationLevel.SERIALIZABLE));
			assertClean(wired, (connection) -> connection.setStatementTimeout(Duration.ofSeconds(7)));
			assertClean(wired, (connection) -> connection.setLockWaitTimeout(Duration.ofSeconds(7)));
			assertClean(wired,
					(connection) -> Flux.concat(connection.setAutoCommit(false),
							connection.setLockWaitTimeout(Duration.ofSeconds(3)),
							run(connection, "INSERT INTO tidy (text) VALUES ('lost')")));
			if (setup.wiring() != Wiring.PLAIN) {
				assertThat(one(wired, "SELECT CONNECTION_ID()")).as("the same connection, restored").isEqualTo(id);
			}
		}
		assertThat(Mysqld.shared().execute("SELECT text FROM tidy WHERE text = 'lost'")).isEmpty();
	}

	@EachWiring("6b. What SQL text has set")
	void setByText(Setup setup) {
		try (Wired wired = open(setup, Map.of())) {
			for (String sql : List.of("SET autocommit = 0", "set session transaction isolation level read committed",
					"SET SESSION max_execution_time = 7000", "SET innodb_lock_wait_timeout = 7", "SET @tidy = 'set'",
					"/* a comment */ SET sql_mode = ''", "SET time_zone = '+05:00'", "SET NAMES latin1",
					"/*!80000 SET @tidy = 'set' */", "SELECT 1 INTO @tidy", "SELECT @tidy := 5",
					"SELECT 1; SET foreign_key_checks = 0", "USE tidy_other", "SELECT GET_LOCK('tidy', 1)")) {
				assertClean(wired, (connection) -> run(connection, sql));
			}
			assertClean(wired,
					(connection) -> Flux
						.from(connection.createBatch().add("SELECT 1").add("SET @tidy = 'set'").execute())
						.concatMap(Result::getRowsUpdated)
						.then());
			assertClean(wired,
					(connection) -> Flux.from(connection.createStatement("SET @tidy = ?").bind(0, "set").execute())
						.concatMap(Result::getRowsUpdated)
						.then());
		}
	}

	@EachWiring("6c. Temporary tables and locked tables")
	void tables(Setup setup) {
		try (Wired wired = open(setup, Map.of())) {
			assertClean(wired, (connection) -> run(connection, "CREATE TEMPORARY TABLE tidy_gone (i INT)"));
			StepVerifier.create(with(wired, (connection) -> run(connection, "SELECT * FROM tidy_gone")))
				.expectErrorSatisfies((ex) -> assertThat(ex).hasMessageContaining("tidy_gone"))
				.verify(Stress.LIMIT);
			assertClean(wired, (connection) -> run(connection, "LOCK TABLES tidy READ"));
			one(wired, "SELECT COUNT(*) FROM information_schema.tables");
			assertClean(wired, (connection) -> run(connection, "PREPARE tidy FROM 'SELECT 1'"));
		}
	}

	@EachWiring("6d. What a procedure has set, where procedures are not trusted")
	void procedures(Setup setup) {
		try (Wired wired = open(setup, Map.of("pool.after-procedure", "discard"))) {
			assertClean(wired, (connection) -> run(connection, "CALL tidy_set()"));
		}
	}

	@EachWiring("6e. A transaction begun by text")
	void transactionByText(Setup setup) {
		try (Wired wired = open(setup, Map.of())) {
			assertClean(wired, (connection) -> Flux.concat(run(connection, "START TRANSACTION"),
					run(connection, "INSERT INTO tidy (text) VALUES ('open')")));
		}
		assertThat(Mysqld.shared().execute("SELECT text FROM tidy WHERE text = 'open'")).isEmpty();
	}

	private static void assertClean(Wired wired, Function<Connection, Publisher<Void>> change) {
		String before = one(wired, SNAPSHOT);
		StepVerifier.create(with(wired, change)).expectComplete().verify(Stress.LIMIT);
		assertThat(one(wired, SNAPSHOT)).isEqualTo(before);
		assertThat(Mysqld.shared().execute(LOCK)).containsExactly("1");
		StepVerifier.create(with(wired, (connection) -> run(connection, "INSERT INTO tidy (text) VALUES ('stays')")))
			.expectComplete()
			.verify(Stress.LIMIT);
		assertThat(Mysqld.shared().execute("SELECT text FROM tidy WHERE text = 'stays'"))
			.as("the write of the next caller")
			.hasSize(1);
		Mysqld.shared().execute("DELETE FROM tidy");
	}

	private static String one(Wired wired, String sql) {
		return with(wired,
				(connection) -> Flux.from(connection.createStatement(sql).execute())
					.concatMap((result) -> result.map((Readable row) -> String.valueOf(row.get(0)))))
			.collectList()
			.blockOptional(Stress.LIMIT)
			.orElseThrow()
			.get(0);
	}

	private static Mono<Void> run(Connection connection, String sql) {
		return Flux.from(connection.createStatement(sql).execute()).concatMap(Result::getRowsUpdated).then();
	}

	private static <T> Flux<T> with(Wired wired, Function<Connection, Publisher<T>> work) {
		return Flux.usingWhen(wired.pool().create(), work, Connection::close);
	}

	private static Wired open(Setup setup, Map<String, Object> properties) {
		Map<String, Object> all = new HashMap<>(properties);
		all.put("pool.max-size", 1);
		return setup.open(Mysqld.shared(), all);
	}

}
