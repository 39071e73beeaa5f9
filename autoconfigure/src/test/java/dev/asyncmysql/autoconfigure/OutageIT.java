package dev.asyncmysql.autoconfigure;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;

import com.github.dockerjava.api.DockerClient;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.connection.ConnectionInfo.State;
import dev.asyncmysql.connection.PoolUsage;
import dev.asyncmysql.observability.AsyncMySqlEndpoint;
import dev.asyncmysql.observability.AsyncMySqlEndpoint.Connected;
import dev.asyncmysql.observability.AsyncMySqlEndpoint.Description;
import dev.asyncmysql.observability.MySqlHealthIndicator;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.mysql.MySQLContainer;

import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What an operator sees of a real MySQL that stops and starts again: health, metrics, the
 * endpoint and the log.
 */
@RequiresMySql
@ExtendWith(OutputCaptureExtension.class)
class OutageIT {

	private static final Duration LIMIT = Duration.ofSeconds(60);

	/** What a limit may be exceeded by where the machine is busy. */
	private static final Duration SLACK = Duration.ofSeconds(1);

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				MySqlHealthAutoConfiguration.class, MySqlMetricsAutoConfiguration.class, MetricsAutoConfiguration.class,
				CompositeMeterRegistryAutoConfiguration.class, AsyncMySqlEndpointAutoConfiguration.class,
				AdviceAutoConfiguration.class, EndpointAutoConfiguration.class))
		.withBean(MeterRegistry.class, SimpleMeterRegistry::new)
		.withPropertyValues("management.endpoints.web.exposure.include=asyncmysql", "async-mysql.health.interval=0s",
				"async-mysql.health.timeout=1s", "async-mysql.pool.max-size=2", "async-mysql.pool.initial-size=2",
				"async-mysql.pool.min-idle=0", "async-mysql.pool.background-eviction-interval=100ms");

	@Test
	void isToldWhileItLastsAndOver(CapturedOutput output) {
		try (MySQLContainer mysql = MySqlServer.onAPortThatStays()) {
			mysql.start();
			DockerClient docker = DockerClientFactory.instance().client();
			this.contexts.withPropertyValues(MySqlServer.properties(mysql)).run((context) -> {
				assertThat(health(context).getStatus()).isEqualTo(Status.UP);
				assertThat(count(context, "connections.create", "outcome", "error")).isZero();
				docker.stopContainerCmd(mysql.getContainerId()).exec();
				assertThatHealthIsDown(context);
				assertThatMetricsTellTheLoss(context);
				assertThatTheEndpointTellsWhatItKnows(context);
				docker.startContainerCmd(mysql.getContainerId()).exec();
				Awaitility.await().atMost(LIMIT).until(() -> health(context).getStatus().equals(Status.UP));
				assertThatAllIsWell(context);
			});
		}
		assertThat(output.getOut().split("The server does not answer: ", -1)).hasSize(2);
		assertThat(output.getOut().split("The server answers again", -1)).hasSize(2);
	}

	private static void assertThatHealthIsDown(ApplicationContext context) throws Exception {
		for (int i = 0; i < 3; i++) {
			Health health = within(Duration.ofSeconds(1), () -> health(context));
			assertThat(health.getStatus()).isEqualTo(Status.DOWN);
			assertThat(health.getDetails()).containsEntry("database", "MySQL")
				.containsEntry("pool", Map.of("acquired", 0, "idle", 0, "pending", 0, "maximum", 2))
				.doesNotContainKeys("readOnly", "tls", "roundTripMillis");
			assertThat(health.getDetails().get("error")).asString().contains("cannot be reached");
			assertThat(health.getDetails().get("advice")).asString().startsWith("Start the server, or correct ");
		}
	}

	private static void assertThatMetricsTellTheLoss(ApplicationContext context) {
		assertThat(count(context, "connections.create", "outcome", "error")).isPositive();
		assertThat(count(context, "connections.reconnects")).isEqualTo(1);
		Awaitility.await().atMost(LIMIT).untilAsserted(() -> {
			assertThat(count(context, "connections.ended", "reason", "lost")).isPositive();
			assertThat(count(context, "connections.ended", "reason", "lost")
					+ count(context, "connections.ended", "reason", "replaced"))
				.isEqualTo(2);
		});
	}

	private static void assertThatTheEndpointTellsWhatItKnows(ApplicationContext context) throws Exception {
		Description description = within(Duration.ofSeconds(2), () -> describe(context));
		assertThat(description.server()).startsWith("MySQL 9.7.");
		assertThat(description.pool()).isEqualTo(new PoolUsage(0, 0, 0, 2));
		assertThat(description.connections()).isEmpty();
		assertThat(description.variables()).containsOnlyKeys("error");
		assertThat(description.settings()).containsKey("async-mysql.host");
	}

	private static void assertThatAllIsWell(ApplicationContext context) {
		assertThat(health(context).getDetails()).containsKeys("readOnly", "tls", "roundTripMillis")
			.doesNotContainKeys("error", "advice");
		assertThat(context.getBean(DatabaseClient.class).sql("SELECT 7").mapValue(Long.class).one().block(LIMIT))
			.isEqualTo(7);
		Description description = describe(context);
		assertThat(description.variables()).containsKey("max_connections").doesNotContainKey("error");
		assertThat(description.connections()).isNotEmpty().extracting(Connected::state).containsOnly(State.IDLE);
		assertThat(description.topStatements())
			.anySatisfy((figures) -> assertThat(figures.statement()).isEqualTo("SELECT ?"));
		assertThat(count(context, "connections.create", "outcome", "success")).isGreaterThan(2);
		assertThat(count(context, "connections.reconnects")).isEqualTo(1);
	}

	private static <T> T within(Duration limit, Callable<T> call) throws Exception {
		long start = System.nanoTime();
		T answer = call.call();
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(limit.plus(SLACK));
		return answer;
	}

	private static Health health(ApplicationContext context) {
		return context.getBean(MySqlHealthIndicator.class).health().blockOptional(LIMIT).orElseThrow();
	}

	private static Description describe(ApplicationContext context) {
		return context.getBean(AsyncMySqlEndpoint.class)
			.connections()
			.blockOptional(LIMIT)
			.orElseThrow()
			.get("connectionFactory");
	}

	// Of a timer, how many times; the meters of a name have one value each.
	private static double count(ApplicationContext context, String name, String... tags) {
		return context.getBean(MeterRegistry.class)
			.get("asyncmysql." + name)
			.tag("name", "connectionFactory")
			.tags(tags)
			.meter()
			.measure()
			.iterator()
			.next()
			.getValue();
	}

}
