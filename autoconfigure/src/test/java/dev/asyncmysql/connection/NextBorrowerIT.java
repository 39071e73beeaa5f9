package dev.asyncmysql.connection;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import io.asyncer.r2dbc.mysql.api.MySqlTransactionDefinition;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import org.testcontainers.mysql.MySQLContainer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.r2dbc.ConnectionFactoryDecorator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the next borrower of a connection finds where the former one met something odd.
 */
@RequiresMySql
class NextBorrowerIT {

	private static final Duration LIMIT = Duration.ofMinutes(2);

	private final AtomicReference<Server> server = new AtomicReference<>();

	private final AtomicReference<ConnectionPool> pool = new AtomicReference<>();

	@BeforeEach
	void schema() {
		MySqlServer.execute("CREATE TABLE IF NOT EXISTS borrower (who VARCHAR(100))");
		MySqlServer.execute("TRUNCATE TABLE borrower");
	}

	@AfterEach
	void close() {
		this.pool.get().dispose();
		this.server.get().dispose();
	}

	@Test
	void theLockWaitTimeoutOfATransactionThatDdlEndsIsSetBack() {
		open(Map.of(), List.of());
		List<Object> before = borrow(NextBorrowerIT::lockWait);
		borrow((connection) -> Flux.concat(
				connection.beginTransaction(MySqlTransactionDefinition.empty().lockWaitTimeout(Duration.ofSeconds(3))),
				execute(connection, "CREATE TABLE IF NOT EXISTS borrower_two (i INT)"),
				connection.commitTransaction()));
		assertThat(borrow(NextBorrowerIT::lockWait)).isEqualTo(before);
	}

	@Test
	void autocommitThatWasSwitchedOnIsSwitchedOffAgain() {
		open(Map.of("c.session-variables", "autocommit=0"), List.of());
		List<Object> before = borrow(NextBorrowerIT::autoCommit);
		borrow((connection) -> connection.setAutoCommit(true));
		assertThat(borrow(NextBorrowerIT::autoCommit)).isEqualTo(before);
	}

	@Test
	void aDecoratorThatIsNotWrappedHidesNoTransaction() {
		open(Map.of(), List.of((factory) -> new Plain(factory)));
		borrow((connection) -> Flux.concat(execute(connection, "START TRANSACTION"),
				execute(connection, "INSERT INTO borrower VALUES ('A')")));
		borrow((connection) -> execute(connection, "INSERT INTO borrower VALUES ('B')"));
		assertThat(MySqlServer.execute("SELECT who FROM borrower")).containsExactly("B");
	}

	@Test
	void aDecoratorThatIsNotWrappedHasNothingCommitted() {
		open(Map.of(), List.of((factory) -> new Plain(factory)));
		borrow((connection) -> Flux.concat(connection.setAutoCommit(false),
				execute(connection, "INSERT INTO borrower VALUES ('A')")));
		assertThat(MySqlServer.execute("SELECT who FROM borrower")).isEmpty();
	}

	@Test
	void theNextCallerAfterAPacketThatIsTooLargeIsServed() {
		MySqlServer.execute("SET GLOBAL max_allowed_packet = 1048576");
		try {
			open(Map.of(), List.of());
			int failed = 0;
			int others = 0;
			for (int round = 0; round < 30; round++) {
				borrow((connection) -> Flux
					.from(connection.createStatement("SELECT LENGTH(?)").bind(0, "x".repeat(2 << 20)).execute())
					.flatMap(Result::getRowsUpdated)
					.onErrorResume((ex) -> Flux.empty()));
				failed += fails() ? 1 : 0;
				others += fails() ? 1 : 0;
			}
			assertThat(failed + others).as("innocent callers that failed in 30 rounds").isZero();
		}
		finally {
			MySqlServer.execute("SET GLOBAL max_allowed_packet = 268435456");
		}
	}

	private boolean fails() {
		return Mono
			.usingWhen(this.pool.get().create(), (connection) -> execute(connection, "SELECT SLEEP(0.02)").then(),
					Connection::close)
			.thenReturn(false)
			.onErrorReturn(true)
			.blockOptional(LIMIT)
			.orElseThrow();
	}

	private static Flux<Object> lockWait(Connection connection) {
		return Flux.from(connection.createStatement("SELECT @@innodb_lock_wait_timeout").execute())
			.flatMap((result) -> result.map((row) -> (Object) String.valueOf(row.get(0))));
	}

	private static Flux<Object> autoCommit(Connection connection) {
		return Flux.from(connection.createStatement("SELECT @@autocommit").execute())
			.flatMap((result) -> result.map((row) -> (Object) String.valueOf(row.get(0))));
	}

	private static Flux<Void> execute(Connection connection, String sql) {
		return Flux.defer(() -> connection.createStatement(sql).execute())
			.flatMap(Result::getRowsUpdated)
			.thenMany(Flux.empty());
	}

	private List<Object> borrow(Function<Connection, ? extends Publisher<?>> use) {
		return Flux
			.usingWhen(this.pool.get().create(), (connection) -> Flux.<Object>from(use.apply(connection)),
					Connection::close)
			.collectList()
			.blockOptional(LIMIT)
			.orElseThrow();
	}

	private void open(Map<String, Object> properties, List<ConnectionFactoryDecorator> decorators) {
		MySQLContainer mysql = MySqlServer.container();
		Map<String, Object> all = new HashMap<>(Map.of("c.host", mysql.getHost(), "c.port", mysql.getFirstMappedPort(),
				"c.database", mysql.getDatabaseName(), "c.username", "root", "c.password", mysql.getPassword(),
				"c.pool.max-size", 1));
		all.putAll(properties);
		ConnectionSettings settings = new Binder(new MapConfigurationPropertySource(all)).bindOrCreate("c",
				ConnectionSettings.class);
		this.server.set(MySqlConnectionFactories.server(settings, MySqlConnectionFactories
			.driver(MySqlConnectionFactories.options(settings, DriverObjects.NONE, "c"), decorators), "c"));
		this.pool.set(MySqlConnectionFactories.pooled(this.server.get(), List.of()));
	}

	/**
	 * A decorator as an application may write it: a plain delegate.
	 *
	 * @param delegate the factory
	 */
	private record Plain(ConnectionFactory delegate) implements ConnectionFactory {

		@Override
		public Publisher<? extends Connection> create() {
			return Mono.from(this.delegate.create())
				.map((connection) -> (Connection) Proxy.newProxyInstance(getClass().getClassLoader(),
						new Class<?>[] { Connection.class }, (proxy, method, arguments) -> {
							try {
								return method.invoke(connection, arguments);
							}
							catch (InvocationTargetException ex) {
								throw ex.getCause();
							}
						}));
		}

		@Override
		public ConnectionFactoryMetadata getMetadata() {
			return this.delegate.getMetadata();
		}

	}

}
