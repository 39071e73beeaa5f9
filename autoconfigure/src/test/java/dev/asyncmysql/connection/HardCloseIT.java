package dev.asyncmysql.connection;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.proxy.ProxyConnectionFactory;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.ValidationDepth;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.testcontainers.mysql.MySQLContainer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.r2dbc.ConnectionFactoryDecorator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Connections are ended through their channel where the driver would wait, and each has
 * its own.
 */
@RequiresMySql
class HardCloseIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private static final ConnectionFactoryDecorator PROXY = (factory) -> ProxyConnectionFactory.builder(factory)
		.build();

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void eachConnectionHasItsOwnWire(boolean proxied) {
		Server server = server(Map.of(), proxied ? List.of(PROXY) : List.of());
		List<Connection> connections = Flux.range(0, 20)
			.flatMap((index) -> server.connections().create(), 20)
			.collectList()
			.block(LIMIT);
		assertThat(connections).hasSize(20);
		for (int i = 0; i < 20; i += 2) {
			((GuardedConnection) connections.get(i)).cut();
		}
		Awaitility.await().until(() -> connections.stream().filter(HardCloseIT::isOpen).count() == 10);
		for (int i = 0; i < 20; i++) {
			assertThat(isOpen(connections.get(i))).isEqualTo(i % 2 == 1);
		}
		Flux.fromIterable(connections).flatMap(Connection::close).blockLast(LIMIT);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aStatementThatOutlivesItsCallerCostsTheConnectionAndNotThePool(boolean proxied) {
		Server server = server(Map.of("c.pool.max-size", 2, "c.pool.max-release-time", "500ms"),
				proxied ? List.of(PROXY) : List.of());
		ConnectionPool pool = MySqlConnectionFactories.pooled(server, List.of());
		for (int i = 0; i < 4; i++) {
			StepVerifier.create(Flux.usingWhen(pool.create(),
					(connection) -> Flux.from(connection.createStatement("SELECT SLEEP(30)").execute())
						.flatMap((result) -> result.map((row) -> row.get(0, Integer.class)))
						.timeout(Duration.ofMillis(100)),
					Connection::close))
				.expectError()
				.verify(LIMIT);
		}
		Awaitility.await()
			.atMost(Duration.ofSeconds(5))
			.untilAsserted(() -> assertThat(pool.getMetrics().orElseThrow().acquiredSize()).isZero());
		StepVerifier.create(Flux.range(0, 2).flatMap((index) -> pool.create()).flatMap(Connection::close))
			.expectComplete()
			.verify(LIMIT);
		pool.dispose();
		server.dispose();
	}

	@Test
	void attemptsAtAServerThatSaysNothingLeaveNoSocketBehind() throws IOException {
		List<Socket> accepted = new CopyOnWriteArrayList<>();
		try (ServerSocket mute = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
			Thread acceptor = new Thread(() -> accept(mute, accepted));
			acceptor.start();
			Server server = server(Map.of("c.host", "127.0.0.1", "c.port", mute.getLocalPort(),
					"c.pool.max-create-connection-time", "300ms"), List.of());
			StepVerifier.create(server.connections().create()).expectError(R2dbcTimeoutException.class).verify(LIMIT);
			server.connections().create().subscribe().dispose();
			StepVerifier.create(server.ask(Duration.ofMillis(200))).expectError().verify(LIMIT);
			server.dispose();
			Awaitility.await().until(() -> accepted.size() >= 2);
			for (Socket socket : new ArrayList<>(accepted)) {
				socket.setSoTimeout(5000);
				assertThat(socket.getInputStream().read()).isEqualTo(-1);
			}
		}
	}

	private static void accept(ServerSocket server, List<Socket> accepted) {
		while (!server.isClosed()) {
			try {
				accepted.add(server.accept());
			}
			catch (IOException ex) {
				return;
			}
		}
	}

	private static boolean isOpen(Connection connection) {
		return Mono.from(connection.validate(ValidationDepth.LOCAL)).blockOptional(LIMIT).orElseThrow();
	}

	private static Server server(Map<String, Object> properties, List<ConnectionFactoryDecorator> decorators) {
		MySQLContainer mysql = MySqlServer.container();
		Map<String, Object> all = new HashMap<>(Map.of("c.host", mysql.getHost(), "c.port", mysql.getFirstMappedPort(),
				"c.username", "root", "c.password", mysql.getPassword()));
		all.putAll(properties);
		ConnectionSettings settings = new Binder(new MapConfigurationPropertySource(all)).bindOrCreate("c",
				ConnectionSettings.class);
		return MySqlConnectionFactories.server(settings, MySqlConnectionFactories
			.driver(MySqlConnectionFactories.options(settings, DriverObjects.NONE, "c"), decorators), "c");
	}

}
