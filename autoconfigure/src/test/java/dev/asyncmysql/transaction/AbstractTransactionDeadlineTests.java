package dev.asyncmysql.transaction;

import java.time.Duration;
import java.util.List;

import dev.asyncmysql.DeadlineException;
import dev.asyncmysql.TestServer;
import dev.asyncmysql.test.RollbackOperator;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.DefaultTransactionDefinition;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * After its time a transaction is over: what runs is stopped, all is rolled back, and
 * nothing runs outside it. What ends a transaction from within is told.
 */
@ExtendWith(OutputCaptureExtension.class)
abstract class AbstractTransactionDeadlineTests extends AbstractTransactionTests {

	private final ApplicationContextRunner patient = this.contexts.withBean(Work.class)
		.withPropertyValues("async-mysql.lock-wait-timeout=10s");

	AbstractTransactionDeadlineTests(TestServer server) {
		super(server);
	}

	@BeforeEach
	void createTable() {
		this.server.execute("DROP TABLE IF EXISTS deadline, made_inside");
		this.server.execute("CREATE TABLE deadline (id INT PRIMARY KEY)");
	}

	@Test
	void theStatementUnderWayIsStopped() {
		this.patient.run((context) -> {
			long start = System.nanoTime();
			Throwable failure = limited(context, insert(context, 1).then(sleep(context)));
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(900),
					Duration.ofSeconds(4));
			assertThat(failure).isInstanceOf(QueryTimeoutException.class)
				.cause()
				.isInstanceOf(DeadlineException.class)
				.hasMessageStartingWith("The transaction took longer than PT1S");
			assertThat(ids()).isEmpty();
			assertThatNextBorrowersWrite(context);
		});
	}

	@Test
	void aPartHasTheTimeOfTheWhole() {
		this.patient.run((context) -> {
			DefaultTransactionDefinition part = new DefaultTransactionDefinition();
			part.setTimeout(1);
			Mono<Void> slow = context.getBean(DatabaseClient.class).sql("SELECT SLEEP(1.5)").fetch().all().then();
			StepVerifier
				.create(transactions(context)
					.transactional(insert(context, 1).then(slow.as(transactions(context, part)::transactional))))
				.expectComplete()
				.verify(LIMIT);
			assertThat(ids()).containsExactly("1");
		});
	}

	@Test
	void aRowLockThatIsWaitedForIsAStatementUnderWay() {
		this.patient.run((context) -> {
			this.server.execute("INSERT INTO deadline VALUES (1)");
			Mono<Long> delete = context.getBean(DatabaseClient.class)
				.sql("DELETE FROM deadline WHERE id = 1")
				.fetch()
				.rowsUpdated();
			Throwable failure = delete.then(limitedly(context, delete))
				.as(RollbackOperator.create(manager(context))::mono)
				.block(LIMIT);
			assertThat(failure).isInstanceOf(QueryTimeoutException.class);
			assertThat(ids()).containsExactly("1");
		});
	}

	@Test
	void aCallerThatIsBusyElsewhereHoldsNoLocks() {
		this.patient.run((context) -> {
			// While the caller still takes its time.
			Mono<Void> another = Mono
				.<Void>fromRunnable(() -> Awaitility.await()
					.untilAsserted(() -> this.server.execute("INSERT INTO deadline VALUES (1)")))
				.subscribeOn(Schedulers.boundedElastic());
			Throwable failure = limited(context,
					insert(context, 1).then(another).then(Mono.delay(Duration.ofMillis(100))).then(insert(context, 2)));
			assertThat(failure).isInstanceOf(QueryTimeoutException.class)
				.cause()
				.hasMessageStartingWith("The statement was not run, as its transaction can only be rolled back: ");
			assertThat(ids()).containsExactly("1");
			assertThatNextBorrowersWrite(context);
		});
	}

	@Test
	void nothingRunsOutsideTheTransactionWhereTheErrorIsSwallowed() {
		this.patient.run((context) -> {
			Throwable failure = limited(context,
					insert(context, 1).then(sleep(context).onErrorComplete())
						.then(insert(context, 2).onErrorComplete())
						.then(insert(context, 3).onErrorComplete()));
			assertThat(failure).isInstanceOf(QueryTimeoutException.class)
				.cause()
				.hasMessageStartingWith("The transaction was rolled back rather than committed: ");
			assertThat(ids()).isEmpty();
			assertThatNextBorrowersWrite(context);
		});
	}

	@Test
	void oneThatEndsInTimeIsLetBe() {
		this.patient.run((context) -> {
			assertThat(limited(context, insert(context, 1).then(Mono.delay(Duration.ofMillis(600))))).isNull();
			assertThat(ids()).containsExactly("1");
			Mono.delay(Duration.ofMillis(700)).block(LIMIT);
			assertThatNextBorrowersWrite(context);
		});
	}

	@Test
	void aStatementThatCommitsIsToldOnce(CapturedOutput output) {
		this.patient.run((context) -> {
			StepVerifier.create(context.getBean(Work.class).createTable()).expectError().verify(LIMIT);
			assertThat(ids()).containsExactly("1");
			assertThat(output).containsOnlyOnce("was committed by a statement inside it")
				.contains(
						"The transaction dev.asyncmysql.transaction.AbstractTransactionDeadlineTests$Work.createTable was committed "
								+ "by a statement inside it (CREATE TABLE …)");
			assertThatNextBorrowersWrite(context);
		});
	}

	@Test
	void whatDoesNotCommitIsNotTold(CapturedOutput output) {
		this.patient.run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			assertThat(limited(context,
					insert(context, 1).then(client.sql("CREATE TEMPORARY TABLE made_inside (id INT)").then())
						.then(client.sql("SET @a = 1").then())
						.then(client.sql("SHOW TABLES").fetch().all().then())))
				.isNull();
			assertThat(ids()).containsExactly("1");
			assertThat(output).doesNotContain("was committed by a statement");
		});
	}

	private static @Nullable Throwable limited(ApplicationContext context, Mono<?> work) {
		return limitedly(context, work).block(LIMIT);
	}

	private static Mono<Throwable> limitedly(ApplicationContext context, Mono<?> work) {
		DefaultTransactionDefinition definition = new DefaultTransactionDefinition(
				DefaultTransactionDefinition.PROPAGATION_REQUIRES_NEW);
		definition.setTimeout(1);
		return failing(transactions(context, definition).transactional(work));
	}

	private static Mono<Void> sleep(ApplicationContext context) {
		return context.getBean(DatabaseClient.class).sql("SELECT SLEEP(10)").fetch().all().then();
	}

	private static Mono<Long> insert(ApplicationContext context, int id) {
		return context.getBean(DatabaseClient.class)
			.sql("INSERT INTO deadline VALUES (:id)")
			.bind("id", id)
			.fetch()
			.rowsUpdated();
	}

	private void assertThatNextBorrowersWrite(ApplicationContext context) {
		int before = ids().size();
		Flux.range(10, 4).flatMap((id) -> insert(context, id)).then().block(LIMIT);
		assertThat(ids()).hasSize(before + 4);
	}

	private List<String> ids() {
		return this.server.execute("SELECT id FROM deadline ORDER BY id");
	}

	/** What is transactional. */
	static class Work {

		private final DatabaseClient client;

		Work(DatabaseClient client) {
			this.client = client;
		}

		@Transactional
		Mono<Void> createTable() {
			return this.client.sql("INSERT INTO deadline VALUES (1)")
				.then()
				.then(this.client.sql("CREATE TABLE made_inside (secret INT DEFAULT 4711)").then())
				.then(this.client.sql("SELECT 1").fetch().all().then())
				.then(Mono.error(new IllegalStateException("too late")));
		}

	}

}
