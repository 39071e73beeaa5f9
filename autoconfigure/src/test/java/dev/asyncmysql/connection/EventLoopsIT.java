package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.PoolCustomizer;
import dev.asyncmysql.RequiresMySql;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import org.junit.jupiter.api.Test;
import org.testcontainers.mysql.MySQLContainer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Connections are spread over the event loops that may be used, also where one of these
 * opens them all.
 */
@RequiresMySql
class EventLoopsIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	@Test
	void anEventLoopThatOpensAllConnectionsDoesNotServeThemAll() {
		Server server = server();
		ConnectionPool pool = MySqlConnectionFactories.pooled(server, List.of(new PoolCustomizer() {

			@Override
			public void customizeConfiguration(ConnectionPoolConfiguration.Builder configuration) {
				configuration.allocatorSubscribeOn(Schedulers.immediate());
			}

		}));
		Connection first = Objects.requireNonNull(pool.create().block(LIMIT));
		// What follows an answer is done by the event loop that has received it.
		List<String> threads = thread(first)
			.flatMapMany((own) -> Flux.range(0, 7)
				.concatMap((index) -> pool.create())
				.concatMap(EventLoopsIT::thread)
				.startWith(own))
			.collectList()
			.block(LIMIT);
		Map<String, Long> connections = Objects.requireNonNull(threads)
			.stream()
			.collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
		assertThat(connections).hasSize(2);
		assertThat(connections.values()).containsOnly(4L);
		pool.dispose();
		server.dispose();
	}

	@Test
	void thoseThatAreOpenedAtOnceAreSpreadAmongThoseThatThereAre() {
		for (int round = 0; round < 4; round++) {
			Server server = server();
			ConnectionFactory connections = MySqlConnectionFactories.unpooled(server);
			List<Connection> open = new ArrayList<>();
			open.add(Objects.requireNonNull(Mono.from(connections.create()).block(LIMIT)));
			open.addAll(Objects.requireNonNull(
					Flux.range(0, 15).flatMap((index) -> connections.create(), 15).collectList().block(LIMIT)));
			Map<String, Long> served = Flux.fromIterable(open)
				.concatMap(EventLoopsIT::thread)
				.collect(Collectors.groupingBy(Function.identity(), Collectors.counting()))
				.blockOptional(LIMIT)
				.orElseThrow();
			assertThat(served.values()).containsExactly(8L, 8L);
			Flux.fromIterable(open).concatMap(Connection::close).blockLast(LIMIT);
			server.dispose();
		}
	}

	private static Mono<String> thread(Connection connection) {
		return Flux.from(connection.createStatement("SELECT 1").execute())
			.concatMap((result) -> result.map((row) -> Thread.currentThread().getName()))
			.single();
	}

	private static Server server() {
		MySQLContainer mysql = MySqlServer.container();
		Map<String, Object> properties = Map.of("c.host", mysql.getHost(), "c.port", mysql.getFirstMappedPort(),
				"c.username", "root", "c.password", mysql.getPassword(), "c.pool.max-size", 8, "c.pool.min-idle", 0,
				"c.event-loops", 2);
		ConnectionSettings settings = new Binder(new MapConfigurationPropertySource(properties)).bindOrCreate("c",
				ConnectionSettings.class);
		return MySqlConnectionFactories.server(settings, MySqlConnectionFactories
			.driver(MySqlConnectionFactories.options(settings, DriverObjects.NONE, "c"), List.of()), "c");
	}

}
