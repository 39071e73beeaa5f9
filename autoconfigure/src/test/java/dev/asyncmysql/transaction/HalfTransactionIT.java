package dev.asyncmysql.transaction;

import java.time.Duration;
import java.util.List;

import dev.asyncmysql.DeadlockException;
import dev.asyncmysql.LockWaitException;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.TransactionRolledBackException;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import dev.asyncmysql.autoconfigure.MySqlTransactionAutoConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Result;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizationAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.PessimisticLockingFailureException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.transaction.support.DefaultTransactionDefinition;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A caller that swallows the error by which the server has undone a part of a
 * transaction, or all of it, cannot commit the rest.
 */
@RequiresMySql
class HalfTransactionIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				MySqlTransactionAutoConfiguration.class, TransactionManagerCustomizationAutoConfiguration.class,
				TransactionAutoConfiguration.class))
		.withPropertyValues(MySqlServer.properties())
		.withPropertyValues("async-mysql.pool.max-size=2", "async-mysql.lock-wait-timeout=1s");

	@BeforeEach
	void createTable() {
		MySqlServer.execute("DROP TABLE IF EXISTS half");
		MySqlServer.execute("CREATE TABLE half (id INT PRIMARY KEY, amount INT NOT NULL)");
		MySqlServer.execute("INSERT INTO half VALUES (1, 0), (2, 0), (3, 0)");
	}

	@Test
	void aCommitAfterALockWaitTimeoutRollsBack() {
		this.contexts.run((context) -> {
			Throwable failure = whileLocked(context, 3, TransactionalOperator.create(manager(context))
				.transactional(update(context, 1).then(update(context, 3)).onErrorComplete()));
			assertThat(failure).isInstanceOf(PessimisticLockingFailureException.class)
				.cause()
				.isInstanceOf(TransactionRolledBackException.class)
				.hasMessageStartingWith("The transaction was rolled back rather than committed: ")
				.hasCauseInstanceOf(LockWaitException.class);
			assertThat(amounts()).containsExactly("0", "0", "0");
			assertThatNextBorrowersWrite(context);
		});
	}

	@Test
	void aFurtherStatementIsNotRun() {
		this.contexts.run((context) -> {
			Throwable failure = whileLocked(context, 3, TransactionalOperator.create(manager(context))
				.transactional(update(context, 1).then(update(context, 3)).onErrorResume((ex) -> update(context, 2))));
			assertThat(failure).isInstanceOf(PessimisticLockingFailureException.class)
				.cause()
				.isInstanceOf(TransactionRolledBackException.class)
				.hasMessageStartingWith("The statement was not run, as its transaction can only be rolled back: ");
			assertThat(amounts()).containsExactly("0", "0", "0");
			assertThatNextBorrowersWrite(context);
		});
	}

	@Test
	void whatTextsAndTheApiCommitIsRefused() {
		this.contexts.run((context) -> {
			for (String commit : new String[] { "COMMIT", " /* end */ commit", "BEGIN", "SET autocommit = 1",
					"CREATE TABLE other (id INT)" }) {
				assertThat(afterLockWait(context, (connection) -> execute(connection, commit)))
					.isInstanceOf(TransactionRolledBackException.class);
			}
			assertThat(afterLockWait(context, (connection) -> Mono.from(connection.setAutoCommit(true))))
				.isInstanceOf(TransactionRolledBackException.class);
			assertThat(afterLockWait(context, (connection) -> Mono.from(connection.beginTransaction())))
				.isInstanceOf(TransactionRolledBackException.class);
			assertThat(afterLockWait(context, (connection) -> Mono.from(connection.commitTransaction())))
				.isInstanceOf(TransactionRolledBackException.class);
			assertThat(amounts()).containsExactly("0", "0", "0");
			assertThatNextBorrowersWrite(context);
		});
	}

	@Test
	void afterARollBackTheConnectionIsOfUse() {
		this.contexts.run((context) -> {
			assertThat(afterLockWait(context,
					(connection) -> Mono.from(connection.rollbackTransaction()).then(execute(connection, ADD))))
				.isNull();
			assertThat(afterLockWait(context,
					(connection) -> execute(connection, "ROLLBACK").then(execute(connection, ADD))))
				.isNull();
			assertThat(amounts()).containsExactly("0", "2", "0");
		});
	}

	@Test
	void aSavepointUndoesAllThatWasLost() {
		DefaultTransactionDefinition nested = new DefaultTransactionDefinition(
				TransactionDefinition.PROPAGATION_NESTED);
		this.contexts.run((context) -> {
			Mono<Long> inner = TransactionalOperator.create(manager(context), nested)
				.transactional(update(context, 2).then(update(context, 3)));
			Throwable failure = whileLocked(context, 3, TransactionalOperator.create(manager(context))
				.transactional(update(context, 1).then(inner.onErrorComplete()).then(update(context, 1))));
			assertThat(failure).isNull();
			assertThat(amounts()).containsExactly("2", "0", "0");
		});
	}

	@Test
	void afterADeadlockNothingRunsOutsideTheTransaction() {
		this.contexts.run((context) -> {
			assertThat(deadlock(context, TransactionDefinition.PROPAGATION_REQUIRED)).singleElement()
				.satisfies((failure) -> assertThat(failure).isInstanceOf(CannotAcquireLockException.class)
					.cause()
					.isInstanceOf(TransactionRolledBackException.class)
					.hasCauseInstanceOf(DeadlockException.class));
			assertThat(amounts()).containsExactly("1", "1", "0");
			assertThatNextBorrowersWrite(context);
		});
	}

	@Test
	void aDeadlockWithinASavepointEndsAll() {
		this.contexts.run((context) -> {
			assertThat(deadlock(context, TransactionDefinition.PROPAGATION_NESTED)).singleElement()
				.satisfies((failure) -> assertThat(failure).isInstanceOf(CannotAcquireLockException.class)
					.cause()
					.isInstanceOf(TransactionRolledBackException.class)
					.hasCauseInstanceOf(DeadlockException.class));
			assertThat(amounts()).containsExactly("1", "1", "0");
			assertThatNextBorrowersWrite(context);
		});
	}

	@Test
	void whoAsksNotToWaitGoesOn() {
		this.contexts.run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			Throwable failure = whileLocked(context, 3,
					TransactionalOperator.create(manager(context))
						.transactional(update(context, 1)
							.then(client.sql("SELECT id FROM half WHERE id = 3 FOR UPDATE NOWAIT")
								.fetch()
								.all()
								.then()
								.onErrorComplete())
							.then(update(context, 2))));
			assertThat(failure).isNull();
			assertThat(amounts()).containsExactly("1", "1", "0");
		});
	}

	@Test
	void outsideATransactionNothingIsRefused() {
		this.contexts.run((context) -> {
			assertThat(whileLocked(context, 3,
					Mono.usingWhen(context.getBean(ConnectionFactory.class).create(),
							(connection) -> execute(connection, "UPDATE half SET amount = 9 WHERE id = 3")
								.onErrorComplete()
								.then(execute(connection, ADD)),
							Connection::close)))
				.isNull();
			assertThat(amounts()).containsExactly("0", "1", "0");
		});
	}

	private static final String ADD = "UPDATE half SET amount = amount + 1 WHERE id = 2";

	private static @Nullable Throwable afterLockWait(ApplicationContext context, Step step) {
		return whileLocked(context, 3,
				Mono.usingWhen(context.getBean(ConnectionFactory.class).create(),
						(connection) -> Mono.from(connection.beginTransaction())
							.then(execute(connection, "UPDATE half SET amount = 9 WHERE id = 1"))
							.then(execute(connection, "UPDATE half SET amount = 9 WHERE id = 3").onErrorComplete())
							.then(Mono.defer(() -> step.of(connection))),
						Connection::close));
	}

	private static List<Throwable> deadlock(ApplicationContext context, int propagation) {
		TransactionalOperator second = TransactionalOperator.create(manager(context),
				new DefaultTransactionDefinition(propagation));
		List<Throwable> failures = Flux.just(1, 2)
			.flatMap((first) -> failing(TransactionalOperator.create(manager(context))
				.transactional(update(context, first).then(Mono.delay(Duration.ofMillis(300)))
					.then(second.transactional(update(context, 3 - first)).onErrorComplete())
					.then(update(context, first).onErrorComplete()))))
			.collectList()
			.block(LIMIT);
		assertThat(failures).isNotNull();
		// The winner has written twice, the loser nothing at all.
		MySqlServer.execute("UPDATE half SET amount = 1 WHERE amount = 2");
		return failures;
	}

	private static @Nullable Throwable whileLocked(ApplicationContext context, int id, Mono<?> work) {
		return Mono
			.usingWhen(context.getBean(ConnectionFactory.class).create(),
					(holder) -> Mono.from(holder.beginTransaction())
						.then(execute(holder, "UPDATE half SET amount = 5 WHERE id = " + id))
						.then(failing(work))
						.flatMap((failure) -> Mono.from(holder.rollbackTransaction()).thenReturn(failure))
						.switchIfEmpty(Mono.defer(() -> Mono.from(holder.rollbackTransaction()).then(Mono.empty()))),
					Connection::close)
			.block(LIMIT);
	}

	private static void assertThatNextBorrowersWrite(ApplicationContext context) {
		Flux.range(0, 4).flatMap((index) -> update(context, 3)).then().block(LIMIT);
		assertThat(amounts().get(2)).isEqualTo("4");
	}

	private static Mono<Throwable> failing(Mono<?> work) {
		return work.then(Mono.<Throwable>empty()).onErrorResume(Mono::just);
	}

	private static Mono<Void> execute(Connection connection, String sql) {
		return Mono
			.defer(() -> Flux.from(connection.createStatement(sql).execute()).concatMap(Result::getRowsUpdated).then());
	}

	private static Mono<Long> update(ApplicationContext context, int id) {
		return context.getBean(DatabaseClient.class)
			.sql("UPDATE half SET amount = amount + 1 WHERE id = :id")
			.bind("id", id)
			.fetch()
			.rowsUpdated();
	}

	private static MySqlTransactionManager manager(ApplicationContext context) {
		return context.getBean(MySqlTransactionManager.class);
	}

	private static List<String> amounts() {
		return MySqlServer.execute("SELECT amount FROM half ORDER BY id");
	}

	/** What is done after the lock wait time-out was swallowed. */
	private interface Step {

		Mono<Void> of(Connection connection);

	}

}
