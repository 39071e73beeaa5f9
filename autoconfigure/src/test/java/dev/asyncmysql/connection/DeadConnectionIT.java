package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.testcontainers.mysql.MySQLContainer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Connections that the server closed while they were idle are noticed when they would be
 * lent, without a round trip.
 */
@RequiresMySql
class DeadConnectionIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	@Test
	void noCallerMeetsAConnectionThatTheServerClosed() {
		MySQLContainer mysql = MySqlServer.container();
		ConnectionSettings settings = new Binder(new MapConfigurationPropertySource(Map.of("c.host", mysql.getHost(),
				"c.port", mysql.getFirstMappedPort(), "c.username", "root", "c.password", mysql.getPassword(),
				"c.pool.max-size", 5, "c.pool.initial-size", 5, "c.pool.acquire-retry", 0)))
			.bindOrCreate("c", ConnectionSettings.class);
		ConnectionFactory driver = MySqlConnectionFactories
			.driver(MySqlConnectionFactories.options(settings, DriverObjects.NONE, "c"), List.of());
		ConnectionPool pool = MySqlConnectionFactories.pooled(MySqlConnectionFactories.server(settings, driver, "c"),
				List.of());
		try {
			List<Connection> held = Flux.range(0, 5).flatMap((index) -> pool.create()).collectList().block(LIMIT);
			assertThat(held).hasSize(5);
			List<Long> ids = Flux.fromIterable(held).concatMap(DeadConnectionIT::id).collectList().block(LIMIT);
			Flux.fromIterable(held).flatMap(Connection::close).blockLast(LIMIT);
			kill(DatabaseClient.create(driver), ids);
			Awaitility.await().until(() -> held.stream().noneMatch(DeadConnectionIT::isOpen));
			List<Long> fresh = Flux.range(0, 5)
				.flatMap((index) -> Mono.usingWhen(pool.create(), DeadConnectionIT::id, Connection::close))
				.collectList()
				.block(LIMIT);
			assertThat(fresh).hasSize(5).doesNotContainAnyElementsOf(ids);
		}
		finally {
			pool.dispose();
		}
	}

	@Test
	void oneThatIsKilledCostsTheOthersOnce() {
		MySQLContainer mysql = MySqlServer.container();
		ConnectionSettings settings = new Binder(new MapConfigurationPropertySource(Map.of("c.host", mysql.getHost(),
				"c.port", mysql.getFirstMappedPort(), "c.username", "root", "c.password", mysql.getPassword(),
				"c.pool.max-size", 5, "c.pool.initial-size", 5, "c.pool.acquire-retry", 0)))
			.bindOrCreate("c", ConnectionSettings.class);
		ConnectionFactory driver = MySqlConnectionFactories
			.driver(MySqlConnectionFactories.options(settings, DriverObjects.NONE, "c"), List.of());
		Server server = MySqlConnectionFactories.server(settings, driver, "c");
		ConnectionPool pool = MySqlConnectionFactories.pooled(server, List.of());
		try {
			List<Long> before = ids(pool);
			kill(DatabaseClient.create(driver), before.subList(0, 1));
			Awaitility.await().until(() -> server.generation() == 1);
			List<Long> after = ids(pool);
			assertThat(after).hasSize(5).doesNotContainAnyElementsOf(before);
			assertThat(ids(pool)).hasSize(5).containsExactlyInAnyOrderElementsOf(after);
			assertThat(server.generation()).isOne();
		}
		finally {
			pool.dispose();
			server.dispose();
		}
		assertThat(server.generation()).as("after connections were closed here").isOne();
	}

	@Test
	void whatTheServerWouldCloseForItsSilenceIsClosedBefore() {
		MySQLContainer mysql = MySqlServer.container();
		ConnectionSettings settings = new Binder(new MapConfigurationPropertySource(Map.of("c.host", mysql.getHost(),
				"c.port", mysql.getFirstMappedPort(), "c.username", "root", "c.password", mysql.getPassword(),
				"c.session-variables", "wait_timeout=2", "c.pool.max-size", 5, "c.pool.min-idle", 0)))
			.bindOrCreate("c", ConnectionSettings.class);
		ConnectionFactory driver = MySqlConnectionFactories
			.driver(MySqlConnectionFactories.options(settings, DriverObjects.NONE, "c"), List.of());
		Server server = MySqlConnectionFactories.server(settings, driver, "c");
		ConnectionPool pool = MySqlConnectionFactories.pooled(server, List.of());
		DatabaseClient observer = DatabaseClient.create(driver);
		Long aborted = number(observer, "SELECT CAST(VARIABLE_VALUE AS SIGNED) FROM performance_schema.global_status "
				+ "WHERE VARIABLE_NAME = 'Aborted_clients'");
		try {
			List<Long> ids = ids(pool);
			server.ask(LIMIT).block(LIMIT);
			Awaitility.await()
				.atMost(LIMIT)
				.untilAsserted(
						() -> assertThat(pool.getMetrics().orElseThrow().allocatedSize()).as("still open").isZero());
			// The one who asks is among them; the side connection is to have gone as
			// well.
			Awaitility.await()
				.atMost(LIMIT)
				.until(() -> number(observer,
						"SELECT COUNT(*) FROM performance_schema.threads " + "WHERE PROCESSLIST_ID >= "
								+ ids.stream().mapToLong(Long::longValue).min().orElseThrow()
								+ " AND TYPE = 'FOREGROUND'") == 1);
			assertThat(ids(pool)).doesNotContainAnyElementsOf(ids);
			assertThat(server.generation()).as("deaths").isZero();
		}
		finally {
			pool.dispose();
			server.dispose();
		}
		assertThat(number(observer, "SELECT CAST(VARIABLE_VALUE AS SIGNED) FROM performance_schema.global_status "
				+ "WHERE VARIABLE_NAME = 'Aborted_clients'"))
			.isEqualTo(aborted);
	}

	private static Long number(DatabaseClient client, String sql) {
		return client.sql(sql).mapValue(Long.class).one().blockOptional(LIMIT).orElseThrow();
	}

	private static List<Long> ids(ConnectionPool pool) {
		List<Connection> held = Flux.range(0, 5)
			.flatMap((index) -> pool.create())
			.collectList()
			.blockOptional(LIMIT)
			.orElseThrow();
		List<Long> ids = Flux.fromIterable(held)
			.concatMap(DeadConnectionIT::id)
			.collectList()
			.blockOptional(LIMIT)
			.orElseThrow();
		Flux.fromIterable(held).flatMap(Connection::close).blockLast(LIMIT);
		return ids;
	}

	@Test
	void theCheckCostsNoRoundTrip() {
		MySQLContainer mysql = MySqlServer.container();
		ConnectionSettings settings = new Binder(new MapConfigurationPropertySource(
				Map.of("c.host", mysql.getHost(), "c.port", mysql.getFirstMappedPort(), "c.username", "root",
						"c.password", mysql.getPassword(), "c.pool.max-size", 1)))
			.bindOrCreate("c", ConnectionSettings.class);
		ConnectionFactory driver = MySqlConnectionFactories
			.driver(MySqlConnectionFactories.options(settings, DriverObjects.NONE, "c"), List.of());
		ConnectionPool pool = MySqlConnectionFactories.pooled(MySqlConnectionFactories.server(settings, driver, "c"),
				List.of());
		try {
			Long before = questions(pool);
			for (int i = 0; i < 20; i++) {
				Mono.usingWhen(pool.create(), (connection) -> Mono.just(connection), Connection::close).block(LIMIT);
			}
			// The driver's ping at each release, and the statement that asks; a check
			// would add twenty.
			assertThat(questions(pool) - before).isLessThanOrEqualTo(22);
		}
		finally {
			pool.dispose();
		}
	}

	private static Long questions(ConnectionPool pool) {
		return DatabaseClient.create(pool)
			.sql("SELECT CAST(VARIABLE_VALUE AS SIGNED) FROM performance_schema.session_status "
					+ "WHERE VARIABLE_NAME = 'Questions'")
			.mapValue(Long.class)
			.one()
			.blockOptional(LIMIT)
			.orElseThrow();
	}

	private static void kill(DatabaseClient client, List<Long> ids) {
		Flux.fromIterable(ids)
			.concatMap((id) -> client.sql("KILL " + id).then())
			.as(StepVerifier::create)
			.expectComplete()
			.verify(LIMIT);
	}

	private static Mono<Long> id(Connection connection) {
		return Flux.from(connection.createStatement("SELECT CONNECTION_ID()").execute())
			.flatMap((result) -> result.map((row) -> row.get(0, Long.class)))
			.single();
	}

	private static boolean isOpen(Connection connection) {
		Connection physical = (Connection) ((Wrapped<?>) connection).unwrap();
		return Mono.from(physical.validate(ValidationDepth.LOCAL)).blockOptional(LIMIT).orElseThrow();
	}

}
