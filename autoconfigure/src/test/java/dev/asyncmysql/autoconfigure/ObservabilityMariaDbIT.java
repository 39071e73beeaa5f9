package dev.asyncmysql.autoconfigure;

import java.time.Duration;
import java.util.Map;

import dev.asyncmysql.TestServer;
import dev.asyncmysql.observability.AsyncMySqlEndpoint;
import dev.asyncmysql.observability.MySqlHealthIndicator;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import io.r2dbc.spi.ConnectionFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcProxyAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.observation.R2dbcObservationAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Health, metrics, slow statements and the endpoint on MariaDB.
 */
@ExtendWith(OutputCaptureExtension.class)
class ObservabilityMariaDbIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final MeterRegistry meters = new SimpleMeterRegistry();

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				AsyncMySqlEndpointAutoConfiguration.class, AdviceAutoConfiguration.class,
				EndpointAutoConfiguration.class, MySqlHealthAutoConfiguration.class,
				HealthContributorAutoConfiguration.class, MySqlMetricsAutoConfiguration.class,
				MetricsAutoConfiguration.class, CompositeMeterRegistryAutoConfiguration.class,
				SlowQueryAutoConfiguration.class))
		.withBean(MeterRegistry.class, () -> this.meters)
		.withPropertyValues(TestServer.MARIADB.properties())
		.withPropertyValues("async-mysql.pool.max-size=3", "async-mysql.lock-wait-timeout=1s",
				"management.endpoints.web.exposure.include=asyncmysql");

	@Test
	void healthTellsTheFlavourAndHowTheServerStands() {
		this.contexts.withPropertyValues("async-mysql.health.interval=0s").run((context) -> {
			Health health = health(context);
			assertThat(health.getStatus()).isEqualTo(Status.UP);
			assertThat(health.getDetails()).containsEntry("database", "MariaDB")
				.containsEntry("readOnly", false)
				.containsEntry("tls", "none")
				.containsKeys("version", "pool");
			assertThat((Double) health.getDetails().get("roundTripMillis")).isBetween(0.01, 2000.0);
			TestServer.MARIADB.execute("SET GLOBAL read_only = ON");
			try {
				assertThat(health(context).getDetails()).containsEntry("readOnly", true);
				assertThat(health(context).getStatus()).isEqualTo(Status.UP);
			}
			finally {
				TestServer.MARIADB.execute("SET GLOBAL read_only = OFF");
			}
			assertThat(health(context).getDetails()).containsEntry("readOnly", false);
		});
	}

	private static Health health(ApplicationContext context) {
		return context.getBean(MySqlHealthIndicator.class).health().blockOptional(LIMIT).orElseThrow();
	}

	@Test
	void theEndpointTellsTheServersVariables() {
		this.contexts.run((context) -> {
			AsyncMySqlEndpoint.Description description = context.getBean(AsyncMySqlEndpoint.class)
				.connections()
				.map((all) -> all.get("connectionFactory"))
				.blockOptional(LIMIT)
				.orElseThrow();
			assertThat(description.server()).startsWith("MariaDB ");
			assertThat(description.variables())
				.containsKeys("max_connections", "wait_timeout", "max_allowed_packet", "time_zone", "sql_mode",
						"innodb_lock_wait_timeout")
				.doesNotContainKey("error");
			assertThat(description.connections()).isNotEmpty().allSatisfy((one) -> assertThat(one.id()).isPositive());
		});
	}

	@Test
	void deadlocksAndLockWaitsAreCounted() {
		TestServer.MARIADB.execute("DROP TABLE IF EXISTS observed");
		TestServer.MARIADB.execute("CREATE TABLE observed (id INT PRIMARY KEY, amount INT)");
		TestServer.MARIADB.execute("INSERT INTO observed VALUES (1, 0), (2, 0)");
		this.contexts.run((context) -> {
			Flux.just(1, 2)
				.flatMap((first) -> transactional(context,
						update(context, first).then(Mono.delay(Duration.ofMillis(300)))
							.then(update(context, 3 - first)))
					.onErrorComplete())
				.blockLast(LIMIT);
			Flux.merge(
					transactional(context, update(context, 1).delayElement(Duration.ofMillis(1500))).onErrorComplete(),
					Mono.delay(Duration.ofMillis(200)).then(update(context, 1)).onErrorComplete())
				.blockLast(LIMIT);
			assertThat(this.meters.get("asyncmysql.deadlocks").counter().count()).isEqualTo(1);
			assertThat(this.meters.get("asyncmysql.lock.wait.timeouts").counter().count()).isEqualTo(1);
		});
	}

	private static Mono<Long> transactional(ApplicationContext context, Mono<Long> work) {
		return TransactionalOperator.create(new R2dbcTransactionManager(context.getBean(ConnectionFactory.class)))
			.transactional(work);
	}

	private static Mono<Long> update(ApplicationContext context, int id) {
		return context.getBean(DatabaseClient.class)
			.sql("UPDATE observed SET amount = amount + 1 WHERE id = :id")
			.bind("id", id)
			.fetch()
			.rowsUpdated();
	}

	@Test
	void aSlowStatementIsLoggedWithItsPlan(CapturedOutput output) {
		this.contexts
			.withPropertyValues("async-mysql.slow-query.threshold=300ms", "async-mysql.slow-query.explain=true")
			.run((context) -> {
				assertThat(context.getBean(DatabaseClient.class)
					.sql("SELECT SLEEP(0.4), 'secret' FROM information_schema.engines LIMIT 1")
					.fetch()
					.all()
					.collectList()
					.block(LIMIT)).hasSize(1);
				assertThat(output)
					.containsPattern("Slow query: [4-9]\\d\\d ms, .* 1 row: SELECT SLEEP\\(\\?\\), \\? FROM");
				Awaitility.await()
					.atMost(LIMIT)
					.untilAsserted(() -> assertThat(output)
						.containsPattern("Plan of the slow query: .*\\R  .*SIMPLE.*engines"));
				assertThat(output).doesNotContain("secret");
			});
	}

	@Test
	void observationsNameTheSystem() {
		ObservationRegistry observations = ObservationRegistry.create();
		observations.observationConfig().observationHandler(new DefaultMeterObservationHandler(this.meters));
		this.contexts
			.withConfiguration(AutoConfigurations.of(R2dbcProxyAutoConfiguration.class,
					R2dbcObservationAutoConfiguration.class, StatementObservationAutoConfiguration.class))
			.withBean(ObservationRegistry.class, () -> observations)
			.run((context) -> {
				assertThat(context.getBean(DatabaseClient.class).sql("SELECT 1").fetch().one().block(LIMIT))
					.isEqualTo(Map.of("1", 1));
				assertThat(this.meters.get("r2dbc.query").tag("db.system.name", "mariadb").timer().count())
					.isEqualTo(1);
			});
	}

}
