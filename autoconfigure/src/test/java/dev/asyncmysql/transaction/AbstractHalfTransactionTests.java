package dev.asyncmysql.transaction;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import dev.asyncmysql.DeadlockException;
import dev.asyncmysql.LockWaitException;
import dev.asyncmysql.TestServer;
import dev.asyncmysql.TransactionOptions;
import dev.asyncmysql.TransactionRolledBackException;
import dev.asyncmysql.UnknownOutcomeException;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Option;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.context.ApplicationContext;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.PessimisticLockingFailureException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.reactive.TransactionSynchronization;
import org.springframework.transaction.reactive.TransactionSynchronizationManager;
import org.springframework.transaction.reactive.TransactionalOperator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A caller that swallows the error by which the server has undone a part of a
 * transaction, or all of it, cannot commit the rest.
 */
abstract class AbstractHalfTransactionTests extends AbstractHalfTests {

	private static final String ADD = "UPDATE half SET amount = amount + 1 WHERE id = 2";

	AbstractHalfTransactionTests(TestServer server) {
		super(server);
	}

	@Test
	void aCommitAfterALockWaitTimeoutRollsBack() {
		this.contexts.run((context) -> {
			Throwable failure = whileLocked(context, 3,
					transactions(context).transactional(update(context, 1).then(update(context, 3)).onErrorComplete()));
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
			Throwable failure = whileLocked(context, 3, transactions(context)
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
					"CREATE TABLE other (id INT)", "UPDATE half SET amount = 9 WHERE id = 2; ROLLBACK",
					"UPDATE half SET amount = 9 WHERE id = 2; ROLLBACK TO a",
					"ROLLBACK; UPDATE half SET amount = 9 WHERE id = 2" }) {
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
		this.contexts.run((context) -> {
			Mono<Long> inner = transactions(context, TransactionDefinition.PROPAGATION_NESTED)
				.transactional(update(context, 2).then(update(context, 3)));
			Throwable failure = whileLocked(context, 3, transactions(context)
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
	void aDeadlockThatAProcedureSwallowsLeavesNoHalf() {
		this.server.execute("DROP PROCEDURE IF EXISTS half_swallows");
		this.server.execute(
				"CREATE PROCEDURE half_swallows(i INT) BEGIN DECLARE CONTINUE HANDLER FOR 1213 BEGIN END; UPDATE half SET amount = amount + 1 WHERE id = i; END");
		this.contexts.run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			AtomicInteger locking = new AtomicInteger();
			Sinks.Empty<Void> both = Sinks.empty();
			List<Throwable> failures = Flux.just(1, 2)
				.flatMap((first) -> failing(
						transactions(context).transactional(update(context, first).then(Mono.defer(() -> {
							if (locking.incrementAndGet() == 2) {
								both.tryEmitEmpty();
							}
							return both.asMono();
						}))
							.then(client.sql("CALL half_swallows(" + (3 - first) + ")").then())
							.then(update(context, 3).onErrorComplete()))))
				.collectList()
				.block(LIMIT);
			assertThat(failures).singleElement()
				.satisfies((failure) -> assertThat(failure).cause()
					.isInstanceOf(UnknownOutcomeException.class)
					.hasMessageContaining("ended by a statement inside it (CALL HALF_SWALLOWS …)"));
			assertThat(amounts()).containsExactly("1", "1", "1");
		});
	}

	@Test
	void afterAProcedureThatCommitsNothingRunsOutside() {
		this.server.execute("DROP PROCEDURE IF EXISTS half_commits");
		this.server.execute("CREATE PROCEDURE half_commits() COMMIT");
		this.contexts.run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			List<Integer> ends = new CopyOnWriteArrayList<>();
			Throwable failure = failing(transactions(context).transactional(noting(ends).then(update(context, 1))
				.then(client.sql("CALL half_commits()").then())
				.then(update(context, 2).onErrorComplete()))).block(LIMIT);
			assertThat(failure).isInstanceOf(DataAccessResourceFailureException.class)
				.cause()
				.isInstanceOf(UnknownOutcomeException.class)
				.hasMessageStartingWith("The commit was not sent: ");
			assertThat(ends).containsExactly(TransactionSynchronization.STATUS_UNKNOWN);
			assertThat(amounts()).containsExactly("1", "0", "0");
			assertThatNextBorrowersWrite(context);
		});
	}

	@Test
	void norIsTheOutcomeKnownWhereTheCallFails() {
		this.server.execute("DROP PROCEDURE IF EXISTS half_commits_and_fails");
		this.server.execute("CREATE PROCEDURE half_commits_and_fails() BEGIN COMMIT; SIGNAL SQLSTATE '45000'; END");
		this.contexts.run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			List<Integer> ends = new CopyOnWriteArrayList<>();
			Throwable failure = failing(transactions(context).transactional(noting(ends).then(update(context, 1))
				.then(client.sql("CALL half_commits_and_fails()").then().onErrorComplete())
				.then(update(context, 2)))).block(LIMIT);
			assertThat(failure).hasCauseInstanceOf(UnknownOutcomeException.class);
			assertThat(ends).containsExactly(TransactionSynchronization.STATUS_UNKNOWN);
			assertThat(amounts()).containsExactly("1", "1", "0");
		});
	}

	@Test
	void aTransactionAfterOneThatATextHasEndedIsItsOwn() {
		this.contexts.run((context) -> {
			Throwable failure = failing(Mono.usingWhen(context.getBean(ConnectionFactory.class).create(),
					(connection) -> Mono.from(connection.beginTransaction(limited(Duration.ofSeconds(2))))
						.then(execute(connection, "COMMIT"))
						.then(Mono.from(connection.beginTransaction()))
						.then(execute(connection, ADD))
						.then(Mono.delay(Duration.ofMillis(2500)))
						.then(execute(connection, "CREATE TABLE half_ddl (id INT)"))
						.then(execute(connection, ADD))
						.then(Mono.defer(() -> Mono.from(connection.commitTransaction()))),
					Connection::close))
				.block(LIMIT);
			assertThat(failure).isNull();
			assertThat(amounts()).containsExactly("0", "2", "0");
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

	private static Mono<Void> noting(List<Integer> ends) {
		return TransactionSynchronizationManager.forCurrentTransaction()
			.doOnNext((manager) -> manager.registerSynchronization(new TransactionSynchronization() {

				@Override
				public Mono<Void> afterCompletion(int status) {
					return Mono.fromRunnable(() -> ends.add(status));
				}

			}))
			.then();
	}

	private static @Nullable Throwable afterLockWait(ApplicationContext context, Step step) {
		return whileLocked(context, 3,
				Mono.usingWhen(context.getBean(ConnectionFactory.class).create(),
						(connection) -> Mono.from(connection.beginTransaction())
							.then(execute(connection, "UPDATE half SET amount = 9 WHERE id = 1"))
							.then(execute(connection, "UPDATE half SET amount = 9 WHERE id = 3").onErrorComplete())
							.then(Mono.defer(() -> step.of(connection))),
						Connection::close));
	}

	private List<Throwable> deadlock(ApplicationContext context, int propagation) {
		TransactionalOperator second = transactions(context, propagation);
		List<Throwable> failures = Flux.just(1, 2)
			.flatMap((first) -> failing(
					transactions(context).transactional(update(context, first).then(Mono.delay(Duration.ofMillis(300)))
						.then(second.transactional(update(context, 3 - first)).onErrorComplete())
						.then(update(context, first).onErrorComplete()))))
			.collectList()
			.block(LIMIT);
		assertThat(failures).isNotNull();
		// The winner has written twice, the loser nothing at all.
		this.server.execute("UPDATE half SET amount = 1 WHERE amount = 2");
		return failures;
	}

	private static io.r2dbc.spi.TransactionDefinition limited(Duration timeout) {
		return new io.r2dbc.spi.TransactionDefinition() {

			@Override
			public <T> @Nullable T getAttribute(Option<T> option) {
				return option.equals(TransactionOptions.TIMEOUT) ? option.cast(timeout) : null;
			}

		};
	}

	/** What is done after the lock wait time-out was swallowed. */
	private interface Step {

		Mono<Void> of(Connection connection);

	}

}
