package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;
import reactor.netty.tcp.TcpResources;

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
		// Reactor Netty would let this one serve them all.
		Scheduler opener = Schedulers
			.fromExecutor(TcpResources.get().onClient(LoopResources.hasNativeSupport()).next());
		assertThat(Flux.range(0, 8).concatMap((index) -> pool.create().subscribeOn(opener)).collectList().block(LIMIT))
			.hasSize(8);
		assertThat(served(server).values()).containsExactly(4L, 4L);
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
			assertThat(served(server).values()).containsExactly(8L, 8L);
			Flux.fromIterable(open).concatMap(Connection::close).blockLast(LIMIT);
			server.dispose();
		}
	}

	private static Map<String, Long> served(Server server) {
		return server.connectionInfos()
			.stream()
			.collect(Collectors.groupingBy((info) -> String.valueOf(info.eventLoop()), Collectors.counting()));
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
