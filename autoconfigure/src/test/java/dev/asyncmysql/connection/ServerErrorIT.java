package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.List;

import com.github.dockerjava.api.model.ExposedPort;
import dev.asyncmysql.ConnectionLostException;
import dev.asyncmysql.ConstraintViolationException;
import dev.asyncmysql.DeadlineException;
import dev.asyncmysql.DeadlockException;
import dev.asyncmysql.DuplicateKeyViolationException;
import dev.asyncmysql.LockWaitException;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.ReadOnlyServerException;
import dev.asyncmysql.ReadOnlyTransactionException;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Result.Message;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.mysql.MySQLContainer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.PermissionDeniedDataAccessException;
import org.springframework.dao.PessimisticLockingFailureException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.r2dbc.BadSqlGrammarException;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.transaction.support.DefaultTransactionDefinition;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What Spring makes of errors of a real MySQL, each caused for real.
 */
@RequiresMySql
class ServerErrorIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private static final String LOCK = "SELECT name FROM error_parent WHERE id = 1 FOR UPDATE";

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class))
		.withPropertyValues(MySqlServer.properties())
		.withPropertyValues("async-mysql.pool.max-size=4");

	@BeforeAll
	static void createTables() {
		MySqlServer.execute("DROP TABLE IF EXISTS error_child, error_parent");
		MySqlServer.execute("CREATE TABLE error_parent (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE, "
				+ "amount INT NOT NULL DEFAULT 0, CONSTRAINT positive CHECK (amount >= 0))");
		MySqlServer.execute("CREATE TABLE error_child (id INT PRIMARY KEY, parent INT, "
				+ "CONSTRAINT child_of FOREIGN KEY (parent) REFERENCES error_parent (id))");
		MySqlServer.execute("INSERT INTO error_parent (id, name) VALUES (1, 'one'), (2, 'two')");
		MySqlServer.execute("INSERT INTO error_child VALUES (1, 1)");
	}

	@Test
	void aDeadlock() {
		this.contexts.run((context) -> {
			TransactionalOperator transactions = transactions(context, false);
			List<Throwable> failures = Flux.just(1, 2)
				.flatMap((first) -> transactions
					.transactional(update(context, first).then(Mono.delay(Duration.ofMillis(500)))
						.then(update(context, 3 - first)))
					.then(Mono.<Throwable>empty())
					.onErrorResume(Mono::just))
				.collectList()
				.block(LIMIT);
			assertThat(failures).singleElement()
				.satisfies((failure) -> assertThatIs(failure, CannotAcquireLockException.class, DeadlockException.class,
						1213));
		});
	}

	@Test
	void aLockThatDoesNotComeInTimeOrAtOnce() {
		this.contexts.withPropertyValues("async-mysql.lock-wait-timeout=1s").run((context) -> {
			Connection holder = Mono.from(context.getBean(ConnectionFactory.class).create()).block(LIMIT);
			assertThat(holder).isNotNull();
			Mono.from(holder.beginTransaction()).block(LIMIT);
			Flux.from(holder.createStatement(LOCK).execute()).flatMap(Result::getRowsUpdated).blockLast(LIMIT);
			assertThatIs(failure(context, LOCK + " NOWAIT"), PessimisticLockingFailureException.class,
					LockWaitException.class, 3572);
			assertThatIs(failure(context, LOCK), PessimisticLockingFailureException.class, LockWaitException.class,
					1205);
			Mono.from(holder.rollbackTransaction()).then(Mono.from(holder.close())).block(LIMIT);
		});
	}

	@Test
	void aStatementThatTakesTooLong() {
		this.contexts.withPropertyValues("async-mysql.statement-timeout=1s").run((context) -> {
			// The server ends the first by itself, and is told to end the second.
			assertThatIs(
					failure(context,
							"SELECT COUNT(*) FROM information_schema.columns a, information_schema.columns b, "
									+ "information_schema.columns c"),
					QueryTimeoutException.class, DeadlineException.class, 3024);
			assertThatIs(failure(context, "DO SLEEP(10)"), QueryTimeoutException.class, DeadlineException.class, 0);
		});
	}

	@Test
	void aKeyThatIsThereAlready() {
		this.contexts.run((context) -> {
			Throwable failure = failure(context, "INSERT INTO error_parent (id, name) VALUES (3, 'one')");
			assertThatIs(failure, DuplicateKeyException.class, DuplicateKeyViolationException.class, 1062);
			assertThat(failure.getCause()).extracting("key").isEqualTo("error_parent.name");
		});
	}

	@Test
	void aConstraint() {
		this.contexts.run((context) -> {
			assertConstraint(context, "INSERT INTO error_parent (id, name) VALUES (3, NULL)", 1048, "name");
			assertConstraint(context, "DELETE FROM error_parent WHERE id = 1", 1451, "child_of");
			assertConstraint(context, "INSERT INTO error_child VALUES (2, 99)", 1452, "child_of");
			assertConstraint(context, "UPDATE error_parent SET amount = -1", 3819, "positive");
		});
	}

	private static void assertConstraint(ApplicationContext context, String sql, int code, String name) {
		Throwable failure = failure(context, sql);
		assertThatIs(failure, DataIntegrityViolationException.class, ConstraintViolationException.class, code);
		assertThat(failure.getCause()).extracting("constraint").isEqualTo(name);
	}

	@Test
	void aServerThatTakesNoWrites() {
		try (MySQLContainer mysql = new MySQLContainer(MySqlServer.IMAGE)) {
			mysql.start();
			this.contexts
				.withPropertyValues("async-mysql.host=" + mysql.getHost(),
						"async-mysql.port=" + mysql.getFirstMappedPort())
				.run((context) -> {
					DatabaseClient client = context.getBean(DatabaseClient.class);
					client.sql("CREATE TABLE thing (id INT PRIMARY KEY)").then().block(LIMIT);
					client.sql("SET GLOBAL super_read_only = ON").then().block(LIMIT);
					assertThatIs(failure(context, "INSERT INTO thing VALUES (1)"),
							DataAccessResourceFailureException.class, ReadOnlyServerException.class, 1290);
					client.sql("SET GLOBAL super_read_only = OFF").then().block(LIMIT);
					Throwable other = failure(context, "SELECT 1 INTO OUTFILE '/nowhere/at-all'");
					assertThat(other).isInstanceOf(DataAccessResourceFailureException.class)
						.cause()
						.isNotInstanceOf(ReadOnlyServerException.class);
				});
		}
	}

	@Test
	void aServerThatReadsOnlyAndThenShutsDown() {
		try (MySQLContainer mysql = new MySQLContainer(MySqlServer.IMAGE)) {
			mysql.start();
			mysql.copyFileToContainer(Transferable.of("[mysqld]\ninnodb-read-only = ON\n"),
					"/etc/mysql/conf.d/read-only.cnf");
			ApplicationContextRunner ours = this.contexts.withPropertyValues("async-mysql.host=" + mysql.getHost(),
					"async-mysql.username=root", "async-mysql.password=" + mysql.getPassword(),
					"async-mysql.database=" + mysql.getDatabaseName(), "async-mysql.startup-timeout=30s");
			ours.withPropertyValues("async-mysql.port=" + mysql.getFirstMappedPort())
				.run((context) -> context.getBean(DatabaseClient.class)
					.sql("CREATE TABLE thing (id INT PRIMARY KEY)")
					.then()
					.block(LIMIT));
			mysql.getDockerClient().restartContainerCmd(mysql.getContainerId()).exec();
			ours.withPropertyValues("async-mysql.port=" + portOf(mysql)).run((context) -> {
				assertThatIs(failure(context, "CREATE TABLE other (id INT)"), DataAccessResourceFailureException.class,
						ReadOnlyServerException.class, 1836);
				assertThatIs(failure(context, "INSERT INTO thing VALUES (1)"), DataAccessResourceFailureException.class,
						ReadOnlyServerException.class, 1015);
				shutDown(context);
			});
		}
	}

	// A container that is started again has another port.
	private static String portOf(MySQLContainer mysql) {
		return mysql.getCurrentContainerInfo()
			.getNetworkSettings()
			.getPorts()
			.getBindings()
			.get(ExposedPort.tcp(MySQLContainer.MYSQL_PORT))[0].getHostPortSpec();
	}

	private static void shutDown(ApplicationContext context) {
		DatabaseClient client = context.getBean(DatabaseClient.class);
		Mono<Throwable> failing = failing(client
			.sql("SELECT COUNT(*) FROM information_schema.columns a, information_schema.columns b, "
					+ "information_schema.columns c")
			.fetch()
			.all()
			.then());
		Throwable failure = Mono
			.zip(failing, Mono.delay(Duration.ofSeconds(1)).then(client.sql("SHUTDOWN").then()).thenReturn(true))
			.blockOptional(LIMIT)
			.orElseThrow()
			.getT1();
		assertThatIs(failure, DataAccessResourceFailureException.class, ConnectionLostException.class, 1053);
	}

	@Test
	void aTransactionThatTakesNoWrites() {
		this.contexts
			.run((context) -> assertThatIs(failure(transactions(context, true).transactional(update(context, 1))),
					DataAccessResourceFailureException.class, ReadOnlyTransactionException.class, 1792));
	}

	@Test
	void aConnectionThatIsLost() {
		this.contexts.run((context) -> {
			Mono<Throwable> failing = failing(
					context.getBean(DatabaseClient.class).sql("SELECT SLEEP(15) /* lost */").fetch().all().then());
			Throwable failure = Mono
				.zip(failing,
						Mono.delay(Duration.ofMillis(500))
							.then(Mono.fromRunnable(() -> kill("SELECT SLEEP(15) /* lost */"))
								.subscribeOn(Schedulers.boundedElastic()))
							.thenReturn(true))
				.block(LIMIT)
				.getT1();
			assertThatIs(failure, DataAccessResourceFailureException.class, ConnectionLostException.class, 0);
		});
	}

	@Test
	void aConnectionThatTheServerHasClosedAsIdle() {
		this.contexts
			.withPropertyValues("async-mysql.session-variables=wait_timeout=1", "async-mysql.pool.max-idle-time=10m")
			.run((context) -> {
				DatabaseClient client = context.getBean(DatabaseClient.class);
				Throwable failure = failure(transactions(context, false).transactional(client.sql("SELECT 1")
					.then()
					.then(Mono.delay(Duration.ofSeconds(3)))
					.then(client.sql("SELECT 1").then())));
				assertThat(failure).isExactlyInstanceOf(DataAccessResourceFailureException.class)
					.hasCauseExactlyInstanceOf(ConnectionLostException.class);
			});
	}

	@Test
	void whatTheUserMayNotDo() {
		MySqlServer.execute("CREATE USER IF NOT EXISTS poor@'%' IDENTIFIED BY 'poor'");
		MySqlServer.execute("GRANT SELECT ON test.error_parent TO poor@'%'");
		MySqlServer.execute("GRANT INSERT ON test.error_child TO poor@'%'");
		this.contexts.withPropertyValues("async-mysql.username=poor", "async-mysql.password=poor").run((context) -> {
			assertThatIs(failure(context, "INSERT INTO error_parent (id, name) VALUES (9, 'x')"),
					PermissionDeniedDataAccessException.class, R2dbcPermissionDeniedException.class, 1142);
			assertThatIs(failure(context, "LOAD DATA INFILE '/nowhere' INTO TABLE error_child"),
					PermissionDeniedDataAccessException.class, R2dbcPermissionDeniedException.class, 1045);
			assertThatIs(failure(context, "USE mysql"), PermissionDeniedDataAccessException.class,
					R2dbcPermissionDeniedException.class, 1044);
		});
	}

	@Test
	void aStatementThatIsWrong() {
		this.contexts.run((context) -> {
			assertThatIs(failure(context, "SELEC 1"), BadSqlGrammarException.class, R2dbcBadGrammarException.class,
					1064);
			assertThatIs(failure(context, "SELECT 1 FROM error_missing"), BadSqlGrammarException.class,
					R2dbcBadGrammarException.class, 1146);
			assertThatIs(failure(context, "SELECT missing FROM error_parent"), BadSqlGrammarException.class,
					R2dbcBadGrammarException.class, 1054);
		});
	}

	@Test
	void eachWayOfUsingAConnection() {
		String sql = "INSERT INTO error_parent (id, name) VALUES (3, 'one')";
		this.contexts.run((context) -> {
			Connection connection = Mono.from(context.getBean(ConnectionFactory.class).create()).block(LIMIT);
			assertThat(connection).isNotNull();
			List<Flux<? extends Result>> ways = List.of(
					Flux.defer(() -> Flux.from(connection.createStatement(sql).execute())),
					Flux.defer(() -> Flux.from(connection.createBatch().add("SELECT 1").add(sql).execute())),
					Flux.defer(() -> Flux
						.from(connection.createStatement("INSERT INTO error_parent (id, name) VALUES (?, ?)")
							.bind(0, 3)
							.bind(1, "one")
							.add()
							.bind(0, 4)
							.bind(1, "two")
							.execute())));
			for (Flux<? extends Result> way : ways) {
				assertIsDuplicate(way.concatMap(Result::getRowsUpdated));
				assertIsDuplicate(way.concatMap((result) -> result.map((row, metadata) -> 1)));
				assertIsDuplicate(
						way.concatMap((result) -> result.flatMap((segment) -> (segment instanceof Message message)
								? Mono.error(message.exception()) : Mono.empty())));
			}
			Mono.from(connection.close()).block(LIMIT);
		});
	}

	private static void assertIsDuplicate(Flux<?> work) {
		assertThat(failure(work.then())).isInstanceOf(DuplicateKeyViolationException.class);
	}

	private static void kill(String sql) {
		Awaitility.await()
			.until(() -> MySqlServer
				.execute("SELECT ID FROM information_schema.PROCESSLIST WHERE INFO = '" + sql + "'"),
					(ids) -> !ids.isEmpty())
			.forEach((id) -> MySqlServer.execute("KILL " + id));
	}

	private static TransactionalOperator transactions(ApplicationContext context, boolean readOnly) {
		DefaultTransactionDefinition definition = new DefaultTransactionDefinition();
		definition.setReadOnly(readOnly);
		return TransactionalOperator.create(new R2dbcTransactionManager(context.getBean(ConnectionFactory.class)),
				definition);
	}

	private static Mono<Long> update(ApplicationContext context, int id) {
		return context.getBean(DatabaseClient.class)
			.sql("UPDATE error_parent SET amount = amount + 1 WHERE id = :id")
			.bind("id", id)
			.fetch()
			.rowsUpdated();
	}

	private static Throwable failure(ApplicationContext context, String sql) {
		return failure(context.getBean(DatabaseClient.class).sql(sql).fetch().all().then());
	}

	private static Throwable failure(Mono<?> work) {
		Throwable failure = failing(work).block(LIMIT);
		assertThat(failure).isNotNull();
		return failure;
	}

	private static Mono<Throwable> failing(Mono<?> work) {
		return work.then(Mono.<Throwable>empty()).onErrorResume(Mono::just);
	}

	private static void assertThatIs(@Nullable Throwable failure, Class<? extends Throwable> spring,
			Class<? extends R2dbcException> own, int code) {
		assertThat(failure).isExactlyInstanceOf(spring)
			.cause()
			.isExactlyInstanceOf(own)
			.asInstanceOf(InstanceOfAssertFactories.type(R2dbcException.class))
			.extracting(R2dbcException::getErrorCode)
			.isEqualTo(code);
	}

}
