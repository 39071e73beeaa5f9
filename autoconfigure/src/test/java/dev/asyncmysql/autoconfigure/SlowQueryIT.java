package dev.asyncmysql.autoconfigure;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.TestServer;
import dev.asyncmysql.connection.ExecutedStatement;
import dev.asyncmysql.connection.ExecutedStatement.Outcome;
import dev.asyncmysql.connection.Server;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Statement;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.transaction.support.DefaultTransactionDefinition;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Slow statements on a real MySQL, as they are logged.
 */
@RequiresMySql
@ExtendWith(OutputCaptureExtension.class)
class SlowQueryIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				SlowQueryAutoConfiguration.class))
		.withPropertyValues(MySqlServer.properties())
		.withPropertyValues("async-mysql.pool.max-size=1", "async-mysql.slow-query.threshold=300ms");

	@Test
	void whatTakesLongIsLoggedWithoutItsValues(CapturedOutput output) {
		this.contexts.run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			Mono<Long> slow = client.sql("SELECT SLEEP(0.4), 'secret' UNION SELECT :b, 'x'")
				.bind("b", "hidden")
				.fetch()
				.all()
				.count();
			// The second waits for the connection of the first.
			StepVerifier.create(Flux.merge(slow, slow)).expectNext(2L, 2L).expectComplete().verify(LIMIT);
			assertThat(client.sql("SELECT 'fast'").fetch().one().block(LIMIT)).isNotNull();
			assertThat(output)
				.containsPattern(
						"Slow query: [4-9]\\d\\d ms, \\d{1,2} ms of waiting for its connection before, 2 rows: "
								+ "SELECT SLEEP\\(\\?\\), \\? UNION SELECT \\?, …")
				.containsPattern(
						"Slow query: [4-9]\\d\\d ms, [4-9]\\d\\d ms of waiting for its connection before, 2 rows: ")
				.doesNotContain("secret")
				.doesNotContain("hidden")
				.doesNotContain("fast");
		});
	}

	@Test
	void theTransactionIsNamed(CapturedOutput output) {
		DefaultTransactionDefinition definition = new DefaultTransactionDefinition();
		definition.setName("Transfers.execute");
		this.contexts.run((context) -> {
			TransactionalOperator transactions = TransactionalOperator
				.create(new R2dbcTransactionManager(context.getBean(ConnectionFactory.class)), definition);
			DatabaseClient client = context.getBean(DatabaseClient.class);
			client.sql("SELECT SLEEP(0.4)").fetch().all().then().as(transactions::transactional).block(LIMIT);
			client.sql("SELECT SLEEP(0.5)").fetch().all().then().block(LIMIT);
			assertThat(output).containsOnlyOnce(", in transaction Transfers.execute: SELECT SLEEP(?)")
				.containsPattern("Slow query: [5-9]\\d\\d ms, .* 1 row: SELECT SLEEP");
		});
	}

	@Test
	void valuesAreShownWhereThatIsAskedFor(CapturedOutput output) {
		this.contexts
			.withPropertyValues("async-mysql.slow-query.show-values=true", "async-mysql.slow-query.threshold=0s")
			.run((context) -> {
				DatabaseClient client = context.getBean(DatabaseClient.class);
				assertThat(client.sql("SELECT 'shown' LIKE :b").bind("b", "never").fetch().one().block(LIMIT))
					.isNotNull();
				assertThat(output).containsPattern("1 row: SELECT 'shown' LIKE \\?\\R").doesNotContain("never");
			});
	}

	@Test
	void cancelFailureAndCommitAreTold(CapturedOutput output) {
		this.contexts.withPropertyValues("async-mysql.slow-query.threshold=0s", "async-mysql.cancel.grace=50ms")
			.run((context) -> {
				DatabaseClient client = context.getBean(DatabaseClient.class);
				StepVerifier.create(client.sql("SELECT SLEEP(20)").fetch().first())
					.thenAwait(Duration.ofMillis(200))
					.thenCancel()
					.verify(LIMIT);
				Awaitility.await()
					.atMost(LIMIT)
					.untilAsserted(() -> assertThat(output).containsPattern("cancelled by its caller: SELECT SLEEP"));
				StepVerifier.create(client.sql("SELECT wrong FROM nowhere").then()).expectError().verify(LIMIT);
				assertThat(output).contains("0 rows, failed with 1146: SELECT wrong FROM nowhere");
				StepVerifier
					.create(client.sql("DO 1")
						.then()
						.as(TransactionalOperator
							.create(new R2dbcTransactionManager(context.getBean(ConnectionPool.class)))::transactional))
					.expectComplete()
					.verify(LIMIT);
				assertThat(output).contains("0 rows: BEGIN").contains("0 rows: DO ?").contains("0 rows: COMMIT");
				MySqlServer.execute("CREATE TABLE IF NOT EXISTS slow_query (id INT)");
				assertThat(client.sql("INSERT INTO slow_query VALUES (1), (2), (3)").fetch().rowsUpdated().block(LIMIT))
					.isEqualTo(3);
				assertThat(output).contains("3 rows: INSERT INTO slow_query VALUES (?), …");
			});
	}

	@Test
	void aDeadlockIsTold(CapturedOutput output) {
		MySqlServer.execute("CREATE TABLE IF NOT EXISTS slow_deadlock (id INT PRIMARY KEY, value INT)");
		MySqlServer.execute("REPLACE INTO slow_deadlock VALUES (1, 0), (2, 0)");
		this.contexts.withPropertyValues("async-mysql.slow-query.threshold=0s", "async-mysql.pool.max-size=2")
			.run((context) -> {
				DatabaseClient client = context.getBean(DatabaseClient.class);
				TransactionalOperator transactions = TransactionalOperator
					.create(new R2dbcTransactionManager(context.getBean(ConnectionPool.class)));
				Sinks.Empty<Void> first = Sinks.empty();
				Sinks.Empty<Void> second = Sinks.empty();
				Mono<Void> one = update(client, 1, first).then(second.asMono()).then(update(client, 2, first));
				Mono<Void> other = update(client, 2, second).then(first.asMono()).then(update(client, 1, second));
				StepVerifier
					.create(Mono.whenDelayError(one.as(transactions::transactional),
							other.as(transactions::transactional)))
					.expectError(CannotAcquireLockException.class)
					.verify(LIMIT);
				assertThat(output).containsOnlyOnce(
						"0 rows, failed with 1213: UPDATE slow_deadlock SET value = value + ? WHERE id = ?");
			});
	}

	private static Mono<Void> update(DatabaseClient client, int id, Sinks.Empty<Void> done) {
		return client.sql("UPDATE slow_deadlock SET value = value + 1 WHERE id = :id")
			.bind("id", id)
			.then()
			.doOnSuccess((answer) -> done.tryEmitEmpty());
	}

	@Test
	void noMoreThanSomeLinesAreLogged(CapturedOutput output) {
		this.contexts
			.withPropertyValues("async-mysql.slow-query.threshold=0s", "async-mysql.slow-query.max-per-minute=2")
			.run((context) -> {
				DatabaseClient client = context.getBean(DatabaseClient.class);
				for (String table : List.of("first", "second", "third", "fourth")) {
					assertThat(client.sql("SELECT 1 AS " + table).fetch().one().block(LIMIT)).isNotNull();
				}
				assertThat(output).containsOnlyOnce(": SELECT ? AS first")
					.containsOnlyOnce(": SELECT ? AS second")
					.doesNotContain("AS third")
					.doesNotContain("AS fourth");
			});
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void thePlanIsAskedForByAConnectionOfItsOwn(boolean prepared, CapturedOutput output) {
		MySqlServer.execute("CREATE TABLE IF NOT EXISTS slow_plan (id INT PRIMARY KEY, name VARCHAR(20), KEY (name))");
		MySqlServer.execute("INSERT IGNORE INTO slow_plan VALUES (1, 'a'), (2, 'b')");
		this.contexts
			.withPropertyValues("async-mysql.slow-query.threshold=0s", "async-mysql.slow-query.explain=true",
					"async-mysql.use-server-prepare-statement=" + prepared)
			.run((context) -> {
				Connection only = context.getBean(ConnectionPool.class).create().blockOptional(LIMIT).orElseThrow();
				Statement statement = only
					.createStatement("SELECT * FROM slow_plan WHERE name = ?name OR name = 'written' AND id > ?id")
					.bind("name", "hidden")
					.bind("id", 1);
				StepVerifier.create(Flux.from(statement.execute()).flatMap((result) -> result.map((row) -> row.get(0))))
					.expectComplete()
					.verify(LIMIT);
				Awaitility.await()
					.atMost(LIMIT)
					.untilAsserted(() -> assertThat(output)
						.containsPattern("Plan of the slow query: SELECT \\* FROM slow_plan WHERE name = \\?name "
								+ "OR name = \\? AND id > \\?id\\R  id=1 select_type=SIMPLE table=slow_plan type=\\w+ "
								+ "possible_keys=PRIMARY,name key="));
				assertThat(output).doesNotContain("hidden").doesNotContain("written");
				Mono.from(only.close()).block(LIMIT);
				Awaitility.await()
					.atMost(LIMIT)
					.untilAsserted(() -> assertThat(MySqlServer.execute(
							"SELECT COUNT(*) FROM performance_schema.processlist WHERE ID <> CONNECTION_ID() AND USER = 'root'"))
						.containsExactly("1"));
			});
	}

	@Test
	void whatCannotBeExplainedOrNotAgainIsNot(CapturedOutput output) {
		MySqlServer.execute("CREATE TABLE IF NOT EXISTS slow_plan (id INT PRIMARY KEY, name VARCHAR(20), KEY (name))");
		this.contexts
			.withPropertyValues("async-mysql.slow-query.threshold=0s", "async-mysql.slow-query.explain=true",
					"async-mysql.allow-multi-queries=true")
			.run((context) -> {
				DatabaseClient client = context.getBean(DatabaseClient.class);
				for (String sql : List.of("DO 1", "SELECT 1; SELECT 2", "SET @a = 1", "EXPLAIN SELECT 1")) {
					StepVerifier.create(client.sql(sql).then()).expectComplete().verify(LIMIT);
				}
				StepVerifier
					.create(client.sql("SELECT :data")
						.bind("data", Blob.from(Mono.just(ByteBuffer.wrap(new byte[] { 1 }))))
						.then())
					.expectComplete()
					.verify(LIMIT);
				assertThat(output).contains("SELECT ?").doesNotContain("lan of ");
				StepVerifier
					.create(client.sql("UPDATE slow_plan SET name = :name WHERE id = 7").bind("name", "x").then())
					.expectComplete()
					.verify(LIMIT);
				Awaitility.await()
					.atMost(LIMIT)
					.untilAsserted(
							() -> assertThat(output).contains("id=1 select_type=UPDATE table=slow_plan type=range"));
			});
	}

	/**
	 * MySQL reads the row of a unique key already to explain a statement. It takes no
	 * lock for a locking read then, but for some that change rows.
	 */
	@Test
	void aPlanDoesNotWaitLongForALock() {
		MySqlServer.execute("CREATE TABLE IF NOT EXISTS slow_lock (id INT PRIMARY KEY, amount INT)");
		MySqlServer.execute("REPLACE INTO slow_lock VALUES (1, 1), (2, 2)");
		this.contexts.run((context) -> {
			Server server = context.getBean(Server.class);
			try (java.sql.Connection holder = TestServer.MYSQL.connect();
					java.sql.Statement statement = holder.createStatement()) {
				holder.setAutoCommit(false);
				statement.execute("UPDATE slow_lock SET amount = 3 WHERE id = 1");
				for (String clause : List.of("FOR UPDATE", "FOR SHARE", "LOCK IN SHARE MODE")) {
					StepVerifier.create(explain(server, "SELECT * FROM slow_lock WHERE id = 1 " + clause))
						.assertNext((plan) -> assertThat(plan).singleElement().asString().contains("table=slow_lock"))
						.expectComplete()
						.verify(LIMIT);
				}
				for (String sql : List.of("INSERT INTO slow_lock SELECT 7, amount FROM slow_lock WHERE id = 1",
						"DELETE a FROM slow_lock a JOIN slow_lock b ON a.id = b.id WHERE b.id = 1")) {
					StepVerifier.create(explain(server, sql))
						.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOfSatisfying(R2dbcException.class,
								(failure) -> assertThat(failure.getErrorCode()).isEqualTo(1205)))
						.verify(LIMIT);
				}
				holder.rollback();
			}
		});
	}

	private static Mono<List<String>> explain(Server server, String sql) {
		return server.explain(new ExecutedStatement(sql, 0, 0, 0, Outcome.SUCCESS, null, Context.empty(), null, null),
				Duration.ofSeconds(10));
	}

	@Test
	void whatACommentMayHideIsNotExplained(CapturedOutput output) {
		MySqlServer.execute("CREATE TABLE IF NOT EXISTS slow_comment (id INT PRIMARY KEY)");
		MySqlServer.execute("REPLACE INTO slow_comment VALUES (1)");
		this.contexts
			.withPropertyValues("async-mysql.slow-query.threshold=0s", "async-mysql.slow-query.explain=true",
					"async-mysql.allow-multi-queries=true")
			.run((context) -> {
				DatabaseClient client = context.getBean(DatabaseClient.class);
				StepVerifier.create(client
					.sql("SELECT 1 /*! + '*/' */; INSERT INTO slow_comment SELECT MAX(id) + 1 FROM slow_comment x -- '")
					.then()).expectComplete().verify(LIMIT);
				StepVerifier.create(client.sql("SELECT id FROM slow_comment").fetch().all().then())
					.expectComplete()
					.verify(LIMIT);
				Awaitility.await()
					.atMost(LIMIT)
					.untilAsserted(
							() -> assertThat(output).contains("Plan of the slow query: SELECT id FROM slow_comment"));
			});
		assertThat(MySqlServer.execute("SELECT COUNT(*) FROM slow_comment")).containsExactly("2");
	}

	@Test
	void aPlanThatIsNotToBeHadSaysWhy(CapturedOutput output) {
		this.contexts.withPropertyValues("async-mysql.slow-query.threshold=0s", "async-mysql.slow-query.explain=true")
			.run((context) -> {
				StepVerifier
					.create(context.getBean(DatabaseClient.class).sql("SELECT * FROM not_there").fetch().all().then())
					.expectError()
					.verify(LIMIT);
				Awaitility.await()
					.atMost(LIMIT)
					.untilAsserted(() -> assertThat(output)
						.contains("The plan of a slow query is not known, error 1146: SELECT * FROM not_there"));
			});
	}

	@Test
	void aChildOfItsContextDoesNotLogAgain() {
		this.contexts.run((parent) -> new ApplicationContextRunner().withParent(parent)
			.withConfiguration(AutoConfigurations.of(SlowQueryAutoConfiguration.class, AdviceAutoConfiguration.class,
					MySqlMetricsAutoConfiguration.class, StatementObservationAutoConfiguration.class))
			.run((child) -> assertThat(child.getSourceApplicationContext().getBeanDefinitionNames())
				.noneMatch((name) -> name.startsWith("asyncMySql"))));
	}

	@Test
	void aNegativeThresholdSwitchesItOff(CapturedOutput output) {
		this.contexts.withPropertyValues("async-mysql.slow-query.threshold=-1s").run((context) -> {
			assertThat(context.getBean(DatabaseClient.class).sql("SELECT SLEEP(0.4)").fetch().one().block(LIMIT))
				.isNotNull();
			assertThat(output).doesNotContain("Slow query");
		});
	}

}
