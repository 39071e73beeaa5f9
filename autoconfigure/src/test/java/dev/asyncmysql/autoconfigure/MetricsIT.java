package dev.asyncmysql.autoconfigure;

import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.TestServer;
import dev.asyncmysql.UnknownOutcomeException;
import dev.asyncmysql.connection.Server;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import org.assertj.core.api.AbstractDoubleAssert;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.transaction.support.DefaultTransactionDefinition;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is recorded of connections to a real MySQL.
 */
@RequiresMySql
@ExtendWith(OutputCaptureExtension.class)
class MetricsIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	/** Sessions whose commit waits. */
	private static final String COMMITS = "SELECT id FROM performance_schema.processlist WHERE info = 'COMMIT' "
			+ "AND state = 'Waiting for commit lock'";

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				MySqlMetricsAutoConfiguration.class, MetricsAutoConfiguration.class,
				CompositeMeterRegistryAutoConfiguration.class))
		.withBean(MeterRegistry.class, SimpleMeterRegistry::new)
		.withPropertyValues(MySqlServer.properties())
		.withPropertyValues("async-mysql.pool.max-size=2", "async-mysql.pool.min-idle=0");

	@Test
	void aConnectionIsCreatedWaitedForAndUsed() {
		this.contexts.run((context) -> {
			double acquired = timer(context, "acquire", "outcome", "success");
			double used = timer(context, "use");
			assertThat(values(context, "SELECT 1")).containsExactly("1");
			assertThat(timer(context, "create", "outcome", "success")).isEqualTo(1);
			assertThat(timer(context, "acquire", "outcome", "success")).isEqualTo(acquired + 1);
			assertThat(timer(context, "use")).isEqualTo(used + 1);
			assertThat(context.getBean(MeterRegistry.class)
				.get("asyncmysql.connections.use")
				.timer()
				.totalTime(TimeUnit.MICROSECONDS)).isBetween(10.0, 5_000_000.0);
		});
	}

	@Test
	void whoWaitsInVainIsCounted() {
		this.contexts
			.withPropertyValues("async-mysql.pool.max-acquire-time=300ms", "async-mysql.pool.max-pending-acquire=1")
			.run((context) -> {
				ConnectionPool pool = context.getBean(ConnectionPool.class);
				List<Connection> lent = Flux.range(0, 2).flatMap((index) -> pool.create()).collectList().block(LIMIT);
				Disposable gone = pool.create().subscribe();
				StepVerifier.create(pool.create()).expectError().verify(LIMIT);
				assertThat(timer(context, "acquire", "outcome", "rejected")).isEqualTo(1);
				gone.dispose();
				assertThat(timer(context, "acquire", "outcome", "cancelled")).isEqualTo(1);
				StepVerifier.create(pool.create()).expectError().verify(LIMIT);
				assertThat(timer(context, "acquire", "outcome", "timeout")).isEqualTo(1);
				assertCount(context, "connections.acquire.timeouts").isEqualTo(1);
				Flux.fromIterable(lent).flatMap(Connection::close).blockLast(LIMIT);
			});
	}

	@Test
	void anAttemptToConnectThatFailsIsCounted() {
		this.contexts
			.withPropertyValues("async-mysql.password=wrong", "async-mysql.startup=lazy",
					"async-mysql.pool.acquire-retry=0")
			.run((context) -> {
				StepVerifier.create(context.getBean(ConnectionPool.class).create()).expectError().verify(LIMIT);
				assertThat(timer(context, "create", "outcome", "error")).isEqualTo(1);
				assertThat(timer(context, "acquire", "outcome", "error")).isEqualTo(1);
			});
	}

	@Test
	void theEndOfAConnectionHasAReason() {
		this.contexts
			.withPropertyValues("async-mysql.pool.max-size=1", "async-mysql.pool.background-eviction-interval=100ms")
			.run((context) -> {
				assertThat(values(context, "SET @changed = 1")).isEmpty();
				awaitEnded(context, "session-changed", 1);
				String id = values(context, "SELECT CONNECTION_ID()").get(0);
				MySqlServer.execute("KILL " + id);
				awaitEnded(context, "lost", 1);
				Awaitility.await()
					.atMost(LIMIT)
					.untilAsserted(() -> assertCount(context, "connections.reconnects").isEqualTo(1));
				assertThat(values(context, "SELECT 1")).containsExactly("1");
				context.getBean(ConnectionPool.class).disposeLater().block(LIMIT);
				awaitEnded(context, "closed", 1);
			});
	}

	@Test
	void thoseThatWereOpenedBeforeOneDiedAreReplaced() {
		this.contexts.withPropertyValues("async-mysql.pool.background-eviction-interval=100ms").run((context) -> {
			List<String> ids = Flux.range(0, 2)
				.flatMap((index) -> context.getBean(DatabaseClient.class)
					.sql("SELECT CONCAT(CONNECTION_ID(), '', SLEEP(0.2))")
					.mapValue(String.class)
					.one())
				.collectList()
				.block(LIMIT);
			assertThat(ids).isNotNull().doesNotHaveDuplicates();
			MySqlServer.execute("KILL " + ids.get(0).substring(0, ids.get(0).length() - 1));
			awaitEnded(context, "lost", 1);
			awaitEnded(context, "replaced", 1);
		});
	}

	@Test
	void oneThatCannotBeMadeFitIsStuck() {
		this.contexts.withPropertyValues("async-mysql.cancel.kill-query=false", "async-mysql.cancel.grace=100ms")
			.run((context) -> {
				Disposable gone = context.getBean(DatabaseClient.class)
					.sql("SELECT SLEEP(10)")
					.fetch()
					.all()
					.subscribe();
				Awaitility.await()
					.until(() -> context.getBean(ConnectionPool.class).getMetrics().orElseThrow().acquiredSize() == 1);
				Mono.delay(Duration.ofMillis(200)).block(LIMIT);
				gone.dispose();
				awaitEnded(context, "stuck", 1);
			});
	}

	@Test
	void oneThatTheServerIsAboutToCloseEndsBefore() {
		this.contexts
			.withPropertyValues("async-mysql.session-variables=wait_timeout=4", "async-mysql.pool.max-idle-time=-1s",
					"async-mysql.pool.background-eviction-interval=100ms")
			.run((context) -> {
				assertThat(values(context, "SELECT 1")).containsExactly("1");
				awaitEnded(context, "wait-timeout", 1);
			});
	}

	@Test
	void aConnectionThatIsHeldForTooLongIsCounted() {
		this.contexts.withPropertyValues("async-mysql.pool.leak-detection-threshold=200ms").run((context) -> {
			Connection held = context.getBean(ConnectionPool.class).create().blockOptional(LIMIT).orElseThrow();
			Awaitility.await()
				.atMost(LIMIT)
				.untilAsserted(() -> assertThat(context.getBean(MeterRegistry.class)
					.get("asyncmysql.connections.leaked")
					.tag("name", "connectionFactory")
					.functionCounter()
					.count()).isEqualTo(1));
			Mono.from(held.close()).block(LIMIT);
		});
	}

	@Test
	void aConnectionThatIsHeldForTooLongIsToldWithWhereItWasTaken(CapturedOutput output) {
		this.contexts
			.withPropertyValues("async-mysql.pool.leak-detection-threshold=200ms",
					"async-mysql.pool.leak-detection-call-site=true")
			.run((context) -> {
				Connection held = context.getBean(ConnectionPool.class).create().blockOptional(LIMIT).orElseThrow();
				String id = Flux.from(held.createStatement("SELECT CONNECTION_ID(), 'secret'").execute())
					.flatMap((result) -> result.map((row) -> String.valueOf(row.get(0))))
					.blockLast(LIMIT);
				Awaitility.await()
					.atMost(LIMIT)
					.untilAsserted(() -> assertThat(output)
						.containsPattern("WARN .* Connection " + id + " has been held for \\d+ ms, longer than 200 ms "
								+ "\\(async-mysql.pool.leak-detection-threshold\\). "
								+ "Its last statement: SELECT CONNECTION_ID\\(\\), \\?. " + "It was taken at \\S*"
								+ MetricsIT.class.getName() + "\\.\\S+\\(MetricsIT.java:\\d+\\)"));
				Mono.from(held.close()).block(LIMIT);
				assertThat(output)
					.containsPattern("Connection " + id
							+ " that had been reported as held for too long was given back after \\d+ ms")
					.doesNotContain("secret");
			});
	}

	@Test
	void oneWhoseServerTakesNoWritesAnyMoreEnds() {
		MySqlServer.execute("CREATE TABLE IF NOT EXISTS read_only_of_metrics (id INT PRIMARY KEY)");
		this.contexts.run((context) -> {
			String before = values(context, "SELECT CONNECTION_ID()").get(0);
			MySqlServer.execute("SET GLOBAL super_read_only = ON");
			try {
				StepVerifier.create(
						context.getBean(DatabaseClient.class).sql("INSERT INTO read_only_of_metrics VALUES (1)").then())
					.expectErrorSatisfies((failure) -> assertThat(failure).hasRootCauseMessage(
							"The MySQL server is running with the --super-read-only option so it cannot execute this statement"))
					.verify(LIMIT);
			}
			finally {
				MySqlServer.execute("SET GLOBAL super_read_only = OFF");
				MySqlServer.execute("SET GLOBAL read_only = OFF");
			}
			awaitEnded(context, "read-only", 1);
			assertThat(values(context, "SELECT CONNECTION_ID()")).isNotEmpty().doesNotContain(before);
		});
	}

	@Test
	void connectionsThatAreReplacedSayWhy() {
		this.contexts.withPropertyValues("async-mysql.pool.background-eviction-interval=100ms").run((context) -> {
			assertThat(values(context, "SELECT 1")).containsExactly("1");
			context.getBean(Server.class).replaceConnections();
			awaitEnded(context, "requested", 1);
		});
	}

	@Test
	void idleAndOldConnectionsEnd() {
		this.contexts
			.withPropertyValues("async-mysql.pool.max-idle-time=1s",
					"async-mysql.pool.background-eviction-interval=100ms")
			.run((context) -> {
				assertThat(values(context, "SELECT 1")).containsExactly("1");
				awaitEnded(context, "idle", 1);
			});
		this.contexts
			.withPropertyValues("async-mysql.pool.max-life-time=1s",
					"async-mysql.pool.background-eviction-interval=100ms")
			.run((context) -> {
				assertThat(values(context, "SELECT 1")).containsExactly("1");
				awaitEnded(context, "life-time", 1);
			});
	}

	@Test
	void aCancelledStatementIsKilled() {
		this.contexts.withPropertyValues("async-mysql.cancel.grace=100ms").run((context) -> {
			assertThat(values(context, "SELECT 1")).containsExactly("1");
			DatabaseClient client = context.getBean(DatabaseClient.class);
			StepVerifier.create(client.sql("SELECT SLEEP(20)").fetch().first())
				.thenAwait(Duration.ofMillis(200))
				.thenCancel()
				.verify(LIMIT);
			Awaitility.await().atMost(LIMIT).untilAsserted(() -> {
				assertThat(context.getBean(MeterRegistry.class)
					.get("asyncmysql.statements.kills")
					.tag("outcome", "success")
					.counter()
					.count()).isPositive();
				assertCount(context, "statements.cancelled").isEqualTo(1);
			});
		});
	}

	/**
	 * The server refuses the side connection that would ask, as it allows the user one.
	 */
	@Test
	void aKillThatTheServerDoesNotGetIsCounted() {
		MySqlServer.execute("DROP USER IF EXISTS kill_of_metrics");
		MySqlServer
			.execute("CREATE USER kill_of_metrics IDENTIFIED BY 'secret-of-metrics' WITH MAX_USER_CONNECTIONS 1");
		MySqlServer.execute("GRANT ALL ON *.* TO kill_of_metrics");
		this.contexts
			.withPropertyValues("async-mysql.username=kill_of_metrics", "async-mysql.password=secret-of-metrics",
					"async-mysql.cancel.grace=100ms", "async-mysql.pool.max-size=1")
			.run((context) -> {
				Disposable gone = context.getBean(DatabaseClient.class)
					.sql("SELECT SLEEP(20), 'kill_of_metrics'")
					.fetch()
					.all()
					.subscribe();
				Awaitility.await()
					.atMost(LIMIT)
					.until(() -> !MySqlServer
						.execute("SELECT id FROM performance_schema.processlist WHERE user = 'kill_of_metrics' "
								+ "AND info LIKE 'SELECT SLEEP%'")
						.isEmpty());
				gone.dispose();
				Awaitility.await().atMost(LIMIT).untilAsserted(() -> {
					assertThat(kills(context, "error")).isPositive();
					assertThat(kills(context, "success")).isZero();
				});
				awaitEnded(context, "stuck", 1);
			});
		MySqlServer.execute("DROP USER kill_of_metrics");
	}

	private static double kills(ApplicationContext context, String outcome) {
		return context.getBean(MeterRegistry.class)
			.get("asyncmysql.statements.kills")
			.tag("outcome", outcome)
			.counter()
			.count();
	}

	@Test
	void slowStatementsAreCounted() {
		this.contexts.withPropertyValues("async-mysql.slow-query.threshold=2s").run((context) -> {
			assertThat(values(context, "SELECT 1")).containsExactly("1");
			assertCount(context, "statements.slow").isZero();
			assertThat(values(context, "SELECT SLEEP(2.1)")).containsExactly("0");
			assertThat(values(context, "SELECT 1")).containsExactly("1");
			assertCount(context, "statements.slow").isEqualTo(1);
		});
		this.contexts.withPropertyValues("async-mysql.slow-query.threshold=-1s").run((context) -> {
			assertThat(values(context, "SELECT SLEEP(0.4)")).containsExactly("0");
			assertCount(context, "statements.slow").isZero();
		});
	}

	@Test
	void theFirstRowAloneIsNoCancelledStatementWhereItIsAll() {
		this.contexts.withPropertyValues("async-mysql.pool.max-size=1").run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			assertThat(client.sql("SELECT 1").mapValue(Long.class).first().block(LIMIT)).isEqualTo(1);
			assertThat(client.sql("DO 1").then().blockOptional(LIMIT)).isEmpty();
			assertThat(client.sql("DO 1").fetch().rowsUpdated().block(LIMIT)).isZero();
			assertThat(values(context, "SELECT 1 UNION SELECT 2")).containsExactly("1", "2");
			assertCount(context, "statements.cancelled").isZero();
			assertThat(client.sql("SELECT 1 UNION SELECT 2").mapValue(Long.class).first().block(LIMIT)).isEqualTo(1);
			assertThat(values(context, "SELECT 1")).containsExactly("1");
			assertCount(context, "statements.cancelled").isEqualTo(1);
		});
	}

	@Test
	void transactionsAreTimedByNameAndOutcome() {
		DefaultTransactionDefinition definition = new DefaultTransactionDefinition();
		definition.setName("transfer");
		this.contexts.run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			TransactionalOperator named = TransactionalOperator
				.create(new R2dbcTransactionManager(context.getBean(ConnectionPool.class)), definition);
			TransactionalOperator unnamed = TransactionalOperator
				.create(new R2dbcTransactionManager(context.getBean(ConnectionPool.class)));
			client.sql("SELECT 1").then().as(named::transactional).block(LIMIT);
			client.sql("SELECT 1").then().as(unnamed::transactional).block(LIMIT);
			StepVerifier.create(client.sql("SELEC").then().as(named::transactional)).expectError().verify(LIMIT);
			assertThat(transactions(context, "transfer", "committed")).isEqualTo(1);
			assertThat(transactions(context, "transfer", "rolled-back")).isEqualTo(1);
			assertThat(transactions(context, "transfer", "unknown")).isZero();
			assertThat(transactions(context, "unnamed", "committed")).isEqualTo(1);
		});
	}

	/**
	 * The commit waits for a lock that another session has, so that the connection ends
	 * after it was sent and before it is answered.
	 */
	@Test
	void aCommitWithoutAnAnswerIsOfUnknownOutcome() throws SQLException {
		MySqlServer.execute("CREATE TABLE IF NOT EXISTS commit_of_metrics (id INT)");
		DefaultTransactionDefinition definition = new DefaultTransactionDefinition();
		definition.setName("unanswered");
		try (java.sql.Connection other = TestServer.MYSQL.connect(); Statement statement = other.createStatement()) {
			this.contexts.run((context) -> {
				DatabaseClient client = context.getBean(DatabaseClient.class);
				TransactionalOperator operator = TransactionalOperator
					.create(new R2dbcTransactionManager(context.getBean(ConnectionPool.class)), definition);
				Mono<Void> work = client.sql("INSERT INTO commit_of_metrics VALUES (1)").then();
				Mono<Void> lock = Mono.fromCallable(() -> statement.execute("FLUSH TABLES WITH READ LOCK"))
					.subscribeOn(Schedulers.boundedElastic())
					.then();
				CompletableFuture<Void> commit = work.then(lock).as(operator::transactional).toFuture();
				Awaitility.await().atMost(LIMIT).until(() -> MySqlServer.execute(COMMITS).size() == 1);
				MySqlServer.execute("KILL " + MySqlServer.execute(COMMITS).get(0));
				assertThat(commit).failsWithin(LIMIT)
					.withThrowableThat()
					.havingCause()
					.isInstanceOf(DataAccessResourceFailureException.class)
					.havingCause()
					.isExactlyInstanceOf(UnknownOutcomeException.class);
				assertThat(transactions(context, "unanswered", "unknown")).isEqualTo(1);
				assertThat(transactions(context, "unanswered", "committed")).isZero();
				assertThat(transactions(context, "unanswered", "rolled-back")).isZero();
			});
			statement.execute("UNLOCK TABLES");
		}
	}

	private static long transactions(ApplicationContext context, String name, String outcome) {
		return context.getBean(MeterRegistry.class)
			.get("asyncmysql.transactions")
			.tags("name", "connectionFactory", "transaction", name, "outcome", outcome)
			.timer()
			.count();
	}

	@Test
	void locksThatAreNotHadAreCounted() {
		MySqlServer.execute("DROP TABLE IF EXISTS lock_of_metrics");
		MySqlServer.execute("CREATE TABLE lock_of_metrics (id INT PRIMARY KEY, value INT)");
		MySqlServer.execute("INSERT INTO lock_of_metrics VALUES (1, 0), (2, 0)");
		this.contexts.withPropertyValues("async-mysql.lock-wait-timeout=1s").run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			TransactionalOperator transactions = TransactionalOperator
				.create(new R2dbcTransactionManager(context.getBean(ConnectionPool.class)));
			Connection holder = context.getBean(ConnectionPool.class).create().blockOptional(LIMIT).orElseThrow();
			Mono.from(holder.beginTransaction()).block(LIMIT);
			Flux.from(holder.createStatement("UPDATE lock_of_metrics SET value = 1 WHERE id = 1").execute())
				.flatMap((result) -> result.getRowsUpdated())
				.blockLast(LIMIT);
			StepVerifier.create(update(client, 1)).expectError().verify(LIMIT);
			assertCount(context, "lock.wait.timeouts").isEqualTo(1);
			StepVerifier.create(client.sql("SELECT id FROM lock_of_metrics WHERE id = 1 FOR UPDATE NOWAIT").then())
				.expectError()
				.verify(LIMIT);
			assertCount(context, "lock.wait.timeouts").isEqualTo(2);
			Mono.from(holder.rollbackTransaction()).block(LIMIT);
			Mono.from(holder.close()).block(LIMIT);
			assertCount(context, "deadlocks").isZero();
			deadlock(client, transactions);
			assertCount(context, "deadlocks").isEqualTo(1);
		});
	}

	// Each has its first row before either asks for the other's.
	private static void deadlock(DatabaseClient client, TransactionalOperator transactions) {
		Sinks.Empty<Void> first = Sinks.empty();
		Sinks.Empty<Void> second = Sinks.empty();
		Mono<Void> one = update(client, 1).then(Mono.fromRunnable(first::tryEmitEmpty))
			.then(second.asMono())
			.then(update(client, 2));
		Mono<Void> other = update(client, 2).then(Mono.fromRunnable(second::tryEmitEmpty))
			.then(first.asMono())
			.then(update(client, 1));
		Mono.whenDelayError(one.as(transactions::transactional), other.as(transactions::transactional))
			.onErrorComplete()
			.block(LIMIT);
	}

	private static Mono<Void> update(DatabaseClient client, int id) {
		return client.sql("UPDATE lock_of_metrics SET value = value + 1 WHERE id = :id").bind("id", id).then();
	}

	private static void awaitEnded(ApplicationContext context, String reason, int count) {
		Awaitility.await()
			.atMost(LIMIT)
			.untilAsserted(() -> assertThat(context.getBean(MeterRegistry.class)
				.get("asyncmysql.connections.ended")
				.tag("reason", reason)
				.counter()
				.count()).isEqualTo(count));
	}

	private static AbstractDoubleAssert<?> assertCount(ApplicationContext context, String name) {
		return assertThat(context.getBean(MeterRegistry.class)
			.get("asyncmysql." + name)
			.tag("name", "connectionFactory")
			.counter()
			.count());
	}

	private static double timer(ApplicationContext context, String name, String... tags) {
		return context.getBean(MeterRegistry.class)
			.get("asyncmysql.connections." + name)
			.tag("name", "connectionFactory")
			.tags(tags)
			.timer()
			.count();
	}

	private static List<String> values(ApplicationContext context, String sql) {
		return context.getBean(DatabaseClient.class)
			.sql(sql)
			.map((row) -> String.valueOf(row.get(0)))
			.all()
			.collectList()
			.blockOptional(LIMIT)
			.orElseThrow();
	}

}
