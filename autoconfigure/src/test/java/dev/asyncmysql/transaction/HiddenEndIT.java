package dev.asyncmysql.transaction;

import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.TestServer;
import dev.asyncmysql.UnknownOutcomeException;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.transaction.support.DefaultTransactionDefinition;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A transaction that ends in a way that its caller does not see, or that a text ends, is
 * neither committed by half nor run twice.
 */
@RequiresMySql
@ExtendWith(OutputCaptureExtension.class)
class HiddenEndIT extends AbstractHalfTests {

	HiddenEndIT() {
		super(TestServer.MYSQL);
	}

	@Test
	void anErrorThatNobodyLooksAtEndsTheTransactionAsWell() {
		this.contexts.run((context) -> {
			Throwable failure = whileLocked(context, 3,
					Mono.usingWhen(context.getBean(ConnectionFactory.class).create(),
							(c) -> Mono.from(c.beginTransaction())
								.then(execute(c, "UPDATE half SET amount = 9 WHERE id = 1"))
								.then(Mono.defer(() -> Flux
									.from(c.createStatement("UPDATE half SET amount = 9 WHERE id = 3").execute())
									.then()))
								.then(Mono.defer(() -> Mono.from(c.commitTransaction()))),
							Connection::close));
			assertThat(amounts()).containsExactly("0", "0", "0");
			assertThat(failure).isNotNull();
		});
	}

	@Test
	void afterADeadlockThatNobodyLooksAtNothingRunsOutside() {
		this.contexts.run((context) -> {
			List<Throwable> failures = Flux.just(1, 2)
				.flatMap((first) -> failing(Mono.usingWhen(context.getBean(ConnectionFactory.class).create(),
						(c) -> Mono.from(c.beginTransaction())
							.then(execute(c, "UPDATE half SET amount = amount + 1 WHERE id = " + first))
							.then(Mono.delay(Duration.ofMillis(400)))
							.then(Mono.defer(() -> Flux
								.from(c.createStatement("UPDATE half SET amount = amount + 1 WHERE id = " + (3 - first))
									.execute())
								.then()))
							.then(execute(c, "UPDATE half SET amount = amount + 10 WHERE id = 3"))
							.then(Mono.defer(() -> Mono.from(c.commitTransaction()))),
						Connection::close)))
				.collectList()
				.block(LIMIT);
			assertThat(failures).hasSize(1);
			assertThat(amounts()).containsExactly("1", "1", "10");
		});
	}

	@Test
	void anErrorThatComesLateConcernsNoOther() {
		this.contexts.withPropertyValues("async-mysql.pool.max-size=1").run((context) -> {
			ConnectionFactory factory = context.getBean(ConnectionFactory.class);
			Connection a = Mono.<Connection>from(factory.create()).blockOptional(LIMIT).orElseThrow();
			Flux.from(a.createStatement("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213").execute())
				.then()
				.block(LIMIT);
			Mono.from(a.close()).block(LIMIT);
			Throwable failure = failing(transactions(context)
				.transactional(update(context, 1).then(Mono.delay(Duration.ofSeconds(3))).then(update(context, 2))))
				.block(LIMIT);
			assertThat(failure).isNull();
			assertThat(amounts()).containsExactly("1", "1", "0");
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "COMMIT", "BEGIN", "-- end\nCOMMIT", "COMMIT AND CHAIN" })
	void whatATextHasCommittedIsNotRunAgain(String text) {
		this.contexts.run((context) -> {
			AtomicInteger runs = new AtomicInteger();
			DatabaseClient client = context.getBean(DatabaseClient.class);
			Throwable failure = whileLocked(context, 3, Mono.defer(() -> {
				runs.incrementAndGet();
				return update(context, 1).then(client.sql(text).then()).then(update(context, 3));
			}).as(transactions(context)::transactional).as(context.getBean(TransactionRetry.class)::mono));
			assertThat(failure).isNotNull();
			assertThat(amounts().get(0)).isEqualTo("1");
			assertThat(runs).hasValue(1);
		});
	}

	@Test
	void whatDdlHasCommittedBeforeItFailedIsNotRunAgain() {
		this.server.execute("CREATE TABLE half_log (id INT AUTO_INCREMENT PRIMARY KEY)");
		this.contexts.withPropertyValues("async-mysql.session-variables=lock_wait_timeout=1").run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			AtomicInteger runs = new AtomicInteger();
			Throwable failure = whileLocked(context, 3, Mono.defer(() -> {
				runs.incrementAndGet();
				return client.sql("INSERT INTO half_log VALUES ()")
					.then()
					.then(client.sql("ALTER TABLE half ADD COLUMN x INT").then());
			}).as(transactions(context)::transactional).as(context.getBean(TransactionRetry.class)::mono));
			assertThat(failure).isNotNull();
			assertThat(this.server.execute("SELECT COUNT(*) FROM half_log")).containsExactly("1");
		});
	}

	@Test
	void whatWasWrittenWhileItWasSuspendedIsNotWrittenAgain() {
		this.contexts.run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			TransactionalOperator none = transactions(context, TransactionDefinition.PROPAGATION_NOT_SUPPORTED);
			failing(Mono
				.defer(() -> update(context, 2).as(none::transactional)
					.then(client.sql("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213").then()))
				.as(transactions(context)::transactional)
				.as(context.getBean(TransactionRetry.class)::mono)).block(LIMIT);
			assertThat(amounts().get(1)).isEqualTo("1");
		});
	}

	@Test
	void anInnerCommitOfUnknownOutcomeIsNotRunAgain() throws SQLException {
		try (java.sql.Connection jdbc = this.server.connect()) {
			this.contexts.withPropertyValues("async-mysql.response-timeout=1s").run((context) -> {
				DatabaseClient client = context.getBean(DatabaseClient.class);
				AtomicInteger runs = new AtomicInteger();
				TransactionalOperator alone = transactions(context, TransactionDefinition.PROPAGATION_REQUIRES_NEW);
				Throwable failure = failing(Mono.defer(() -> {
					int run = runs.incrementAndGet();
					return update(context, 1).publishOn(Schedulers.boundedElastic())
						.doOnNext((n) -> sql(jdbc, (run > 1) ? "DO 1" : "FLUSH TABLES WITH READ LOCK"))
						.as(alone::transactional)
						.onErrorResume((ex) -> Mono.<Long>fromRunnable(() -> sql(jdbc, "UNLOCK TABLES"))
							.subscribeOn(Schedulers.boundedElastic()))
						.then(client.sql("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213").then());
				}).as(transactions(context)::transactional).as(context.getBean(TransactionRetry.class)::mono))
					.block(LIMIT);
				assertThat(runs).hasValue(1);
			});
		}
	}

	@Test
	void norWhereTheSessionHasNoAutocommit() {
		this.contexts.withPropertyValues("async-mysql.session-variables=autocommit=0").run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			Throwable failure = failing(Mono
				.defer(() -> update(context, 1).then(client.sql("CREATE TABLE IF NOT EXISTS half_ddl (id INT)").then())
					.then(client.sql("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213").then()))
				.as(transactions(context)::transactional)
				.as(context.getBean(TransactionRetry.class)::mono)).block(LIMIT);
			assertThat(amounts().get(0)).isEqualTo("1");
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "COMMIT", "-- end\nCOMMIT", "batch" })
	void aTextThatCommitsAndIsLostIsUnknown(String text) throws SQLException {
		try (java.sql.Connection jdbc = this.server.connect()) {
			this.contexts.run((context) -> {
				Connection connection = Mono.<Connection>from(context.getBean(ConnectionFactory.class).create())
					.blockOptional(LIMIT)
					.orElseThrow();
				Mono.from(connection.beginTransaction())
					.then(execute(connection, "UPDATE half SET amount = 1 WHERE id = 1"))
					.block(LIMIT);
				Long id = Flux.from(connection.createStatement("SELECT CONNECTION_ID()").execute())
					.flatMap((result) -> result.map((row) -> row.get(0, Long.class)))
					.blockLast(LIMIT);
				sql(jdbc, "FLUSH TABLES WITH READ LOCK");
				Mono<Void> commit = text.equals("batch")
						? Flux.from(connection.createBatch().add("DO 1").add("COMMIT").execute())
							.concatMap(Result::getRowsUpdated)
							.then()
						: execute(connection, text);
				Throwable failure = Mono
					.zip(failing(commit),
							Mono.delay(Duration.ofMillis(500))
								.publishOn(Schedulers.boundedElastic())
								.doOnNext((tick) -> sql(jdbc, "KILL " + id)))
					.blockOptional(LIMIT)
					.orElseThrow()
					.getT1();
				sql(jdbc, "UNLOCK TABLES");
				assertThat(failure).isInstanceOf(UnknownOutcomeException.class);
				Mono.from(connection.close()).onErrorComplete().block(LIMIT);
			});
		}
	}

	@Test
	void aDeadlineCountsAlsoWhereItsStatementCannotBeKilled() {
		this.contexts.withPropertyValues("async-mysql.cancel.kill-query=false").run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			AtomicInteger runs = new AtomicInteger();
			DefaultTransactionDefinition definition = new DefaultTransactionDefinition();
			definition.setTimeout(1);
			Throwable failure = failing(Mono.defer(() -> {
				runs.incrementAndGet();
				return update(context, 1).then(client.sql("SELECT SLEEP(5)").fetch().all().then().onErrorComplete());
			}).as(transactions(context, definition)::transactional).as(context.getBean(TransactionRetry.class)::mono))
				.block(LIMIT);
			assertThat(failure).isInstanceOf(QueryTimeoutException.class);
			assertThat(runs).hasValue(1);
		});
	}

	@Test
	void ddlThatFailsHasCommittedAndIsTold(CapturedOutput output) {
		this.contexts.run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			assertThat(failing(update(context, 1).then(client.sql("CREATE TABLE half (id INT)").then())
				.as(transactions(context)::transactional)).block(LIMIT)).isNotNull();
			assertThat(amounts()).containsExactly("1", "0", "0");
			assertThat(output).contains("was committed by a statement inside it (CREATE TABLE …)");
		});
	}

	@Test
	void ddlThatAReadOnlySessionRefusesHasCommittedAndIsTold(CapturedOutput output) {
		this.contexts.withPropertyValues("async-mysql.session-variables=transaction_read_only=1").run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			assertThat(failing(update(context, 1).then(client.sql("CREATE TABLE half_ddl (id INT)").then())
				.as(transactions(context)::transactional)).block(LIMIT)).hasMessageContaining("READ ONLY transaction");
			assertThat(amounts()).containsExactly("1", "0", "0");
			assertThat(output).contains("was committed by a statement inside it (CREATE TABLE …)");
		});
	}

	@AfterEach
	void takeWritesAgain() {
		this.server.execute("SET GLOBAL read_only = 0");
	}

	@ParameterizedTest
	@ValueSource(strings = { "CREATE TABLE half_ddl (id INT)", "CREATE USER half_user", "LOCK TABLES half WRITE" })
	void whatAServerWithoutWritesRefusesHasNotCommitted(String ddl, CapturedOutput output) {
		this.contexts.run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			Throwable failure = failing(update(context, 1)
				.then(Mono.fromRunnable(() -> this.server.execute("SET GLOBAL super_read_only = 1"))
					.subscribeOn(Schedulers.boundedElastic()))
				.then(client.sql(ddl).then())
				.as(transactions(context)::transactional)).block(LIMIT);
			takeWritesAgain();
			assertThat(failure).hasMessageContaining("read-only");
			assertThat(amounts()).containsExactly("0", "0", "0");
			assertThat(output).doesNotContain("was committed by");
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "/*x*/ ROLLBACK", "-- x\nrollback work", "ROLLBACK /* to be sure */" })
	void aTextRollsBackWhatCanOnlyBeRolledBack(String text) {
		this.contexts.run((context) -> {
			Throwable failure = whileLocked(context, 3,
					Mono.usingWhen(context.getBean(ConnectionFactory.class).create(),
							(connection) -> Mono.from(connection.beginTransaction())
								.then(execute(connection, "UPDATE half SET amount = 9 WHERE id = 1"))
								.then(execute(connection, "UPDATE half SET amount = 9 WHERE id = 3").onErrorComplete())
								.then(execute(connection, text))
								.then(execute(connection, "UPDATE half SET amount = 7 WHERE id = 2")),
							Connection::close));
			assertThat(failure).isNull();
			assertThat(amounts()).containsExactly("0", "7", "0");
		});
	}

	private static void sql(java.sql.Connection jdbc, String sql) {
		try (Statement statement = jdbc.createStatement()) {
			statement.execute(sql);
		}
		catch (SQLException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
