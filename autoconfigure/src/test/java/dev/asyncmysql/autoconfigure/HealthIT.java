package dev.asyncmysql.autoconfigure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.observability.MySqlHealthIndicator;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.mysql.MySQLContainer;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.actuate.endpoint.HealthEndpoint;
import org.springframework.boot.health.actuate.endpoint.HttpCodeStatusMapper;
import org.springframework.boot.health.autoconfigure.actuate.endpoint.HealthEndpointAutoConfiguration;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.autoconfigure.registry.HealthContributorRegistryAutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.health.ConnectionFactoryHealthContributorAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The health of a real MySQL: idle, with all connections lent, silent, and back.
 */
@RequiresMySql
@ExtendWith(OutputCaptureExtension.class)
class HealthIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private static final String USER = "health";

	private final MySQLContainer mysql = MySqlServer.container();

	private final ApplicationContextRunner admin = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class))
		.withPropertyValues(MySqlServer.properties());

	private final ApplicationContextRunner contexts = this.admin
		.withConfiguration(AutoConfigurations.of(MySqlHealthAutoConfiguration.class,
				ConnectionFactoryHealthContributorAutoConfiguration.class, HealthContributorAutoConfiguration.class,
				HealthContributorRegistryAutoConfiguration.class, HealthEndpointAutoConfiguration.class,
				EndpointAutoConfiguration.class))
		.withPropertyValues("async-mysql.username=" + USER, "async-mysql.password=secret-of-health",
				"async-mysql.pool.max-size=2", "async-mysql.health.interval=0s",
				"management.endpoint.health.show-details=always");

	@BeforeEach
	void createUser() {
		sql("CREATE USER " + USER + " IDENTIFIED BY 'secret-of-health'", "GRANT ALL ON *.* TO " + USER);
	}

	@AfterEach
	void dropUser() {
		sql("DROP USER " + USER);
	}

	@Test
	void credentialsThatAreNoLongerRightAreToldUntilTheyAreRightAgain(CapturedOutput output) {
		this.contexts
			.withConfiguration(AutoConfigurations.of(MySqlMetricsAutoConfiguration.class,
					MetricsAutoConfiguration.class, CompositeMeterRegistryAutoConfiguration.class))
			.withBean(MeterRegistry.class, SimpleMeterRegistry::new)
			.withPropertyValues("async-mysql.pool.background-eviction-interval=100ms")
			.run((context) -> {
				assertThat(health(context).getDetails()).containsKeys("readOnly", "tls", "roundTripMillis");
				assertThat(failedAttempts(context)).isZero();
				sql("ALTER USER " + USER + " IDENTIFIED BY 'another one'");
				connections().forEach((id) -> sql("KILL " + id));
				Awaitility.await().atMost(LIMIT).untilAsserted(() -> {
					Health health = health(context);
					assertThat(health.getStatus()).isEqualTo(Status.DOWN);
					assertThat(health.getDetails()).containsKeys("error", "advice")
						.doesNotContainKeys("readOnly", "tls", "roundTripMillis");
					assertThat(health.getDetails().get("error")).asString().contains("(error 1045)");
					assertThat(health.getDetails().get("advice")).asString().contains("async-mysql.password");
				});
				assertThat(failedAttempts(context)).isPositive();
				sql("ALTER USER " + USER + " IDENTIFIED BY 'secret-of-health'");
				Awaitility.await().atMost(LIMIT).untilAsserted(() -> {
					Health health = health(context);
					assertThat(health.getStatus()).isEqualTo(Status.UP);
					assertThat(health.getDetails()).doesNotContainKeys("error", "advice");
				});
				double attempts = failedAttempts(context);
				assertThat(health(context).getStatus()).isEqualTo(Status.UP);
				assertThat(failedAttempts(context)).isEqualTo(attempts);
			});
		assertThat(output.getOut().split("The server does not answer: ", -1)).hasSize(2);
		assertThat(output).contains("The server answers again");
	}

	private static double failedAttempts(ApplicationContext context) {
		return context.getBean(MeterRegistry.class)
			.get("asyncmysql.connections.create")
			.tag("outcome", "error")
			.timer()
			.count();
	}

	@Test
	void anIdlePoolIsUp() {
		this.contexts.run((context) -> {
			Health health = health(context);
			assertThat(health.getStatus()).isEqualTo(Status.UP);
			assertThat(health.getDetails()).containsEntry("database", "MySQL");
			assertThat(health.getDetails().get("version")).asString().startsWith("9.7.");
			assertThat(health.getDetails().get("pool"))
				.isEqualTo(Map.of("acquired", 0, "idle", 1, "pending", 0, "maximum", 2));
			assertThat(overall(context)).isEqualTo(Status.UP);
		});
		assertThat(connections()).isEmpty();
	}

	@Test
	void aFullPoolStaysInRotationAndCostsOneSideConnection() {
		this.contexts.withPropertyValues("async-mysql.health.timeout=500ms").run((context) -> {
			ConnectionPool pool = context.getBean(ConnectionPool.class);
			List<Connection> lent = Flux.range(0, 2).flatMap((index) -> pool.create()).collectList().block(LIMIT);
			assertThat(health(context).getStatus()).isEqualTo(MySqlHealthIndicator.SATURATED);
			assertThat(connections()).hasSize(2);
			Awaitility.await().untilAsserted(() -> {
				health(context);
				assertThat(connections()).hasSize(3);
			});
			List<Status> statuses = Flux.range(0, 200)
				.flatMap((index) -> context.getBean(MySqlHealthIndicator.class)
					.health()
					.subscribeOn(Schedulers.parallel()), 200)
				.map(Health::getStatus)
				.distinct()
				.collectList()
				.block(LIMIT);
			assertThat(statuses).containsExactly(MySqlHealthIndicator.SATURATED);
			assertThat(connections()).hasSize(3);
			assertThat(overall(context)).isEqualTo(Status.UP);
			assertThat(httpStatus(context, MySqlHealthIndicator.SATURATED)).isEqualTo(200);
			Flux.fromIterable(lent).flatMap(Connection::close).blockLast(LIMIT);
			assertThat(health(context).getStatus()).isEqualTo(Status.UP);
		});
		assertThat(connections()).isEmpty();
	}

	@Test
	void aSilentServerIsDownWithinTheLimitAndUpAgainAfterwards(CapturedOutput output) {
		this.contexts.withPropertyValues("async-mysql.health.timeout=600ms").run((context) -> {
			assertThat(health(context).getStatus()).isEqualTo(Status.UP);
			DockerClientFactory.instance().client().pauseContainerCmd(this.mysql.getContainerId()).exec();
			try {
				for (int i = 0; i < 3; i++) {
					long start = System.nanoTime();
					Health health = health(context);
					assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
					assertThat(health.getStatus()).isEqualTo(Status.DOWN);
					assertThat(health.getDetails().get("error")).asString()
						.contains("no answer within 600 ms (async-mysql.health.timeout)");
				}
				assertThat(httpStatus(context, overall(context))).isEqualTo(503);
			}
			finally {
				DockerClientFactory.instance().client().unpauseContainerCmd(this.mysql.getContainerId()).exec();
			}
			Awaitility.await()
				.atMost(Duration.ofSeconds(10))
				.until(() -> health(context).getStatus().equals(Status.UP));
		});
		assertThat(output.getOut().split("The server does not answer: ", -1)).hasSize(2);
		assertThat(output).contains("The server answers again");
		assertThat(connections()).isEmpty();
	}

	@Test
	void detailsTellHowTheServerStands() {
		this.contexts.run((context) -> {
			Map<String, Object> details = health(context).getDetails();
			assertThat(details).containsEntry("readOnly", false);
			assertThat(details.get("tls")).asString().matches("TLSv1\\.[23] TLS_\\w+");
			assertThat((Double) details.get("roundTripMillis")).isBetween(0.01, 2000.0);
			sql("SET GLOBAL read_only = ON");
			try {
				assertThat(health(context).getDetails()).containsEntry("readOnly", true);
				assertThat(health(context).getStatus()).isEqualTo(Status.UP);
			}
			finally {
				sql("SET GLOBAL read_only = OFF");
			}
			assertThat(health(context).getDetails()).containsEntry("readOnly", false);
		});
		this.contexts.withPropertyValues("async-mysql.ssl.mode=disabled")
			.withPropertyValues("async-mysql.username=root", "async-mysql.password=" + this.mysql.getPassword())
			.run((context) -> assertThat(health(context).getDetails()).containsEntry("tls", "none"));
	}

	@Test
	void whatWasFoundIsToldAgainWithinTheInterval() {
		this.contexts.withPropertyValues("async-mysql.health.interval=10m").run((context) -> {
			assertThat(health(context).getStatus()).isEqualTo(Status.UP);
			lendAll(context);
			assertThat(health(context).getStatus()).isEqualTo(Status.UP);
			assertThat(health(context).getDetails()).extractingByKey("pool")
				.isEqualTo(Map.of("acquired", 2, "idle", 0, "pending", 0, "maximum", 2));
		});
		this.contexts.withPropertyValues("async-mysql.health.interval=50ms").run((context) -> {
			assertThat(health(context).getStatus()).isEqualTo(Status.UP);
			lendAll(context);
			Awaitility.await()
				.atMost(LIMIT)
				.until(() -> health(context).getStatus().equals(MySqlHealthIndicator.SATURATED));
		});
	}

	private static void lendAll(ApplicationContext context) {
		ConnectionPool pool = context.getBean(ConnectionPool.class);
		assertThat(Flux.range(0, 2).flatMap((index) -> pool.create()).collectList().block(LIMIT)).hasSize(2);
	}

	@Test
	void aFullPoolIsOutOfServiceWhereThatIsAskedFor() {
		this.contexts.withPropertyValues("async-mysql.health.out-of-service-when-saturated=true").run((context) -> {
			ConnectionPool pool = context.getBean(ConnectionPool.class);
			List<Connection> lent = Flux.range(0, 2).flatMap((index) -> pool.create()).collectList().block(LIMIT);
			assertThat(health(context).getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
			assertThat(httpStatus(context, overall(context))).isEqualTo(503);
			Flux.fromIterable(lent).flatMap(Connection::close).blockLast(LIMIT);
			assertThat(health(context).getStatus()).isEqualTo(Status.UP);
		});
	}

	private static Health health(ApplicationContext context) {
		return context.getBean(MySqlHealthIndicator.class).health().blockOptional(LIMIT).orElseThrow();
	}

	private static Status overall(ApplicationContext context) {
		return context.getBean(HealthEndpoint.class).health().getStatus();
	}

	private static int httpStatus(ApplicationContext context, Status status) {
		return context.getBean(HttpCodeStatusMapper.class).getStatusCode(status);
	}

	private List<Long> connections() {
		List<Long> ids = new ArrayList<>();
		this.admin.run((context) -> context.getBean(DatabaseClient.class)
			.sql("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = :user")
			.bind("user", USER)
			.mapValue(Long.class)
			.all()
			.doOnNext(ids::add)
			.blockLast(LIMIT));
		return ids;
	}

	private void sql(String... statements) {
		this.admin.run((context) -> Flux.fromArray(statements)
			.concatMap((statement) -> context.getBean(DatabaseClient.class).sql(statement).then())
			.blockLast(LIMIT));
	}

}
