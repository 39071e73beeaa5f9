package dev.asyncmysql.connection.stress;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

import dev.asyncmysql.RequiresMySql;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.TransactionDefinition;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * What realistic but careless use brings about: callers are told, and the next ones do
 * not notice.
 */
@RequiresMySql
class CarelessUseIT {

	private static final String MILLION = "SELECT (a.id - 1) * 1000 + b.id FROM careless_numbers a JOIN careless_numbers b";

	private static final String SLOW = "SELECT COUNT(*) FROM careless_numbers a JOIN careless_numbers b "
			+ "JOIN careless_numbers c WHERE a.id < 50 AND a.id + b.id + c.id < 0";

	@BeforeAll
	static void schema() {
		Mysqld mysql = Mysqld.shared();
		mysql.execute("CREATE TABLE IF NOT EXISTS careless_numbers (id INT PRIMARY KEY)");
		mysql.execute("INSERT IGNORE INTO careless_numbers WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL "
				+ "SELECT id + 1 FROM n WHERE id < 1000) SELECT id FROM n");
		mysql.execute("CREATE TABLE IF NOT EXISTS careless_writes (who VARCHAR(20) PRIMARY KEY)");
		mysql.execute("DROP PROCEDURE IF EXISTS careless_fails");
		mysql.execute("CREATE PROCEDURE careless_fails() BEGIN START TRANSACTION; "
				+ "INSERT INTO careless_writes VALUES ('A'); SIGNAL SQLSTATE '45000'; COMMIT; END");
		mysql.execute("DROP PROCEDURE IF EXISTS careless_lasts");
		mysql.execute("CREATE PROCEDURE careless_lasts() BEGIN START TRANSACTION; "
				+ "INSERT INTO careless_writes VALUES ('A'); " + SLOW + "; COMMIT; END");
		mysql.execute("DROP PROCEDURE IF EXISTS careless_goes_on");
		mysql.execute("CREATE PROCEDURE careless_goes_on() BEGIN SELECT 1; " + SLOW
				+ " INTO @n; INSERT INTO careless_writes VALUES ('late'); END");
	}

	@BeforeEach
	void emptyTable() {
		Mysqld.shared().execute("DELETE FROM careless_writes");
	}

	// An error packet carries no status: the driver does not know of the transaction.
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aProcedureThatFailsInItsTransactionCostsTheNextCallerNoWrite(boolean prepared) {
		try (Wired wired = open(prepared, Map.of())) {
			expectFailure(with(wired, (connection) -> run(connection, "CALL careless_fails()")));
			StepVerifier
				.create(with(wired, (connection) -> run(connection, "INSERT INTO careless_writes VALUES ('B')")))
				.verifyComplete();
			assertThat(wired.transactions()).as("open transactions").isEmpty();
			assertThat(wired.mysqld().execute("SELECT who FROM careless_writes")).containsExactly("B");
		}
	}

	@Test
	void theNextTransactionDoesNotCommitWhatAProcedureThatFailedHasLeft() {
		try (Wired wired = open(false, Map.of())) {
			expectFailure(with(wired, (connection) -> run(connection, "CALL careless_fails()")));
			StepVerifier
				.create(with(wired, (connection) -> Flux.concat(connection.beginTransaction(), run(connection, "DO 1"),
						connection.rollbackTransaction())))
				.verifyComplete();
			assertThat(wired.mysqld().execute("SELECT who FROM careless_writes")).isEmpty();
		}
	}

	@Test
	void aProcedureThatIsKilledInItsTransaction() {
		try (Wired wired = open(false, Map.of("cancel.grace", "200ms"))) {
			StepVerifier
				.create(with(wired, (connection) -> run(connection, "CALL careless_lasts()"))
					.timeout(Duration.ofMillis(100), Mono.empty()))
				.verifyComplete();
			wired.assertWhole();
			assertThat(wired.transactions()).as("open transactions").isEmpty();
			StepVerifier
				.create(with(wired, (connection) -> run(connection, "INSERT INTO careless_writes VALUES ('B')")))
				.verifyComplete();
			assertThat(wired.mysqld().execute("SELECT who FROM careless_writes")).containsExactly("B");
		}
	}

	// The connection is not watched any more, and the driver tells nobody, as the outer
	// result is paused.
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aConnectionIsResetWhileAStatementWaitsBehindAPausedOne(boolean prepared) {
		try (FaultyProxy proxy = Mysqld.shared().proxy()) {
			Map<String, Object> properties = Map.of("response-timeout", "2s", "pool.max-size", 1);
			try (Wired wired = new Setup(Wiring.GUARDED, prepared).open(Mysqld.shared().by(proxy), properties)) {
				StepVerifier.create(with(wired, (connection) -> query(connection, "SELECT 1")))
					.expectNext("1")
					.verifyComplete();
				Mono.delay(Duration.ofMillis(500)).subscribe((tick) -> proxy.reset());
				StepVerifier
					.create(with(wired,
							(connection) -> query(connection, MILLION)
								.concatMap((row) -> query(connection, "SELECT " + row))))
					.expectError()
					.verify(Duration.ofSeconds(15));
			}
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "batch", "bindings", "text" })
	void silenceBehindAResultThatNobodyConsumes(String kind) {
		try (Wired wired = open(false, Map.of("response-timeout", "1s"))) {
			StepVerifier.create(with(wired, (connection) -> Flux.from(silent(connection, kind)).then()))
				.expectError(R2dbcTimeoutException.class)
				.verify(Duration.ofSeconds(5));
		}
	}

	private static Publisher<? extends Result> silent(Connection connection, String kind) {
		return switch (kind) {
			case "batch" -> connection.createBatch().add("DO 1").add("DO SLEEP(20)").execute();
			case "bindings" -> connection.createStatement("DO SLEEP(?)").bind(0, 0).add().bind(0, 20).execute();
			default -> connection.createStatement("DO 1; DO SLEEP(20)").execute();
		};
	}

	@Test
	void rowsThatNobodyConsumes() {
		try (Wired wired = open(false, Map.of("response-timeout", "1s"))) {
			StepVerifier
				.create(with(wired,
						(connection) -> Flux.from(connection.createStatement(MILLION + " LIMIT 300").execute()).then())
					.materialize())
				.expectNextCount(1)
				.expectComplete()
				.verify(Duration.ofSeconds(10));
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "COMMIT", "ROLLBACK", "CREATE TABLE IF NOT EXISTS careless_numbers (id INT)" })
	void textEndsATransactionWithALockLimit(String end) {
		try (Wired wired = open(false, Map.of())) {
			String before = state(wired);
			StepVerifier
				.create(with(wired,
						(connection) -> Flux.concat(connection.beginTransaction(serializableWithLockLimit()),
								run(connection, end))))
				.verifyComplete();
			assertThat(state(wired)).isEqualTo(before);
		}
	}

	private static String state(Wired wired) {
		return with(wired,
				(connection) -> query(connection, "SELECT @@innodb_lock_wait_timeout")
					.map((limit) -> limit + " s, " + connection.getTransactionIsolationLevel().asSql()))
			.blockLast(Stress.LIMIT);
	}

	private static TransactionDefinition serializableWithLockLimit() {
		return new TransactionDefinition() {

			@Override
			@SuppressWarnings({ "unchecked", "NullAway" })
			public <T> T getAttribute(Option<T> option) {
				if (option == TransactionDefinition.ISOLATION_LEVEL) {
					return (T) IsolationLevel.SERIALIZABLE;
				}
				return (option == TransactionDefinition.LOCK_WAIT_TIMEOUT) ? (T) Duration.ofSeconds(7) : null;
			}

		};
	}

	@Test
	void anErrorConsumerThatThrowsHidesNothingFromTheOthersInLine() {
		try (Wired wired = open(false, Map.of("cancel.grace", "200ms"))) {
			Connection connection = wired.pool().create().blockOptional(Stress.LIMIT).orElseThrow();
			List<String> told = new CopyOnWriteArrayList<>();
			query(connection, "SELECT SLEEP(20)").subscribe(told::add, (ex) -> told.add("A"));
			query(connection, "SELECT 2").subscribe(told::add, (ex) -> {
				told.add("B");
				throw new IllegalStateException("the caller's own", ex);
			});
			query(connection, "SELECT 3").subscribe(told::add, (ex) -> told.add("C"));
			Mono.from(connection.close()).onErrorComplete().block(Stress.LIMIT);
			Awaitility.await()
				.atMost(Duration.ofSeconds(8))
				.untilAsserted(() -> assertThat(told).containsExactlyInAnyOrder("A", "B", "C"));
		}
	}

	private static void expectFailure(Publisher<?> work) {
		assertThatExceptionOfType(RuntimeException.class)
			.isThrownBy(() -> Flux.from(work).subscribeOn(Schedulers.boundedElastic()).blockLast(Stress.LIMIT));
	}

	private static Flux<String> query(Connection connection, String sql) {
		return Flux.defer(() -> connection.createStatement(sql).execute())
			.concatMap((result) -> result.map((Readable row) -> String.valueOf(row.get(0))));
	}

	private static Flux<Void> run(Connection connection, String sql) {
		return Flux.defer(() -> connection.createStatement(sql).execute())
			.concatMap(Result::getRowsUpdated)
			.thenMany(Flux.empty());
	}

	private static <T> Flux<T> with(Wired wired, Function<Connection, Publisher<T>> work) {
		return Flux.usingWhen(wired.pool().create(), work, Connection::close);
	}

	private static Wired open(boolean prepared, Map<String, Object> properties) {
		Map<String, Object> all = new HashMap<>(properties);
		all.put("pool.max-size", 1);
		return new Setup(Wiring.GUARDED, prepared).open(Mysqld.shared(), all);
	}

}
