package dev.asyncmysql.connection.stress;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;

import dev.asyncmysql.RequiresMySql;
import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import org.junit.jupiter.api.BeforeAll;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Bad input and odd moments end in a clear error or the right answer, and leave a pool
 * that is whole.
 */
@RequiresMySql
class OddMomentsIT {

	private static final String MILLION = "SELECT (a.id - 1) * 1000 + b.id FROM odd_numbers a JOIN odd_numbers b";

	@BeforeAll
	static void rows() {
		Mysqld mysql = Mysqld.shared();
		mysql.execute("SET GLOBAL max_allowed_packet = 268435456");
		mysql.execute("CREATE TABLE IF NOT EXISTS odd_numbers (id INT PRIMARY KEY)");
		mysql.execute("INSERT IGNORE INTO odd_numbers WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 "
				+ "FROM n WHERE id < 1000) SELECT id FROM n");
		mysql.execute("CREATE TABLE IF NOT EXISTS odd_writes (id INT PRIMARY KEY, value LONGBLOB)");
	}

	@EachWiring("10a. A value of 64 MiB")
	void largeValues(Setup setup) {
		use(setup, (wired) -> {
			Mysqld.shared().execute("DELETE FROM odd_writes");
			// As text it is twice as long, and takes a while.
			byte[] value = new byte[(setup.prepared() || Stress.minutes() > 0) ? 64 << 20 : 16 << 20];
			Arrays.fill(value, (byte) 7);
			StepVerifier
				.create(with(wired, (connection) -> Flux
					.from(connection.createStatement("INSERT INTO odd_writes VALUES (1, ?)").bind(0, value).execute())
					.flatMap(Result::getRowsUpdated)
					.thenMany(query(connection, "SELECT LENGTH(value) FROM odd_writes"))
					.concatWith(Flux.from(connection.createStatement("SELECT value FROM odd_writes").execute())
						.flatMap((result) -> result.map((row) -> row.get(0, byte[].class)))
						.map((read) -> Arrays.equals(read, value) ? "the same" : "another"))))
				.expectNext(String.valueOf(value.length), "the same")
				.expectComplete()
				.verify(Stress.LIMIT);
		});
	}

	@EachWiring("10b. A packet over max_allowed_packet")
	void tooLargePacket(Setup setup) {
		Mysqld.shared().execute("SET GLOBAL max_allowed_packet = 1048576");
		try {
			use(setup, (wired) -> StepVerifier
				.create(with(wired,
						(connection) -> Flux
							.from(connection.createStatement("SELECT LENGTH(?)").bind(0, "x".repeat(2 << 20)).execute())
							.flatMap((result) -> result.map((row) -> String.valueOf(row.get(0))))))
				.expectError(R2dbcException.class)
				.verify(Stress.LIMIT));
		}
		finally {
			Mysqld.shared().execute("SET GLOBAL max_allowed_packet = 268435456");
		}
	}

	@EachWiring("10c. A syntax error in the middle of a batch")
	void syntaxErrorInBatch(Setup setup) {
		use(setup, (wired) -> StepVerifier.create(with(wired, (connection) -> {
			Batch batch = connection.createBatch().add("SELECT 1").add("SELEKT 2").add("SELECT 3");
			return Flux.from(batch.execute())
				.concatMap((result) -> result.map((row) -> String.valueOf(row.get(0))))
				.onErrorResume(R2dbcException.class, (ex) -> Flux.just("error"))
				.concatWith(query(connection, "SELECT 4"));
		})).expectNext("1", "error", "4").expectComplete().verify(Stress.LIMIT));
	}

	@EachWiring("10d. An error in the middle of several bindings")
	void errorInBindings(Setup setup) {
		Mysqld.shared().execute("DELETE FROM odd_writes");
		use(setup, (wired) -> StepVerifier.create(with(wired, (connection) -> {
			Statement statement = connection.createStatement("INSERT INTO odd_writes (id) VALUES (?)");
			statement.bind(0, 1).add().bind(0, 2).add().bind(0, 2).add().bind(0, 3);
			return Flux.from(statement.execute())
				.concatMap(Result::getRowsUpdated)
				.map(String::valueOf)
				.onErrorResume(R2dbcException.class, (ex) -> Flux.just("error " + ex.getErrorCode()))
				.concatWith(query(connection, "SELECT COUNT(*) FROM odd_writes"))
				.concatWith(Flux.from(connection.createStatement("DELETE FROM odd_writes").execute())
					.concatMap(Result::getRowsUpdated)
					.map(String::valueOf));
		})).expectNext("1", "1", "error 1062", "2", "2").expectComplete().verify(Stress.LIMIT));
	}

	@EachWiring("10e. A result that nobody consumes, at the end")
	void unconsumedResult(Setup setup) {
		use(setup,
				(wired) -> StepVerifier
					.create(with(wired,
							(connection) -> Mono.from(connection.createStatement(MILLION).execute())
								.thenReturn("done")))
					.expectNext("done")
					.expectComplete()
					.verify(Stress.LIMIT));
	}

	@EachWiring("10f. A result that nobody consumes, before the next statement")
	void unconsumedResultBeforeAnother(Setup setup) {
		use(setup,
				(wired) -> StepVerifier
					.create(with(wired,
							(connection) -> Mono.from(connection.createStatement(MILLION).execute())
								.thenMany(query(connection, "SELECT 5"))))
					.expectNext("5")
					.expectComplete()
					.verify(Stress.LIMIT));
	}

	@EachWiring("10g. One row of a million, and the next statement on the same connection")
	void oneRowOfAMillion(Setup setup) {
		use(setup,
				(wired) -> StepVerifier
					.create(with(wired,
							(connection) -> query(connection, MILLION).take(1).thenMany(query(connection, "SELECT 6"))))
					.expectNext("6")
					.expectComplete()
					.verify(Stress.LIMIT));
	}

	@EachWiring("10h. An exception, null, and an error in functions of the caller")
	void failingFunctions(Setup setup) {
		IllegalStateException own = new IllegalStateException("the caller's own");
		List<Function<Result, Publisher<String>>> functions = List.of((result) -> result.map((row) -> {
			throw own;
		}), (result) -> result.map((row, metadata) -> {
			throw own;
		}), (result) -> result.flatMap((segment) -> {
			throw own;
		}), (result) -> result.flatMap((segment) -> Mono.error(own)), (result) -> result.filter((segment) -> {
			throw own;
		}).map((row) -> "never"));
		use(setup, (wired) -> {
			for (Function<Result, Publisher<String>> function : functions) {
				StepVerifier
					.create(with(wired,
							(connection) -> Flux.from(connection.createStatement(MILLION + " LIMIT 3000").execute())
								.flatMap(function)
								.onErrorResume((ex) -> ex == own, (ex) -> Flux.just("own"))
								.concatWith(query(connection, "SELECT 7"))))
					.expectNext("own", "7")
					.expectComplete()
					.verify(Stress.LIMIT);
			}
			StepVerifier
				.create(with(wired,
						(connection) -> Flux.from(connection.createStatement("SELECT 1").execute())
							.<String>flatMap((result) -> result.map((row) -> nothing()))))
				.expectError(NullPointerException.class)
				.verify(Stress.LIMIT);
		});
	}

	@SuppressWarnings("NullAway")
	private static String nothing() {
		return null;
	}

	@EachWiring("10i. The same publisher subscribed to twice")
	void subscribedTwice(Setup setup) {
		use(setup, (wired) -> {
			StepVerifier.create(with(wired, (connection) -> {
				Flux<String> twice = query(connection, "SELECT 8");
				return twice.concatWith(twice);
			})).expectNext("8", "8").expectComplete().verify(Stress.LIMIT);
			StepVerifier.create(with(wired, (connection) -> {
				Flux<String> twice = Flux
					.from(connection.createStatement("SELECT CAST(? AS SIGNED)").bind(0, 9).execute())
					.flatMap((result) -> result.map((row) -> String.valueOf(row.get(0))));
				return twice.concatWith(twice.onErrorResume((ex) -> Flux.just("error")).defaultIfEmpty("nothing"));
			}))
				.expectNext("9")
				.assertNext((second) -> assertThat(second).as("the second answer").isIn("9", "error"))
				.expectComplete()
				.verify(Stress.LIMIT);
			StepVerifier
				.create(with(wired,
						(connection) -> Flux.from(connection.createStatement("SELECT 10").execute())
							.flatMap((result) -> Flux.from(result.map((row) -> String.valueOf(row.get(0))))
								.concatWith(Flux.from(result.map((row) -> String.valueOf(row.get(0))))
									.onErrorResume(IllegalStateException.class, (ex) -> Flux.just("error"))))))
				.expectNext("10", "error")
				.expectComplete()
				.verify(Stress.LIMIT);
		});
	}

	@EachWiring("10j. Statements at the same time on one connection")
	void parallelStatements(Setup setup) {
		use(setup, (wired) -> {
			StepVerifier
				.create(with(wired,
						(connection) -> Flux.range(0, 100)
							.flatMap((index) -> query(connection, "SELECT " + index), 100)
							.collectList()
							.map((answers) -> String.valueOf(answers.size()))))
				.expectNext("100")
				.expectComplete()
				.verify(Stress.LIMIT);
			StepVerifier
				.create(with(wired,
						(connection) -> Flux.zip(query(connection, "SELECT 11"), query(connection, "SELECT 12"))
							.map((both) -> both.getT1() + both.getT2())))
				.expectNext("1112")
				.expectComplete()
				.verify(Stress.LIMIT);
		});
	}

	@EachWiring("10k. A statement for each row of another, on one connection")
	void nestedStatements(Setup setup) {
		use(setup, Map.of("response-timeout", "2s"), (wired) -> {
			StepVerifier
				.create(with(wired,
						(connection) -> query(connection, "SELECT id FROM odd_numbers WHERE id <= 5")
							.concatMap((row) -> query(connection, "SELECT " + row))))
				.expectNext("1", "2", "3", "4", "5")
				.expectComplete()
				.verify(Stress.LIMIT);
			StepVerifier
				.create(with(wired,
						(connection) -> query(connection, MILLION)
							.concatMap((row) -> query(connection, "SELECT " + row))))
				.expectErrorSatisfies((ex) -> assertThat(ex).hasMessageContaining("for the one before it"))
				.verify(Duration.ofSeconds(10));
		});
	}

	@EachWiring("10l. Segments whose consumer goes away")
	void cancelledSegments(Setup setup) {
		use(setup, (wired) -> {
			AtomicInteger cancelled = new AtomicInteger();
			StepVerifier
				.create(with(wired,
						(connection) -> Flux.from(connection.createStatement(MILLION + " LIMIT 3000").execute())
							.flatMap((result) -> result
								.flatMap((segment) -> Mono.never().doOnCancel(cancelled::incrementAndGet)))
							.timeout(Duration.ofMillis(200))
							.cast(String.class)
							.onErrorResume(TimeoutException.class, (ex) -> Flux.just("time out"))
							.concatWith(query(connection, "SELECT 13"))))
				.expectNext("time out", "13")
				.expectComplete()
				.verify(Stress.LIMIT);
			assertThat(cancelled).as("publishers of the caller that were cancelled").hasPositiveValue();
		});
	}

	@EachWiring("10m. A connection that is closed twice, in the middle, and used afterwards")
	void oddCloses(Setup setup) {
		use(setup, (wired) -> {
			Connection connection = wired.pool().create().blockOptional(Stress.LIMIT).orElseThrow();
			Statement late = connection.createStatement("SELECT 14");
			Mono<List<String>> running = query(connection, "SELECT SLEEP(20)").collectList().cache();
			running.subscribe(null, (ex) -> assertThat(ex).isInstanceOf(R2dbcException.class));
			Mono.from(connection.close()).subscribe().dispose();
			StepVerifier.create(running.onErrorReturn(List.of("error")))
				.assertNext((answer) -> assertThat(answer).isNotEqualTo(List.of("0")))
				.expectComplete()
				.verify(Stress.LIMIT);
			wired.assertWhole(Stress.SETTLED);
			StepVerifier
				.create(Mono.from(connection.close()).onErrorResume(IllegalStateException.class, (ex) -> Mono.empty()))
				.expectComplete()
				.verify(Stress.LIMIT);
			StepVerifier.create(Flux.from(late.execute()).flatMap((result) -> result.map((row) -> 1)))
				.expectError()
				.verify(Stress.LIMIT);
		});
	}

	private static Flux<String> query(Connection connection, String sql) {
		return Flux.defer(() -> connection.createStatement(sql).execute())
			.concatMap((result) -> result.map((Readable row) -> String.valueOf(row.get(0))));
	}

	private static <T> Flux<T> with(Wired wired, Function<Connection, Publisher<T>> work) {
		return Flux.usingWhen(wired.pool().create(), work, Connection::close);
	}

	private static void use(Setup setup, Consumer<Wired> work) {
		use(setup, Map.of(), work);
	}

	private static void use(Setup setup, Map<String, Object> properties, Consumer<Wired> work) {
		Map<String, Object> all = new HashMap<>(properties);
		all.put("pool.max-size", 2);
		try (Wired wired = setup.open(Mysqld.shared(), all)) {
			work.accept(wired);
			wired.assertWhole(Stress.SETTLED);
		}
	}

}
