package dev.asyncmysql.connection;

import java.time.Duration;

import dev.asyncmysql.ConnectionLostException;
import dev.asyncmysql.ConstraintViolationException;
import dev.asyncmysql.DeadlineException;
import dev.asyncmysql.DuplicateKeyViolationException;
import dev.asyncmysql.LockWaitException;
import dev.asyncmysql.TransactionRolledBackException;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import dev.asyncmysql.autoconfigure.EmbeddedMariaDbAutoConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Result;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.PessimisticLockingFailureException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What Spring makes of the errors that MariaDB has for itself, or tells in other words.
 */
class ServerErrorMariaDbIT {

	private static final Duration LIMIT = Duration.ofSeconds(30);

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(EmbeddedMariaDbAutoConfiguration.class,
				AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class))
		.withPropertyValues("async-mysql.pool.max-size=3", "async-mysql.lock-wait-timeout=1s");

	@Test
	void eachOfThem() {
		this.contexts.run((context) -> {
			execute(context, "CREATE TABLE thing (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE, amount INT, "
					+ "CONSTRAINT positive CHECK (amount >= 0))");
			execute(context, "INSERT INTO thing VALUES (1, 'one', 1), (2, 'two', 2)");
			constraintsAndKeys(context);
			limits(context);
			lostConnection(context);
			lockWait(context);
		});
	}

	private static void constraintsAndKeys(ApplicationContext context) {
		assertThat(failure(context, "UPDATE thing SET amount = -1")).isInstanceOf(DataIntegrityViolationException.class)
			.cause()
			.isInstanceOf(ConstraintViolationException.class)
			.extracting("errorCode", "constraint")
			.containsExactly(4025, "positive");
		assertThat(failure(context, "INSERT INTO thing VALUES (3, NULL, 1)"))
			.isInstanceOf(DataIntegrityViolationException.class)
			.cause()
			.extracting("errorCode", "constraint")
			.containsExactly(1048, "name");
		assertThat(failure(context, "INSERT INTO thing VALUES (3, 'one', 1)")).isInstanceOf(DuplicateKeyException.class)
			.cause()
			.isInstanceOf(DuplicateKeyViolationException.class)
			.extracting("key")
			.isEqualTo("name");
	}

	private static void limits(ApplicationContext context) {
		assertThat(failure(context, "SET STATEMENT max_statement_time = 0.5 FOR SELECT SLEEP(10)"))
			.isInstanceOf(QueryTimeoutException.class)
			.cause()
			.isInstanceOf(DeadlineException.class)
			.extracting("errorCode")
			.isEqualTo(1969);
	}

	private static void lostConnection(ApplicationContext context) {
		DatabaseClient client = context.getBean(DatabaseClient.class);
		Mono<Void> kill = client
			.sql("SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(20)%'")
			.mapValue(Long.class)
			.one()
			.flatMap((id) -> client.sql("KILL " + id).then());
		Throwable failure = Mono
			.zip(failing(client.sql("SELECT SLEEP(20)").fetch().all().then()),
					Mono.delay(Duration.ofMillis(500)).then(kill).thenReturn(true))
			.blockOptional(LIMIT)
			.orElseThrow()
			.getT1();
		assertThat(failure).isInstanceOf(DataAccessResourceFailureException.class)
			.hasCauseInstanceOf(ConnectionLostException.class);
		// Who is ended by another is told nothing.
		assertThat(failure(context, "KILL CONNECTION_ID()")).isInstanceOf(DataAccessResourceFailureException.class)
			.cause()
			.isExactlyInstanceOf(ConnectionLostException.class)
			.extracting("errorCode")
			.isEqualTo(1927);
	}

	// NOWAIT is 1205 here, and ends the transaction as any lock wait does.
	private static void lockWait(ApplicationContext context) {
		ConnectionFactory factory = context.getBean(ConnectionFactory.class);
		TransactionalOperator transactions = TransactionalOperator.create(new R2dbcTransactionManager(factory));
		DatabaseClient client = context.getBean(DatabaseClient.class);
		Throwable failure = Mono
			.usingWhen(factory.create(), (holder) -> Mono.from(holder.beginTransaction())
				.thenMany(Flux.from(holder.createStatement("UPDATE thing SET amount = 9 WHERE id = 1").execute())
					.flatMap(Result::getRowsUpdated))
				.then(failing(transactions.transactional(client.sql("UPDATE thing SET amount = 5 WHERE id = 2")
					.then()
					.then(client.sql("UPDATE thing SET amount = 5 WHERE id = 1").then().onErrorComplete()))))
				.delayUntil((ex) -> holder.rollbackTransaction()), Connection::close)
			.block(LIMIT);
		assertThat(failure).isInstanceOf(PessimisticLockingFailureException.class)
			.cause()
			.isInstanceOf(TransactionRolledBackException.class)
			.hasCauseInstanceOf(LockWaitException.class);
		assertThat(client.sql("SELECT SUM(amount) FROM thing").mapValue(Long.class).one().block(LIMIT)).isEqualTo(3);
	}

	private static void execute(ApplicationContext context, String sql) {
		context.getBean(DatabaseClient.class).sql(sql).then().block(LIMIT);
	}

	private static @Nullable Throwable failure(ApplicationContext context, String sql) {
		return failing(context.getBean(DatabaseClient.class).sql(sql).fetch().all().then()).block(LIMIT);
	}

	private static Mono<Throwable> failing(Mono<?> work) {
		return work.then(Mono.<Throwable>empty()).onErrorResume(Mono::just);
	}

}
