package dev.asyncmysql.transaction;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

import dev.asyncmysql.DeadlineException;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import dev.asyncmysql.autoconfigure.MySqlTransactionAutoConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcTransactionManagerAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizationAutoConfiguration;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.TransactionExecution;
import org.springframework.transaction.TransactionExecutionListener;
import org.springframework.transaction.annotation.Isolation;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.transaction.support.DefaultTransactionDefinition;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the attributes of a transaction make the server do, as its general log tells.
 */
@RequiresMySql
class TransactionIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				MySqlTransactionAutoConfiguration.class, R2dbcTransactionManagerAutoConfiguration.class,
				TransactionManagerCustomizationAutoConfiguration.class, TransactionAutoConfiguration.class))
		.withPropertyValues(MySqlServer.properties())
		.withPropertyValues("async-mysql.pool.max-size=1")
		.withBean(Work.class);

	@AfterEach
	void logNoMore() {
		MySqlServer.execute("SET GLOBAL general_log = OFF");
	}

	@Test
	void isolationIsSetForTheTransactionAlone() {
		assertThat(statements(Work::serializable)).containsSequence("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;",
				"START TRANSACTION READ WRITE", "SELECT 'one'", "COMMIT");
	}

	@Test
	void theNextTransactionHasTheDefaultAgain() {
		List<String> statements = statements((work) -> work.serializable().then(work.limited()));
		assertThat(statements).containsSequence("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;",
				"START TRANSACTION READ WRITE", "SELECT 'one'", "COMMIT", "START TRANSACTION READ WRITE",
				"SELECT 'one'", "COMMIT");
		assertThat(statements.stream().filter((statement) -> statement.contains("ISOLATION"))).hasSize(1);
	}

	@Test
	void aNewTransactionHasAConnectionOfItsOwn() {
		assertThat(statementsOfTwo((work) -> work.outer(work.alone()).then())).containsExactly(
				"1 START TRANSACTION READ WRITE", "1 SELECT 'outer'", "2 START TRANSACTION READ WRITE",
				"2 SELECT 'alone'", "2 COMMIT", "1 SELECT 'after'", "1 COMMIT");
	}

	@Test
	void aNewTransactionThatFailsLeavesTheOther() {
		assertThat(statementsOfTwo(
				(work) -> work.outer(work.aloneAndFailing().onErrorComplete(IllegalStateException.class))))
			.containsExactly("1 START TRANSACTION READ WRITE", "1 SELECT 'outer'", "2 START TRANSACTION READ WRITE",
					"2 SELECT 'alone'", "2 ROLLBACK", "1 SELECT 'after'", "1 COMMIT");
	}

	@Test
	void withoutATransactionMeansAnotherConnection() {
		assertThat(statementsOfTwo((work) -> work.outer(work.without()))).containsExactly(
				"1 START TRANSACTION READ WRITE", "1 SELECT 'outer'", "2 SELECT 'alone'", "1 SELECT 'after'",
				"1 COMMIT");
	}

	@Test
	void readOnly() {
		assertThat(statements((work) -> work.readOnly().then())).containsSequence("START TRANSACTION READ ONLY",
				"SELECT 'one'", "SELECT 'two'", "COMMIT");
	}

	@Test
	void nestedMeansASavepoint() {
		assertThat(statements((work) -> work.outer(work.nested(false).then())).stream()
			.map((statement) -> statement.replaceAll("`.*`", "x"))).containsSequence("START TRANSACTION READ WRITE",
					"SELECT 'outer'", "SAVEPOINT x", "SELECT 'nested'", "RELEASE SAVEPOINT x", "SELECT 'after'",
					"COMMIT");
	}

	@Test
	void nestedThatFailsRollsBackToItsSavepoint() {
		assertThat(statements((work) -> work
			.outer(work.nested(true).onErrorResume(IllegalStateException.class, (ex) -> Mono.empty()))).stream()
			.map((statement) -> statement.replaceAll("`.*`", "x")))
			.containsSequence("SAVEPOINT x", "SELECT 'nested'", "ROLLBACK TO SAVEPOINT x")
			.contains("COMMIT")
			.doesNotContain("ROLLBACK");
	}

	@Test
	void anErrorRollsBack() {
		assertThat(
				statements((work) -> work.failing().onErrorResume(IllegalStateException.class, (ex) -> Mono.empty())))
			.containsSequence("START TRANSACTION READ WRITE", "SELECT 'failing'", "ROLLBACK")
			.doesNotContain("COMMIT");
	}

	@Test
	void aTimeoutCostsTheServerNothing() {
		assertThat(statements(Work::limited)).containsSequence("START TRANSACTION READ WRITE", "SELECT 'one'",
				"COMMIT");
	}

	@Test
	void theSnapshotIsTakenAtTheBegin() {
		assertThat(statements(Work::consistent))
			.containsSequence("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ WRITE", "SELECT 'one'", "COMMIT");
	}

	@Test
	void defaultTimeoutIsALimitOfTheTransaction() {
		this.contexts.withPropertyValues("spring.transaction.default-timeout=1s").run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			StepVerifier
				.create(context.getBean(TransactionalOperator.class)
					.transactional(client.sql("SELECT SLEEP(10)").fetch().rowsUpdated()))
				.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(QueryTimeoutException.class)
					.hasCauseInstanceOf(DeadlineException.class))
				.verify(LIMIT);
		});
	}

	@Test
	void listenersAreToldOfEachTransaction() {
		List<String> told = new ArrayList<>();
		this.contexts.withBean(TransactionExecutionListener.class, () -> new Listener(told)).run((context) -> {
			Work work = context.getBean(Work.class);
			work.serializable().block(LIMIT);
			work.failing().onErrorComplete(IllegalStateException.class).block(LIMIT);
		});
		assertThat(told).containsExactly("begin", "commit", "begin", "rollback");
	}

	@Test
	void operatorTakesADefinition() {
		DefaultTransactionDefinition definition = new DefaultTransactionDefinition();
		definition.setReadOnly(true);
		definition.setTimeout(3);
		this.contexts.run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			TransactionalOperator operator = TransactionalOperator
				.create(context.getBean(MySqlTransactionManager.class), definition);
			StepVerifier
				.create(operator.transactional(client.sql("SELECT @@transaction_read_only, SLEEP(10)").fetch().one()))
				.expectErrorSatisfies((ex) -> assertThat(ex.getCause()).hasMessage(
						"The transaction took longer than PT3S (its timeout, or spring.transaction.default-timeout)"))
				.verify(LIMIT);
		});
	}

	// Of the connections that the work has used, the first is 1.
	private List<String> statementsOfTwo(Function<Work, Mono<Void>> work) {
		List<String> statements = new ArrayList<>();
		this.contexts.withPropertyValues("async-mysql.pool.max-size=2").run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			List<Long> ids = ids(context.getBean(ConnectionFactory.class));
			assertThat(ids).doesNotHaveDuplicates().hasSize(2);
			client.sql("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = ON").then().block(LIMIT);
			work.apply(context.getBean(Work.class)).block(LIMIT);
			List<Long> order = new ArrayList<>();
			client.sql("SELECT thread_id, CAST(argument AS CHAR) FROM mysql.general_log WHERE thread_id IN ("
					+ ids.get(0) + ", " + ids.get(1)
					+ ") AND command_type = 'Query' AND argument REGEXP \"^(START|COMMIT|ROLLBACK|SELECT ')\" ORDER BY event_time")
				.map((row) -> {
					Long id = row.get(0, Long.class);
					if (!order.contains(id)) {
						order.add(id);
					}
					return (order.indexOf(id) + 1) + " " + row.get(1, String.class);
				})
				.all()
				.collectList()
				.doOnNext(statements::addAll)
				.block(LIMIT);
		});
		return statements;
	}

	private static List<Long> ids(ConnectionFactory factory) {
		List<Connection> connections = Flux.range(0, 2)
			.concatMap((index) -> Mono.<Connection>from(factory.create()))
			.collectList()
			.blockOptional(LIMIT)
			.orElseThrow();
		return Flux.fromIterable(connections)
			.concatMap((connection) -> connection.createStatement("SELECT CONNECTION_ID()").execute())
			.concatMap((result) -> result.map((row) -> row.get(0, Long.class)))
			.collectList()
			.delayUntil((ids) -> Flux.fromIterable(connections).concatMap(Connection::close).then())
			.blockOptional(LIMIT)
			.orElseThrow();
	}

	private List<String> statements(Function<Work, Mono<Void>> work) {
		List<String> statements = new ArrayList<>();
		this.contexts.run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			client.sql("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = ON").then().block(LIMIT);
			Long id = client.sql("SELECT CONNECTION_ID()").mapValue(Long.class).one().block(LIMIT);
			work.apply(context.getBean(Work.class)).block(LIMIT);
			client
				.sql("SELECT CAST(argument AS CHAR) FROM mysql.general_log WHERE thread_id = " + id
						+ " AND command_type = 'Query' ORDER BY event_time")
				.mapValue(String.class)
				.all()
				.collectList()
				.doOnNext(statements::addAll)
				.block(LIMIT);
		});
		return statements;
	}

	/** Writes down what it is told. */
	private record Listener(List<String> told) implements TransactionExecutionListener {

		@Override
		public void afterBegin(TransactionExecution transaction, @Nullable Throwable failure) {
			this.told.add("begin");
		}

		@Override
		public void afterCommit(TransactionExecution transaction, @Nullable Throwable failure) {
			this.told.add("commit");
		}

		@Override
		public void afterRollback(TransactionExecution transaction, @Nullable Throwable failure) {
			this.told.add("rollback");
		}

	}

	/** What is transactional. */
	static class Work {

		private final DatabaseClient client;

		Work(DatabaseClient client) {
			this.client = client;
		}

		@Transactional(isolation = Isolation.SERIALIZABLE)
		Mono<Void> serializable() {
			return select("one");
		}

		@Transactional(timeout = 5)
		Mono<Void> limited() {
			return select("one");
		}

		@Transactional(label = MySqlTransactionManager.CONSISTENT_SNAPSHOT)
		Mono<Void> consistent() {
			return select("one");
		}

		@Transactional(readOnly = true)
		Flux<String> readOnly() {
			return Flux.concat(select("one").thenReturn("1"), select("two").thenReturn("2"));
		}

		@Transactional
		Mono<Void> outer(Mono<Void> inner) {
			return select("outer").then(inner).then(select("after"));
		}

		@Transactional(propagation = Propagation.NESTED)
		Mono<Void> nested(boolean fail) {
			return select("nested").then(fail ? Mono.error(new IllegalStateException("nested")) : Mono.empty());
		}

		@Transactional(propagation = Propagation.REQUIRES_NEW)
		Mono<Void> alone() {
			return select("alone");
		}

		@Transactional(propagation = Propagation.REQUIRES_NEW)
		Mono<Void> aloneAndFailing() {
			return select("alone").then(Mono.error(new IllegalStateException("alone")));
		}

		@Transactional(propagation = Propagation.NOT_SUPPORTED)
		Mono<Void> without() {
			return select("alone");
		}

		@Transactional
		Mono<Void> failing() {
			return select("failing").then(Mono.error(new IllegalStateException("failing")));
		}

		private Mono<Void> select(String value) {
			return this.client.sql("SELECT '" + value + "'").fetch().all().then();
		}

	}

}
