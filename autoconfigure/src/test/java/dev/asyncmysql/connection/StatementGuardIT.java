package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.proxy.ProxyConnectionFactory;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
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
 * A statement ends with its caller, or at its limit, and leaves its connection usable.
 */
@RequiresMySql
class StatementGuardIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private static final ConnectionFactoryDecorator PROXY = (factory) -> ProxyConnectionFactory.builder(factory)
		.build();

	private final AtomicReference<Server> server = new AtomicReference<>();

	private final AtomicReference<ConnectionPool> pool = new AtomicReference<>();

	@AfterEach
	void close() {
		this.pool.get().dispose();
		this.server.get().dispose();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aStatementWhoseCallerHasGoneIsKilledAfterTheGraceAndItsConnectionStays(boolean proxied) {
		open(proxied, Map.of("c.cancel.grace", "300ms"));
		long id = connectionId();
		StepVerifier.create(ask("SELECT SLEEP(30), 'abandoned'").timeout(Duration.ofMillis(200)))
			.expectError()
			.verify(LIMIT);
		Awaitility.await().atMost(Duration.ofSeconds(2)).untilAsserted(() -> assertThat(running("abandoned")).isZero());
		assertThat(connectionId()).isEqualTo(id);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aStatementThatGetsNoAnswerFailsAtItsLimitAndItsConnectionStays(boolean proxied) {
		open(proxied, Map.of("c.response-timeout", "4s"));
		openSideConnection();
		long id = connectionId();
		long start = System.nanoTime();
		StepVerifier.create(ask("SELECT SLEEP(30), 'overdue'"))
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(R2dbcTimeoutException.class)
				.hasMessage(
						"The server gave no answer within 4000 ms (c.response-timeout). Find out what it waits for, "
								+ "or raise the limit for statements that take long"))
			.verify(LIMIT);
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(3900),
				Duration.ofMillis(6000));
		Awaitility.await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> assertThat(running("overdue")).isZero());
		assertThat(connectionId()).isEqualTo(id);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aStatementThatIsNoSelectFailsAtTheStatementLimitAndItsConnectionStays(boolean proxied) {
		open(proxied, Map.of("c.statement-timeout", "1s"));
		openSideConnection();
		long id = connectionId();
		long start = System.nanoTime();
		StepVerifier.create(ask("DO SLEEP(30), 'too long'"))
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(R2dbcTimeoutException.class)
				.hasMessageContaining("c.statement-timeout"))
			.verify(LIMIT);
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(1000),
				Duration.ofMillis(3000));
		Awaitility.await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> assertThat(running("too long")).isZero());
		assertThat(connectionId()).isEqualTo(id);
		StepVerifier
			.create(use((connection) -> Mono.from(connection.setStatementTimeout(Duration.ofMillis(300)))
				.thenMany(connection.createStatement("DO SLEEP(30), 'set'").execute())
				.flatMap(Result::getRowsUpdated)
				.next()))
			.expectError(R2dbcTimeoutException.class)
			.verify(Duration.ofSeconds(3));
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whatIsNotBegunOfASeriesIsNotBegunAfterItsCallerHasGone(boolean proxied) {
		open(proxied, Map.of("c.cancel.grace", "30s"));
		MySqlServer.execute("CREATE TABLE IF NOT EXISTS test.series (i INT)");
		MySqlServer.execute("TRUNCATE TABLE test.series");
		StepVerifier.create(use((connection) -> {
			Statement statement = connection
				.createStatement("INSERT INTO test.series SELECT ? FROM (SELECT SLEEP(0.05)) AS pause");
			for (int i = 0; i < 200; i++) {
				if (i > 0) {
					statement.add();
				}
				statement.bind(0, i);
			}
			return Flux.from(statement.execute()).flatMap(Result::getRowsUpdated).then(Mono.just("done"));
		}).timeout(Duration.ofMillis(200))).expectError().verify(LIMIT);
		connectionId();
		assertThat(Integer.parseInt(MySqlServer.execute("SELECT COUNT(*) FROM test.series").get(0))).isLessThan(100);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aMapperIsNotRunForRowsThatNobodyWants(boolean proxied) {
		open(proxied, Map.of());
		AtomicInteger mapped = new AtomicInteger();
		StepVerifier
			.create(use((connection) -> Flux.from(connection.createStatement(numbers(3000)).execute())
				.flatMap((result) -> result.map((row, metadata) -> mapped.incrementAndGet()))
				.next()))
			.expectNext(1)
			.expectComplete()
			.verify(LIMIT);
		connectionId();
		assertThat(mapped).hasValueLessThan(3000);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aSelectIsOneCommand(boolean proxied) {
		open(proxied, Map.of());
		connectionId();
		long pings = count("statement/com/Ping");
		long selects = count("statement/sql/select");
		for (int i = 0; i < 100; i++) {
			connectionId();
		}
		assertThat(count("statement/com/Ping") - pings).isZero();
		assertThat(count("statement/sql/select") - selects).isBetween(100L, 110L);
	}

	private static long count(String event) {
		return Long.parseLong(MySqlServer.execute(
				"SELECT count_star FROM performance_schema.events_statements_summary_global_by_event_name WHERE event_name = '"
						+ event + "'")
			.get(0));
	}

	static String numbers(int count) {
		return "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + count
				+ ") SELECT /*+ SET_VAR(cte_max_recursion_depth = 2000000) */ i FROM n";
	}

	private static long running(String marker) {
		return Long.parseLong(MySqlServer
			.execute("SELECT COUNT(*) FROM performance_schema.processlist WHERE info LIKE '%" + marker
					+ "%' AND id <> CONNECTION_ID()")
			.get(0));
	}

	private long connectionId() {
		return ask("SELECT CONNECTION_ID()").map(Long::valueOf).blockOptional(LIMIT).orElseThrow();
	}

	// On a busy machine the first one takes longer than the patience after a limit.
	private void openSideConnection() {
		StepVerifier.create(ask("SELECT SLEEP(30), 'first'").timeout(Duration.ofMillis(100)))
			.expectError()
			.verify(LIMIT);
		Awaitility.await().atMost(LIMIT).untilAsserted(() -> assertThat(running("first")).isZero());
	}

	private Mono<String> ask(String sql) {
		return use((connection) -> Flux.from(connection.createStatement(sql).execute())
			.flatMap((Result result) -> result.map((Readable row) -> String.valueOf(row.get(0))))
			.next());
	}

	private <T> Mono<T> use(java.util.function.Function<Connection, Mono<T>> action) {
		return Mono.usingWhen(this.pool.get().create(), action, Connection::close);
	}

	private void open(boolean proxied, Map<String, Object> properties) {
		MySQLContainer mysql = MySqlServer.container();
		Map<String, Object> all = new HashMap<>(Map.of("c.host", mysql.getHost(), "c.port", mysql.getFirstMappedPort(),
				"c.username", "root", "c.password", mysql.getPassword(), "c.pool.max-size", 1));
		all.putAll(properties);
		ConnectionSettings settings = new Binder(new MapConfigurationPropertySource(all)).bindOrCreate("c",
				ConnectionSettings.class);
		this.server.set(MySqlConnectionFactories.server(settings,
				MySqlConnectionFactories.driver(MySqlConnectionFactories.options(settings, DriverObjects.NONE, "c"),
						proxied ? List.of(PROXY) : List.of()),
				"c"));
		this.pool.set(MySqlConnectionFactories.pooled(this.server.get(), List.of()));
	}

}
