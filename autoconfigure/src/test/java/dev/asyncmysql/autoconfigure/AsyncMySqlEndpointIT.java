package dev.asyncmysql.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.connection.ConnectionInfo.State;
import dev.asyncmysql.connection.PoolUsage;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.observability.Advice;
import dev.asyncmysql.observability.AsyncMySqlEndpoint;
import dev.asyncmysql.observability.AsyncMySqlEndpoint.Connected;
import dev.asyncmysql.observability.AsyncMySqlEndpoint.Description;
import dev.asyncmysql.observability.AsyncMySqlEndpoint.Operation;
import dev.asyncmysql.observability.EffectiveSetting;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.DockerClientFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcConnectionDetails;
import org.springframework.boot.test.context.ConfigDataApplicationContextInitializer;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the endpoint {@code asyncmysql} tells of connections to a real MySQL.
 */
@RequiresMySql
@ExtendWith(OutputCaptureExtension.class)
class AsyncMySqlEndpointIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				AsyncMySqlEndpointAutoConfiguration.class, AdviceAutoConfiguration.class,
				EndpointAutoConfiguration.class))
		.withPropertyValues(MySqlServer.properties())
		.withPropertyValues("async-mysql.pool.max-size=3", "async-mysql.pool.min-idle=0",
				"management.endpoints.web.exposure.include=asyncmysql");

	@Test
	void isNotThereUntilItIsExposed() {
		this.contexts.withPropertyValues("management.endpoints.web.exposure.include=health")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(AsyncMySqlEndpoint.class));
	}

	@Test
	void tellsPoolConnectionsServerAndStatements() {
		this.contexts.run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			for (int i = 0; i < 3; i++) {
				assertThat(client.sql("SELECT " + i).fetch().one().block(LIMIT)).isNotNull();
			}
			Connection lent = context.getBean(ConnectionPool.class).create().blockOptional(LIMIT).orElseThrow();
			Disposable busy = client.sql("SELECT SLEEP(10)").fetch().one().subscribe();
			Awaitility.await()
				.atMost(LIMIT)
				.untilAsserted(() -> assertThat(describe(context).connections()).extracting(Connected::state)
					.containsExactlyInAnyOrder(State.LENT, State.BUSY));
			Description description = describe(context);
			busy.dispose();
			Mono.from(lent.close()).block(LIMIT);
			assertThat(description.server()).startsWith("MySQL 9.7.");
			assertThat(description.pool()).isEqualTo(new PoolUsage(2, 0, 0, 3));
			assertThat(description.connections()).allSatisfy((connection) -> {
				assertThat(connection.id()).isPositive();
				assertThat(connection.eventLoop()).startsWith("reactor-tcp-");
				assertThat(connection.ageMillis()).isBetween(0L, 60_000L);
			});
			assertThat(description.variables()).containsEntry("innodb_lock_wait_timeout", "50")
				.containsKeys("max_connections", "wait_timeout", "max_allowed_packet", "time_zone", "sql_mode");
			assertThat(description.topStatements()).anySatisfy((figures) -> {
				assertThat(figures.statement()).isEqualTo("SELECT ?");
				assertThat(figures.count()).isEqualTo(3);
				assertThat(figures.rows()).isEqualTo(3);
			});
			Awaitility.await()
				.atMost(LIMIT)
				.untilAsserted(() -> assertThat(describe(context).connections()).extracting(Connected::state)
					.containsOnly(State.IDLE));
		});
	}

	@Test
	void anExhaustedPoolIsTold() {
		this.contexts.withPropertyValues("async-mysql.pool.max-size=2").run((context) -> {
			ConnectionPool pool = context.getBean(ConnectionPool.class);
			Connection lent = pool.create().blockOptional(LIMIT).orElseThrow();
			Disposable busy = context.getBean(DatabaseClient.class).sql("SELECT SLEEP(10)").fetch().one().subscribe();
			Disposable waiting = pool.create().subscribe();
			Awaitility.await().atMost(LIMIT).untilAsserted(() -> {
				Description description = describe(context);
				assertThat(description.pool()).isEqualTo(new PoolUsage(2, 0, 1, 2));
				assertThat(description.connections()).extracting(Connected::state)
					.containsExactly(State.LENT, State.BUSY);
				// Asked for by the side connection.
				assertThat(description.variables()).containsKey("max_connections");
			});
			waiting.dispose();
			busy.dispose();
			Mono.from(lent.close()).block(LIMIT);
			Awaitility.await()
				.atMost(LIMIT)
				.untilAsserted(() -> assertThat(describe(context).pool()).isEqualTo(new PoolUsage(0, 2, 0, 2)));
		});
	}

	@Test
	void tellsSinceWhenAConnectionIsLentOrIdle() {
		this.contexts.run((context) -> {
			describe(context);
			long start = System.nanoTime();
			Connection lent = context.getBean(ConnectionPool.class).create().blockOptional(LIMIT).orElseThrow();
			assertThat(only(context).sinceMillis()).isLessThanOrEqualTo(millisSince(start));
			Awaitility.await().atMost(LIMIT).until(() -> only(context).sinceMillis() >= 1000);
			assertThat(only(context)).satisfies((connection) -> {
				assertThat(connection.state()).isEqualTo(State.LENT);
				assertThat(connection.sinceMillis()).isLessThanOrEqualTo(connection.ageMillis());
			});
			long returned = System.nanoTime();
			Mono.from(lent.close()).block(LIMIT);
			assertThat(only(context)).satisfies((connection) -> {
				assertThat(connection.state()).isEqualTo(State.IDLE);
				assertThat(connection.sinceMillis()).isLessThanOrEqualTo(millisSince(returned));
				assertThat(connection.ageMillis()).isGreaterThanOrEqualTo(1000);
			});
			Awaitility.await().atMost(LIMIT).until(() -> only(context).sinceMillis() >= 1000);
		});
	}

	private static long millisSince(long start) {
		return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
	}

	private static Connected only(ApplicationContext context) {
		List<Connected> connections = describe(context).connections();
		assertThat(connections).hasSize(1);
		return connections.get(0);
	}

	@Test
	void withoutAPoolItTellsOfConnectionsAllTheSame(CapturedOutput output) {
		this.contexts.withPropertyValues("async-mysql.pool.enabled=false").run((context) -> {
			assertThat(context).doesNotHaveBean(ConnectionPool.class);
			Connection used = Mono.from(context.getBean(ConnectionFactory.class).create())
				.blockOptional(LIMIT)
				.orElseThrow();
			assertThat(Flux.from(used.createStatement("SELECT 1").execute())
				.flatMap((result) -> result.map((row) -> row.get(0)))
				.blockLast(LIMIT)).isNotNull();
			Description description = describe(context);
			assertThat(description.server()).startsWith("MySQL 9.7.");
			assertThat(description.pool()).isNull();
			assertThat(description.connections()).extracting(Connected::state).containsExactly(State.LENT);
			assertThat(description.variables()).containsKey("max_connections");
			assertThat(description.topStatements())
				.anySatisfy((figures) -> assertThat(figures.statement()).isEqualTo("SELECT ?"));
			assertThat(description.settings().get("async-mysql.pool.enabled").value()).isEqualTo(false);
			assertThat(context.getBean(AsyncMySqlEndpoint.class).run(Operation.LOG)).containsEntry("logged", true);
			assertThat(output).containsPattern("Connections of connectionFactory:\\R");
			Mono.from(used.close()).block(LIMIT);
			assertThat(describe(context).connections()).isEmpty();
		});
	}

	@Test
	void answersWithinItsLimitWhereTheServerIsSilent() {
		this.contexts.run((context) -> {
			Connection lent = context.getBean(ConnectionPool.class).create().blockOptional(LIMIT).orElseThrow();
			assertThat(describe(context).variables()).containsKey("max_connections");
			String container = MySqlServer.container().getContainerId();
			DockerClientFactory.instance().client().pauseContainerCmd(container).exec();
			try {
				long start = System.nanoTime();
				Description description = describe(context);
				assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
				assertThat(description.server()).startsWith("MySQL 9.7.");
				assertThat(description.pool()).isEqualTo(new PoolUsage(1, 0, 0, 3));
				assertThat(description.connections()).extracting(Connected::state).containsExactly(State.LENT);
				assertThat(description.variables())
					.isEqualTo(Map.of("error", "The server gave no answer within 2000 ms"));
			}
			finally {
				DockerClientFactory.instance().client().unpauseContainerCmd(container).exec();
			}
			Mono.from(lent.close()).block(LIMIT);
			Awaitility.await().atMost(LIMIT).until(() -> describe(context).variables().containsKey("max_connections"));
		});
	}

	@Test
	void whatWasNeverLentIsIdle() {
		this.contexts.withPropertyValues("async-mysql.pool.initial-size=2")
			.run((context) -> assertThat(describe(context).connections()).extracting(Connected::state)
				.containsExactly(State.IDLE, State.IDLE));
	}

	@Test
	void settingsHaveAnOriginAndNoSecret() {
		this.contexts.withPropertyValues("spring.r2dbc.pool.max-idle-time=77s").run((context) -> {
			Map<String, EffectiveSetting> settings = describe(context).settings();
			assertThat(settings.get("async-mysql.pool.max-size").value()).isEqualTo(3);
			assertThat(settings.get("async-mysql.pool.max-size").origin()).contains("async-mysql.pool.max-size");
			assertThat(settings.get("async-mysql.pool.max-idle-time").value()).isEqualTo("PT1M17S");
			assertThat(settings.get("async-mysql.pool.max-idle-time").origin())
				.contains("spring.r2dbc.pool.max-idle-time");
			assertThat(settings.get("async-mysql.response-timeout")).isEqualTo(new EffectiveSetting("PT1M", "default"));
			assertThat(settings.get("async-mysql.password").value()).isEqualTo("******");
		});
	}

	@Test
	void aSettingOfAFileNamesItsLine(@TempDir Path folder) throws IOException {
		Path file = folder.resolve("application.yml");
		Files.writeString(file, """
				async-mysql:
				  pool:
				    max-life-time: 21m
				""");
		this.contexts.withInitializer(new ConfigDataApplicationContextInitializer())
			.withPropertyValues("spring.config.location=" + file.toUri())
			.run((context) -> assertThat(describe(context).settings().get("async-mysql.pool.max-life-time"))
				.satisfies((setting) -> {
					assertThat(setting.value()).isEqualTo("PT21M");
					assertThat(setting.origin()).startsWith("async-mysql.pool.max-life-time at ")
						.contains("application.yml")
						.endsWith("3:20");
				}));
	}

	@Test
	void aSettingOfConnectionDetailsSaysSo() {
		R2dbcConnectionDetails details = () -> ConnectionFactoryOptions.parse(MySqlServer.url())
			.mutate()
			.option(ConnectionFactoryOptions.USER, "root")
			.option(ConnectionFactoryOptions.PASSWORD, MySqlServer.container().getPassword())
			.build();
		this.contexts.withBean(R2dbcConnectionDetails.class, () -> details).run((context) -> {
			Map<String, EffectiveSetting> settings = describe(context).settings();
			assertThat(settings.get("async-mysql.host").value()).isEqualTo(MySqlServer.container().getHost());
			assertThat(settings.get("async-mysql.host").origin()).isEqualTo("connection details");
			assertThat(settings.get("async-mysql.pool.max-size").origin()).contains("async-mysql.pool.max-size");
			assertThat(settings.get("async-mysql.password").value()).isEqualTo("******");
		});
	}

	@Test
	void connectionsAreReplacedOnDemand(CapturedOutput output) {
		this.contexts.withPropertyValues("async-mysql.pool.background-eviction-interval=100ms").run((context) -> {
			Connection lent = context.getBean(ConnectionPool.class).create().blockOptional(LIMIT).orElseThrow();
			Long before = describe(context).connections().get(0).id();
			AsyncMySqlEndpoint endpoint = context.getBean(AsyncMySqlEndpoint.class);
			assertThat(endpoint.run(Operation.REPLACE)).containsEntry("replaced", 1);
			assertThat(Flux.from(lent.createStatement("SELECT 1").execute())
				.flatMap((result) -> result.map((row) -> row.get(0)))
				.blockLast(LIMIT)).isNotNull();
			Mono.from(lent.close()).block(LIMIT);
			assertThat(context.getBean(DatabaseClient.class).sql("SELECT 1").fetch().one().block(LIMIT)).isNotNull();
			List<Connected> after = describe(context).connections();
			assertThat(after).extracting(Connected::id).hasSize(1).doesNotContain(before);
			assertThat(endpoint.run(Operation.LOG)).containsEntry("logged", true);
			assertThat(output).contains("Connections of connectionFactory: PoolUsage[acquired=0, idle=1");
		});
	}

	@Test
	void adviceIsLoggedWhenTheApplicationHasStartedAndShownUntilItIsSilenced(CapturedOutput output) {
		ApplicationContextRunner many = this.contexts.withPropertyValues("async-mysql.advice.instances=1000",
				"async-mysql.pool.max-idle-time=-1s");
		many.run((context) -> {
			ready(context);
			Awaitility.await()
				.atMost(LIMIT)
				.untilAsserted(() -> assertThat(output)
					.contains("4000 connections may be opened (async-mysql.pool.max-size=3 and a side connection, "
							+ "times async-mysql.advice.instances=1000), and the server allows ")
					.contains("(async-mysql.advice.silence=max-connections hides this)")
					.contains("(wait_timeout), and async-mysql.pool.max-idle-time is without a limit"));
			assertThat(describe(context).advice()).extracting(Advice::name).contains("max-connections", "wait-timeout");
		});
		many.withPropertyValues("async-mysql.advice.silence=max-connections,wait-timeout")
			.run((context) -> assertThat(describe(context).advice()).extracting(Advice::name)
				.doesNotContain("max-connections", "wait-timeout"));
	}

	@Test
	void anotherTimeZoneOfTheSessionIsTold() {
		this.contexts.withPropertyValues("async-mysql.session-variables=time_zone='+11:17'")
			.run((context) -> assertThat(describe(context).advice()).extracting(Advice::text)
				.anyMatch((text) -> text.contains("the session 677 (time_zone)")));
	}

	@Test
	void anotherTimeZoneOfTheServerIsTold() {
		this.contexts.withPropertyValues("async-mysql.connection-time-zone=+11:17")
			.run((context) -> assertThat(describe(context).advice()).extracting(Advice::name)
				.doesNotContain("server-time-zone"));
		this.contexts
			.withPropertyValues("async-mysql.connection-time-zone=+11:17",
					"async-mysql.force-connection-time-zone-to-session=true")
			.run((context) -> assertThat(describe(context).advice())
				.filteredOn((advice) -> advice.name().endsWith("time-zone"))
				.singleElement()
				.satisfies((advice) -> {
					assertThat(advice.name()).isEqualTo("server-time-zone");
					assertThat(advice.text()).contains("The session is 677 minutes ahead of UTC (time_zone=+11:17)",
							"the server's default 0 (time_zone=SYSTEM)");
				}));
	}

	@Test
	void noAdviceIsAskedForWhereNothingConnectsAtStart(CapturedOutput output) {
		this.contexts
			.withPropertyValues("async-mysql.startup=lazy", "async-mysql.advice.instances=1000",
					"async-mysql.host=db.example.com")
			.run((context) -> {
				ready(context);
				assertThat(output).contains("The server at db.example.com")
					.contains("is not verified")
					.doesNotContain("connections may be opened");
				assertThat(context.getBean(Server.class).connectionInfos()).isEmpty();
			});
	}

	private static void ready(AssertableApplicationContext started) {
		ConfigurableApplicationContext context = started
			.getSourceApplicationContext(ConfigurableApplicationContext.class);
		context.publishEvent(new ApplicationReadyEvent(new SpringApplication(), new String[0], context, Duration.ZERO));
	}

	private static Description describe(ApplicationContext context) {
		return context.getBean(AsyncMySqlEndpoint.class)
			.connections()
			.blockOptional(LIMIT)
			.orElseThrow()
			.get("connectionFactory");
	}

}
