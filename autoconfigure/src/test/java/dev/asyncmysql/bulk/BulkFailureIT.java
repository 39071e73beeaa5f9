package dev.asyncmysql.bulk;

import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import dev.asyncmysql.autoconfigure.BulkWriterAutoConfiguration;
import dev.asyncmysql.autoconfigure.MySqlTransactionAutoConfiguration;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mockito.AdditionalAnswers;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizationAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.transaction.IllegalTransactionStateException;
import org.springframework.transaction.reactive.TransactionalOperator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willAnswer;
import static org.mockito.Mockito.mock;

/**
 * What bulk writing says, keeps and undoes when something fails on a real MySQL.
 */
@RequiresMySql
@ExtendWith(OutputCaptureExtension.class)
class BulkFailureIT {

	private static final Duration LIMIT = Duration.ofSeconds(60);

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				MySqlTransactionAutoConfiguration.class, TransactionManagerCustomizationAutoConfiguration.class,
				TransactionAutoConfiguration.class, BulkWriterAutoConfiguration.class))
		.withPropertyValues(MySqlServer.properties())
		.withPropertyValues("async-mysql.pool.max-size=2");

	@Test
	void aSearchThatFindsNothingLeavesNothingInACallersTransaction() {
		createTable("vanishing");
		MySqlServer.execute("CREATE TRIGGER vanishing_trigger BEFORE INSERT ON vanishing FOR EACH ROW BEGIN "
				+ "IF NEW.amount = 3 AND @seen IS NULL THEN SET @seen = 1; "
				+ "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'busy'; END IF; END");
		this.contexts.run((context) -> {
			AtomicInteger refused = new AtomicInteger();
			Mono<?> write = insert(context, "vanishing", rows(10)).execute()
				.onErrorResume(BulkWriteException.class, (ex) -> {
					assertThat(ex.getRow()).isEqualTo(-1);
					refused.incrementAndGet();
					return Mono.empty();
				});
			context.getBean(TransactionalOperator.class).transactional(write).block(LIMIT);
			assertThat(refused).hasValue(1);
			assertThat(MySqlServer.execute("SELECT COUNT(*) FROM vanishing")).containsExactly("0");
		});
	}

	@Test
	void aCancelInTheSearchLeavesNothingInACallersTransaction(CapturedOutput output) {
		createTable("searched");
		MySqlServer.execute("CREATE TRIGGER searched_trigger BEFORE INSERT ON searched FOR EACH ROW "
				+ "SET @slow = IF(NEW.amount = 8, SLEEP(1), 0)");
		this.contexts.run((context) -> {
			Flux<Object[]> rows = rows(9).concatWith(rows(1));
			Mono<?> write = insert(context, "searched", rows).execute()
				.timeout(Duration.ofMillis(1500))
				.onErrorResume(TimeoutException.class, (ex) -> Mono.empty());
			context.getBean(TransactionalOperator.class).transactional(write).block(LIMIT);
			assertThat(MySqlServer.execute("SELECT COUNT(*) FROM searched")).containsExactly("0");
		});
		assertThat(output).doesNotContain("Async resource cleanup failed");
	}

	@Test
	void aColumnWithoutADefaultIsNotBlamedOnARow() {
		createTable("defaultless");
		this.contexts.run((context) -> StepVerifier
			.create(context.getBean(BulkWriter.class)
				.insertInto("defaultless")
				.columns("amount")
				.rows(Flux.range(0, 10), (i) -> new Object[] { i })
				.execute())
			.expectErrorSatisfies((ex) -> assertThat(ex).isExactlyInstanceOf(DataIntegrityViolationException.class)
				.hasMessageContaining("Field 'name' doesn't have a default value"))
			.verify(LIMIT));
	}

	@Test
	void aSecondWriterInATransactionIsRefusedAsWell() {
		createTable("second_writer");
		this.contexts.run((context) -> {
			BulkWriter other = BulkWriter.create(context.getBean(ConnectionPool.class));
			Mono<?> first = insert(context, "second_writer", rows(1000)).execute();
			Mono<?> second = other.insertInto("second_writer").columns("name", "amount").rows(rows(1)).execute();
			StepVerifier.create(context.getBean(TransactionalOperator.class).transactional(Mono.when(first, second)))
				.expectError(IllegalTransactionStateException.class)
				.verify(LIMIT);
		});
	}

	@Test
	void aConnectionThatCannotBeClosedHidesNotThatAllIsWritten() {
		createTable("unclosed");
		this.contexts.run((context) -> {
			ConnectionFactory pool = context.getBean(ConnectionPool.class);
			ConnectionFactory unclosed = mock(ConnectionFactory.class);
			given(unclosed.create()).willAnswer((call) -> Mono.from(pool.create()).map(BulkFailureIT::unclosed));
			Mono<BulkProgress> write = BulkWriter.create(unclosed)
				.insertInto("unclosed")
				.columns("name", "amount")
				.rows(rows(10))
				.execute();
			StepVerifier.create(write)
				.assertNext((progress) -> assertThat(progress.rows()).isEqualTo(10))
				.expectComplete()
				.verify(LIMIT);
		});
	}

	@Test
	void aSourceThatFailsBorrowsNoConnection() {
		createTable("unborrowed");
		this.contexts.withPropertyValues("async-mysql.pool.max-acquire-time=1s").run((context) -> {
			ConnectionPool pool = context.getBean(ConnectionPool.class);
			insert(context, "unborrowed", rows(1)).commitEachChunk().execute().block(LIMIT);
			List<Connection> lent = new ArrayList<>();
			IllegalStateException own = new IllegalStateException("the source");
			Flux<Object[]> rows = rows(10).skip(1)
				.concatWith(
						Flux.range(0, 2).concatMap((i) -> pool.create()).doOnNext(lent::add).thenMany(Flux.error(own)));
			StepVerifier.create(insert(context, "unborrowed", rows).maxRows(9).commitEachChunk().execute())
				.expectErrorMatches((ex) -> ex == own)
				.verify(LIMIT);
			Flux.fromIterable(lent).flatMap(Connection::close).blockLast(LIMIT);
		});
	}

	@Test
	void aCommitThatFailsIsSpringsException() {
		createTable("uncommitted");
		this.contexts.run((context) -> {
			Mono<?> write = insert(context, "uncommitted",
					rows(10).concatWith(Mono.delay(Duration.ofMillis(300))
						.publishOn(Schedulers.boundedElastic())
						.doOnNext((tick) -> killAll())
						.then(Mono.empty())))
				.maxRows(10)
				.execute();
			StepVerifier.create(write).expectError(DataAccessException.class).verify(LIMIT);
		});
		assertThat(MySqlServer.execute("SELECT COUNT(*) FROM uncommitted")).containsExactly("0");
	}

	private static void killAll() {
		MySqlServer
			.execute("SELECT ID FROM performance_schema.processlist WHERE USER = 'root' AND ID <> CONNECTION_ID()")
			.forEach((id) -> MySqlServer.execute("KILL " + id));
	}

	@Test
	void noConnectionAfterCommittedChunksSaysWhatIsWritten() {
		createTable("starved");
		this.contexts.withPropertyValues("async-mysql.pool.max-acquire-time=1s").run((context) -> {
			ConnectionPool pool = context.getBean(ConnectionPool.class);
			List<Connection> lent = Collections.synchronizedList(new ArrayList<>());
			AtomicInteger chunks = new AtomicInteger();
			Mono<?> write = insert(context, "starved", rows(100)).maxRows(10)
				.commitEachChunk()
				.onProgress((progress) -> {
					if (chunks.incrementAndGet() == 2) {
						pool.create().subscribe(lent::add);
						pool.create().subscribe(lent::add);
					}
				})
				.execute();
			StepVerifier.create(write)
				.expectErrorSatisfies(
						(ex) -> assertThat(ex).isInstanceOfSatisfying(BulkWriteException.class, (stopped) -> {
							assertThat(stopped).hasCauseInstanceOf(DataAccessResourceFailureException.class)
								.hasMessageContaining(
										"It ended before the rows from 20 on (counted from 0) were written to starved: ")
								.hasMessageEndingWith("20 rows before are committed, and none after");
							assertThat(stopped.getWritten().rows()).isEqualTo(20);
							assertThat(stopped.isOutcomeUnknown()).isFalse();
							assertThat(stopped.getRow()).isEqualTo(-1);
							assertThat(stopped.getFirstRow()).isEqualTo(20);
							assertThat(stopped.getLastRow()).isEqualTo(29);
						}))
				.verify(LIMIT);
			assertThat(MySqlServer.execute("SELECT COUNT(*) FROM starved")).containsExactly("20");
			Flux.fromIterable(lent).flatMap(Connection::close).blockLast(LIMIT);
		});
	}

	@Test
	void theSourcesOwnFailureIsPassedOnAsItIs() {
		createTable("sourceless");
		R2dbcDataIntegrityViolationException own = new R2dbcDataIntegrityViolationException("of another database",
				"23000", 1062);
		this.contexts.run((context) -> {
			BulkWriter.WriteSpec<?> write = insert(context, "sourceless", rows(25).concatWith(Mono.error(own)))
				.maxRows(10);
			StepVerifier.create(write.execute()).expectErrorMatches((ex) -> ex == own).verify(LIMIT);
			StepVerifier.create(write.commitEachChunk().execute()).expectErrorMatches((ex) -> ex == own).verify(LIMIT);
			assertThat(MySqlServer.execute("SELECT COUNT(*) FROM sourceless")).containsExactly("20");
		});
	}

	@Test
	void chunksAreCommittedWithoutAutocommit() {
		createTable("uncommitting");
		this.contexts.withPropertyValues("async-mysql.session-variables=autocommit=0").run((context) -> {
			BulkWriter.WriteSpec<?> write = insert(context, "uncommitting", rows(25).concatWith(rows(1))).maxRows(10)
				.commitEachChunk();
			StepVerifier.create(write.execute())
				.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOfSatisfying(BulkWriteException.class,
						(refused) -> assertThat(refused.getRow()).isEqualTo(25)))
				.verify(LIMIT);
			assertThat(MySqlServer.execute("SELECT COUNT(*) FROM uncommitting")).containsExactly("20");
		});
	}

	@Test
	void upsertsIntoATableThatIsNamedAsTheAlias() {
		createTable("incoming");
		this.contexts.run((context) -> {
			BulkWriter bulk = context.getBean(BulkWriter.class);
			for (String table : List.of("incoming", "test.incoming")) {
				assertThat(bulk.upsertInto(table).columns("name", "amount").rows(rows(10)).execute().block(LIMIT))
					.isNotNull();
			}
		});
		assertThat(MySqlServer.execute("SELECT COUNT(*) FROM incoming")).containsExactly("10");
	}

	@ParameterizedTest
	@CsvSource({ "stream, false", "stream, true", "buffer, false", "buffer, true", "wrapped-stream, false",
			"wrapped-stream, true", "wrapped-buffer, false", "wrapped-buffer, true" })
	void valuesThatAreReadOnceNameTheRow(String kind, boolean prepared) {
		MySqlServer.execute("DROP TABLE IF EXISTS read_once");
		MySqlServer.execute("CREATE TABLE read_once (data VARBINARY(10), UNIQUE (data))");
		this.contexts.withPropertyValues("async-mysql.use-server-prepare-statement=" + prepared)
			.run((context) -> StepVerifier
				.create(context.getBean(BulkWriter.class)
					.insertInto("read_once")
					.columns("data")
					.rows(Flux.range(0, 100), (i) -> new Object[] { data(kind, (i == 77) ? 5 : i) })
					.execute())
				.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOfSatisfying(BulkWriteException.class,
						(refused) -> assertThat(refused.getRow()).isEqualTo(77)))
				.verify(LIMIT));
	}

	private static Object data(String kind, int value) {
		byte[] bytes = String.valueOf(value).getBytes(StandardCharsets.US_ASCII);
		return switch (kind) {
			case "stream" -> new ByteArrayInputStream(bytes);
			case "buffer" -> ByteBuffer.wrap(bytes);
			case "wrapped-stream" -> Parameters.in(new ByteArrayInputStream(bytes));
			case "wrapped-buffer" -> Parameters.in(R2dbcType.VARBINARY, ByteBuffer.wrap(bytes));
			default -> throw new IllegalArgumentException(kind);
		};
	}

	@Test
	void theColumnIsNotTakenFromTheValue() {
		createTable("spoofed");
		this.contexts.run((context) -> StepVerifier
			.create(context.getBean(BulkWriter.class)
				.insertInto("spoofed")
				.columns("name", "amount")
				.rows(Flux.just(1, 2), (i) -> new Object[] { "n" + i, (i == 2) ? "column 'name'" : 1 })
				.execute())
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOfSatisfying(BulkWriteException.class,
					(refused) -> assertThat(refused.getColumn()).isEqualTo("amount")))
			.verify(LIMIT));
	}

	@Test
	void aSecondWriteAtTheSameTimeInATransactionIsRefused() {
		createTable("merged_a");
		createTable("merged_b");
		this.contexts.run((context) -> {
			TransactionalOperator transactions = context.getBean(TransactionalOperator.class);
			Mono<?> first = insert(context, "merged_a", rows(1000)).execute();
			Mono<?> second = insert(context, "merged_b", rows(1000)).execute();
			StepVerifier.create(transactions.transactional(Mono.when(first, second)))
				.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(IllegalTransactionStateException.class)
					.hasMessageContaining("Another bulk write is under way"))
				.verify(LIMIT);
			assertThat(MySqlServer.execute("SELECT COUNT(*) FROM merged_a")).containsExactly("0");
			StepVerifier.create(transactions.transactional(first.then(second).then())).expectComplete().verify(LIMIT);
			assertThat(MySqlServer.execute("SELECT COUNT(*) FROM merged_b")).containsExactly("1000");
		});
	}

	@Test
	void aFunctionThatFailsNamesTheRow() {
		createTable("failing_function");
		this.contexts.run((context) -> StepVerifier
			.create(context.getBean(BulkWriter.class)
				.insertInto("failing_function")
				.columns("name", "amount")
				.rows(Flux.range(0, 100), (i) -> new Object[] { List.of("a" + i).get(i / 77), 1 })
				.execute())
			.expectErrorSatisfies((ex) -> assertThat(ex)
				.isInstanceOfSatisfying(BulkWriteException.class,
						(refused) -> assertThat(refused.getRow()).isEqualTo(77))
				.hasMessageContaining("its values cannot be read: java.lang."))
			.verify(LIMIT));
	}

	@ParameterizedTest
	@ValueSource(strings = { "deep", "signal", "logarithm" })
	void otherErrorsOfARowNameIt(String kind) {
		MySqlServer.execute("DROP TABLE IF EXISTS others");
		MySqlServer.execute("CREATE TABLE others (id INT, document JSON, text VARCHAR(20), "
				+ "derived INT GENERATED ALWAYS AS (LN(id)) STORED)");
		MySqlServer.execute("CREATE TRIGGER others_trigger BEFORE INSERT ON others FOR EACH ROW BEGIN "
				+ "IF NEW.text = 'signal' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no', MYSQL_ERRNO = 5001; "
				+ "END IF; END");
		this.contexts.run((context) -> StepVerifier.create(context.getBean(BulkWriter.class)
			.insertInto("others")
			.columns("id", "document", "text")
			.rows(Flux.range(0, 100), (i) -> (i != 77) ? new Object[] { i + 1, "{}", "x" } : switch (kind) {
				case "deep" -> new Object[] { 1, "[".repeat(200) + "]".repeat(200), "x" };
				case "signal" -> new Object[] { 1, "{}", "signal" };
				default -> new Object[] { -1, "{}", "x" };
			})
			.execute())
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOfSatisfying(BulkWriteException.class,
					(refused) -> assertThat(refused.getRow()).isEqualTo(77)))
			.verify(LIMIT));
	}

	private static Connection unclosed(Connection connection) {
		Connection unclosed = mock(Connection.class, AdditionalAnswers.delegatesTo(connection));
		willAnswer((call) -> Mono.from(connection.close()).then(Mono.error(new IllegalStateException("not closed"))))
			.given(unclosed)
			.close();
		return unclosed;
	}

	private static BulkWriter.WriteSpec<?> insert(ApplicationContext context, String table, Flux<Object[]> rows) {
		return context.getBean(BulkWriter.class).insertInto(table).columns("name", "amount").rows(rows);
	}

	private static void createTable(String name) {
		MySqlServer.execute("DROP TABLE IF EXISTS " + name);
		MySqlServer.execute("CREATE TABLE " + name + " (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, "
				+ "name VARCHAR(20) NOT NULL UNIQUE, amount DECIMAL(19, 2))");
	}

	private static Flux<Object[]> rows(int count) {
		return Flux.range(0, count).map((i) -> new Object[] { "name " + i, i });
	}

}
