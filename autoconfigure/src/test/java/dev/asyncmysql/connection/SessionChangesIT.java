package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.proxy.ProxyConnectionFactory;
import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;
import org.testcontainers.mysql.MySQLContainer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.r2dbc.ConnectionFactoryDecorator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What one borrower does to its session, the next one does not find: all that the server
 * tells of a session is compared with that of a new one. A borrower that does nothing of
 * the kind costs no connection.
 */
@RequiresMySql
class SessionChangesIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private static final ConnectionFactoryDecorator PROXY = (factory) -> ProxyConnectionFactory.builder(factory)
		.build();

	/**
	 * What differs between sessions that nobody has changed, or after any statement.
	 */
	private static final String VARIABLES = """
			SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.session_variables WHERE VARIABLE_NAME NOT IN
			('timestamp', 'pseudo_thread_id', 'rand_seed1', 'rand_seed2', 'last_insert_id', 'identity', 'insert_id',
			'error_count', 'warning_count', 'statement_id', 'gtid_executed')""";

	/**
	 * What a session holds besides: its default schema, user variables, prepared
	 * statements and locks.
	 */
	private static final String HOLDINGS = """
			SELECT CONCAT('schema ', COALESCE(DATABASE(), '-')), 1
			UNION SELECT CONCAT('user variable ', VARIABLE_NAME), 1 FROM performance_schema.user_variables_by_thread
			WHERE THREAD_ID = PS_CURRENT_THREAD_ID()
			UNION SELECT CONCAT('prepared ', STATEMENT_NAME), 1 FROM performance_schema.prepared_statements_instances
			WHERE OWNER_THREAD_ID = PS_CURRENT_THREAD_ID() AND STATEMENT_NAME IS NOT NULL
			UNION SELECT CONCAT_WS(' ', 'lock', OBJECT_TYPE, OBJECT_SCHEMA, OBJECT_NAME, LOCK_TYPE), 1
			FROM performance_schema.metadata_locks
			WHERE OWNER_THREAD_ID = PS_CURRENT_THREAD_ID() AND COALESCE(OBJECT_SCHEMA, '') <> 'performance_schema'""";

	private static Map<String, String> newSession;

	@BeforeAll
	static void createObjects() {
		MySqlServer.execute("CREATE DATABASE IF NOT EXISTS another");
		MySqlServer.execute("CREATE TABLE IF NOT EXISTS hygiene (who VARCHAR(100))");
		MySqlServer.execute("CREATE TABLE IF NOT EXISTS hygiene_too (who VARCHAR(100))");
		MySqlServer.execute("CREATE PROCEDURE IF NOT EXISTS hygiene_out(OUT x INT) SET x = 1");
		try (Borrowing pool = new Borrowing(false, false)) {
			newSession = pool.newSession();
		}
	}

	@BeforeEach
	void emptyTable() {
		MySqlServer.execute("TRUNCATE TABLE hygiene");
	}

	static Stream<Arguments> changes() {
		return inEachWay(Map.ofEntries(Map.entry("setAutoCommit", (connection) -> connection.setAutoCommit(false)),
				Map.entry("setTransactionIsolationLevel",
						(connection) -> connection.setTransactionIsolationLevel(IsolationLevel.SERIALIZABLE)),
				Map.entry("setStatementTimeout", (connection) -> connection.setStatementTimeout(Duration.ofSeconds(7))),
				Map.entry("setLockWaitTimeout", (connection) -> connection.setLockWaitTimeout(Duration.ofSeconds(7))),
				Map.entry("all of the API's",
						(connection) -> Flux.concat(connection.setLockWaitTimeout(Duration.ofSeconds(7)),
								connection.setStatementTimeout(Duration.ofSeconds(7)),
								connection.setTransactionIsolationLevel(IsolationLevel.READ_UNCOMMITTED),
								connection.setAutoCommit(false))),
				Map.entry("setAutoCommit, then a write",
						(connection) -> Flux.concat(connection.setAutoCommit(false),
								execute(connection, "INSERT INTO hygiene VALUES ('A, uncommitted')"))),
				Map.entry("setTransactionIsolationLevel in a transaction",
						(connection) -> Flux.concat(connection.beginTransaction(),
								connection.setTransactionIsolationLevel(IsolationLevel.READ_COMMITTED))),
				sql("SET autocommit = 0"), sql("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE"),
				sql("SET TRANSACTION READ ONLY"), sql("SET max_execution_time = 7000"),
				sql("SET innodb_lock_wait_timeout = 7"), sql("SET @v = 1"), sql("SET sql_mode = 'ANSI_QUOTES'"),
				sql("SET time_zone = '+03:00'"), sql("SET NAMES latin1"),
				sql("SET GLOBAL net_write_timeout = 60, @v = 1"), sql("USE another"),
				sql("CREATE TEMPORARY TABLE temporary_one (a INT)"), sql("SELECT GET_LOCK('hygiene', 5)"),
				sql("DO GET_LOCK('hygiene', 5)"), sql("LOCK TABLES hygiene_too WRITE"), sql("LOCK TABLES hygiene READ"),
				sql("FLUSH TABLES hygiene_too WITH READ LOCK"), sql("PREPARE p FROM 'SELECT 1'"),
				sql("HANDLER hygiene_too OPEN"), sql("XA START 'hygiene'"), sql("SELECT 1; SET @v = 1; SELECT 2"),
				sql("/*! SET @v = 1 */"), sql("/* a */ -- b\n SET @v = 1"), sql("SELECT 1 INTO @v"),
				sql("SELECT @v := 1"), sql("CALL hygiene_out(@v)"), bound("SET @v = ?", 1),
				bound("SET max_execution_time = ?", 7000), bound("SELECT GET_LOCK(?, 5)", "hygiene"),
				Map.entry("a bound value, twice",
						(connection) -> results(connection.createStatement("SET @v = ?").bind(0, 1).add().bind(0, 2))),
				Map.entry("a batch",
						(connection) -> results(connection.createBatch()
							.add("SELECT 1")
							.add("SET @v = 1")
							.add("INSERT INTO hygiene_too VALUES ('A')"))),
				Map.entry("a failure after the change",
						(connection) -> execute(connection, "SET @v = 1; SELECT * FROM nowhere").onErrorComplete()),
				Map.entry("a transaction that is left open", (connection) -> Flux.concat(connection.beginTransaction(),
						execute(connection, "INSERT INTO hygiene VALUES ('A, uncommitted')")))));
	}

	static Stream<Arguments> ordinaryUse() {
		return inEachWay(Map.ofEntries(sql("SELECT * FROM hygiene FOR UPDATE SKIP LOCKED"),
				sql("INSERT INTO hygiene_too SET who = 'SET @v = 1; USE another'"),
				sql("UPDATE hygiene_too SET who = 'x'"), sql("BEGIN; INSERT INTO hygiene_too VALUES ('x'); COMMIT"),
				sql("SELECT @@sql_mode"), sql("SET GLOBAL net_write_timeout = 60"),
				sql("CREATE TABLE IF NOT EXISTS hygiene_too (who INT)"),
				bound("SELECT * FROM hygiene WHERE who = ?", "SET @v = 1"),
				Map.entry("a transaction", (connection) -> Flux.concat(connection.beginTransaction(),
						execute(connection, "INSERT INTO hygiene_too VALUES ('x')"), connection.commitTransaction())),
				Map.entry("a batch",
						(connection) -> results(connection.createBatch().add("SELECT 1").add("SELECT 2")))));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("changes")
	void theNextBorrowerFindsACleanSession(String name, boolean proxied, boolean prepared,
			Function<Connection, Publisher<?>> change) {
		try (Borrowing pool = new Borrowing(proxied, prepared)) {
			pool.borrow(change);
			assertThat(pool.borrow(SessionChangesIT::snapshot)).isEqualTo(newSession);
			pool.borrow((connection) -> execute(connection, "INSERT INTO hygiene VALUES ('B')"));
			Awaitility.await()
				.untilAsserted(() -> assertThat(MySqlServer.execute(
						"SELECT CONCAT('written by ', who, ', lock is free: ', IS_FREE_LOCK('hygiene')) FROM hygiene"))
					.containsExactly("written by B, lock is free: 1"));
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("ordinaryUse")
	void ordinaryUseCostsNoConnection(String name, boolean proxied, boolean prepared,
			Function<Connection, Publisher<?>> use) {
		try (Borrowing pool = new Borrowing(proxied, prepared)) {
			Object before = pool.borrow(SessionChangesIT::connectionId);
			pool.borrow(use);
			assertThat(pool.borrow(SessionChangesIT::snapshot)).isEqualTo(newSession);
			assertThat(pool.borrow(SessionChangesIT::connectionId)).isEqualTo(before);
		}
	}

	private static Stream<Arguments> inEachWay(Map<String, Function<Connection, Publisher<?>>> uses) {
		return new TreeMap<>(uses).entrySet()
			.stream()
			.flatMap((use) -> Stream.of(Arguments.of(use.getKey(), false, false, use.getValue()),
					Arguments.of(use.getKey() + " (r2dbc-proxy)", true, false, use.getValue()),
					Arguments.of(use.getKey() + " (prepared)", false, true, use.getValue())));
	}

	private static Map.Entry<String, Function<Connection, Publisher<?>>> sql(String sql) {
		return Map.entry(sql, (connection) -> execute(connection, sql));
	}

	private static Map.Entry<String, Function<Connection, Publisher<?>>> bound(String sql, Object value) {
		return Map.entry(sql, (connection) -> results(connection.createStatement(sql).bind(0, value)));
	}

	private static Flux<Void> execute(Connection connection, String sql) {
		return results(connection.createStatement(sql));
	}

	private static Flux<Void> results(Statement statement) {
		return Flux.from(statement.execute()).flatMap(Result::getRowsUpdated).thenMany(Flux.empty());
	}

	private static Flux<Void> results(Batch batch) {
		return Flux.from(batch.execute()).flatMap(Result::getRowsUpdated).thenMany(Flux.empty());
	}

	private static Mono<Object> connectionId(Connection connection) {
		return Flux.from(connection.createStatement("SELECT CONNECTION_ID()").execute())
			.<Object>flatMap((result) -> result.map((row) -> row.get(0, Long.class)))
			.last();
	}

	private static Mono<Map<String, String>> snapshot(Connection connection) {
		return Flux.just(VARIABLES, HOLDINGS)
			.concatMap((sql) -> connection.createStatement(sql).execute())
			.concatMap((result) -> result.map((row) -> Map.entry(row.get(0, String.class), String.valueOf(row.get(1)))))
			.collectMap(Map.Entry::getKey, Map.Entry::getValue, TreeMap::new)
			.zipWith(hasTemporaryTable(connection), (found, table) -> {
				found.put("temporary table", table.toString());
				return found;
			})
			.doOnNext((found) -> found.put("isAutoCommit", String.valueOf(connection.isAutoCommit())))
			.doOnNext((found) -> found.put("isolation", connection.getTransactionIsolationLevel().asSql()));
	}

	private static Mono<Boolean> hasTemporaryTable(Connection connection) {
		return execute(connection, "SELECT * FROM temporary_one").then(Mono.just(true)).onErrorReturn(false);
	}

	/**
	 * A pool of one connection, whose borrowers come one after the other.
	 */
	private static final class Borrowing implements AutoCloseable {

		private final Server server;

		private final ConnectionPool pool;

		Borrowing(boolean proxied, boolean prepared) {
			MySQLContainer mysql = MySqlServer.container();
			Map<String, Object> properties = new HashMap<>(
					Map.of("c.host", mysql.getHost(), "c.port", mysql.getFirstMappedPort(), "c.database",
							mysql.getDatabaseName(), "c.username", "root", "c.password", mysql.getPassword(),
							"c.pool.max-size", 1, "c.use-server-prepare-statement", prepared));
			ConnectionSettings settings = new Binder(new MapConfigurationPropertySource(properties)).bindOrCreate("c",
					ConnectionSettings.class);
			this.server = MySqlConnectionFactories.server(settings,
					MySqlConnectionFactories.driver(MySqlConnectionFactories.options(settings, DriverObjects.NONE, "c"),
							proxied ? List.of(PROXY) : List.of()),
					"c");
			this.pool = MySqlConnectionFactories.pooled(this.server, List.of());
		}

		Map<String, String> newSession() {
			return Mono.usingWhen(this.server.connections().create(), SessionChangesIT::snapshot, Connection::close)
				.blockOptional(LIMIT)
				.orElseThrow();
		}

		Object borrow(Function<Connection, ? extends Publisher<?>> use) {
			return Flux
				.usingWhen(this.pool.create(), (connection) -> Flux.<Object>from(use.apply(connection)),
						Connection::close)
				.collectList()
				.map((found) -> found.isEmpty() ? "nothing" : found.get(0))
				.blockOptional(LIMIT)
				.orElseThrow();
		}

		@Override
		public void close() {
			this.pool.dispose();
			this.server.dispose();
		}

	}

}
