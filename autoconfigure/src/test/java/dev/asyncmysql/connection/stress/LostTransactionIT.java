package dev.asyncmysql.connection.stress;

import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import dev.asyncmysql.ConnectionLostException;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.UnknownOutcomeException;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import dev.asyncmysql.autoconfigure.MySqlTransactionAutoConfiguration;
import dev.asyncmysql.connection.stress.FaultyProxy.Direction;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizationAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.TransactionExecution;
import org.springframework.transaction.TransactionExecutionListener;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.reactive.TransactionSynchronization;
import org.springframework.transaction.reactive.TransactionSynchronizationManager;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A {@code @Transactional} method, which may be run again, whose connection ends before,
 * during and after the commit: nothing is written twice, and nobody is told of a
 * roll-back who cannot know.
 */
@RequiresMySql
class LostTransactionIT {

	private static final String TABLE = "lost_transaction";

	private final FaultyProxy proxy = Mysqld.shared().proxy();

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				MySqlTransactionAutoConfiguration.class, TransactionManagerCustomizationAutoConfiguration.class,
				TransactionAutoConfiguration.class))
		.withPropertyValues(MySqlServer.properties())
		.withPropertyValues("async-mysql.host=" + this.proxy.host(), "async-mysql.port=" + this.proxy.port(),
				"async-mysql.pool.max-size=2", "async-mysql.response-timeout=1s",
				"async-mysql.transaction.retry.enabled=true")
		.withBean(Work.class)
		.withBean(Ends.class);

	@BeforeEach
	void createTable() {
		Mysqld.shared().execute("DROP TABLE IF EXISTS " + TABLE);
		Mysqld.shared().execute("CREATE TABLE " + TABLE + " (id INT AUTO_INCREMENT PRIMARY KEY)");
	}

	@AfterEach
	void close() {
		this.proxy.close();
	}

	@Test
	void lostBeforeTheCommitItIsRunAgain() {
		this.contexts.run((context) -> {
			Work work = context.getBean(Work.class);
			// The error is swallowed, so that it is the commit which is not sent.
			work.last((client, attempt) -> (attempt > 1) ? Mono.empty()
					: Mono.<Void>fromRunnable(this.proxy::reset)
						.then(client.sql("SELECT SLEEP(5)").fetch().all().then())
						.onErrorComplete());
			StepVerifier.create(work.insert()).expectComplete().verify(Stress.LIMIT);
			assertThat(work.invocations()).hasValue(2);
			assertThat(rows()).hasSize(1);
			assertThat(context.getBean(Ends.class).told()).containsExactly("1: rolled back", "rolled back",
					"2: committed", "committed");
		});
	}

	@Test
	void killedBeforeTheCommitItIsRunAgain() {
		this.contexts.run((context) -> {
			Work work = context.getBean(Work.class);
			work.last((client, attempt) -> (attempt > 1) ? Mono.empty()
					: id(client).publishOn(Schedulers.boundedElastic())
						.doOnNext((id) -> Mysqld.shared().execute("KILL " + id))
						.then(client.sql("SELECT SLEEP(5)").fetch().all().then())
						.onErrorComplete());
			StepVerifier.create(work.insert()).expectComplete().verify(Stress.LIMIT);
			assertThat(work.invocations()).hasValue(2);
			assertThat(rows()).hasSize(1);
		});
	}

	@Test
	void lostBeforeTheCommitTheLastFailureSaysSo() {
		this.contexts.withPropertyValues("async-mysql.transaction.retry.max-attempts=1").run((context) -> {
			Work work = context.getBean(Work.class);
			work.last((client, attempt) -> Mono.<Void>fromRunnable(this.proxy::reset)
				.then(client.sql("SELECT SLEEP(5)").fetch().all().then())
				.onErrorComplete());
			StepVerifier.create(work.insert())
				.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(DataAccessResourceFailureException.class)
					.cause()
					.isExactlyInstanceOf(ConnectionLostException.class)
					.hasMessageContaining("before"))
				.verify(Stress.LIMIT);
			assertThat(rows()).isEmpty();
			assertThat(context.getBean(Ends.class).told()).containsExactly("1: rolled back", "rolled back");
		});
	}

	@Test
	void lostOnTheWayToTheServerItIsUnknown() {
		this.contexts.run((context) -> {
			context.getBean(Work.class)
				.last((client, attempt) -> Mono.fromRunnable(() -> this.proxy.lose(EnumSet.of(Direction.TO_SERVER))));
			assertUnknown(context);
			assertThat(rows()).isEmpty();
		});
	}

	@Test
	void lostOnTheWayBackItIsUnknown() {
		this.contexts.run((context) -> {
			context.getBean(Work.class)
				.last((client, attempt) -> Mono.fromRunnable(() -> this.proxy.lose(EnumSet.of(Direction.TO_CLIENT))));
			assertUnknown(context);
			assertThat(rows()).hasSize(1);
		});
	}

	@Test
	void cutAfterItHasTakenEffectItIsUnknown() {
		this.contexts.withPropertyValues("async-mysql.response-timeout=20s").run((context) -> {
			context.getBean(Work.class).last((client, attempt) -> Mono.fromRunnable(() -> {
				this.proxy.lose(EnumSet.of(Direction.TO_CLIENT));
				inBackground(() -> {
					Awaitility.await().pollInSameThread().until(() -> rows().size() == 1);
					this.proxy.reset();
				});
			}));
			assertUnknown(context);
			assertThat(rows()).hasSize(1);
		});
	}

	@Test
	void killedWhileTheServerCommitsItIsUnknown() {
		this.contexts.withPropertyValues("async-mysql.response-timeout=20s").run((context) -> {
			context.getBean(Work.class)
				.last((client, attempt) -> id(client).publishOn(Schedulers.boundedElastic()).doOnNext((id) -> {
					Mysqld.shared().execute("FLUSH TABLES WITH READ LOCK");
					inBackground(() -> killAsItCommits(id));
				}).then());
			try {
				assertUnknown(context);
			}
			finally {
				Mysqld.shared().execute("UNLOCK TABLES");
			}
			assertThat(rows()).isEmpty();
		});
	}

	private static void killAsItCommits(long id) {
		Awaitility.await()
			.pollInSameThread()
			.until(() -> !Mysqld.shared()
				.execute("SELECT id FROM information_schema.processlist WHERE info = 'COMMIT' AND id = " + id)
				.isEmpty());
		Mysqld.shared().execute("KILL " + id);
	}

	private static void inBackground(Runnable task) {
		Mono.fromRunnable(task).subscribeOn(Schedulers.boundedElastic()).subscribe();
	}

	private void assertUnknown(ApplicationContext context) {
		Work work = context.getBean(Work.class);
		StepVerifier.create(work.insert())
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(DataAccessResourceFailureException.class)
				.hasCauseExactlyInstanceOf(UnknownOutcomeException.class))
			.verify(Stress.LIMIT);
		assertThat(work.invocations()).hasValue(1);
		assertThat(context.getBean(Ends.class).told()).containsExactly("1: unknown", "unknown");
		this.proxy.heal();
		this.proxy.resetLost();
	}

	private static Mono<Long> id(DatabaseClient client) {
		return client.sql("SELECT CONNECTION_ID()").mapValue(Long.class).one();
	}

	private static List<String> rows() {
		return Mysqld.shared().execute("SELECT id FROM " + TABLE);
	}

	/** What a transaction does last. */
	private interface Last {

		Mono<Void> of(DatabaseClient client, int attempt);

	}

	/** What is transactional. */
	static class Work {

		private final DatabaseClient client;

		private final Ends ends;

		private final AtomicInteger invocations = new AtomicInteger();

		private volatile Last last = (client, attempt) -> Mono.empty();

		Work(DatabaseClient client, Ends ends) {
			this.client = client;
			this.ends = ends;
		}

		AtomicInteger invocations() {
			return this.invocations;
		}

		void last(Last last) {
			this.last = last;
		}

		@Transactional
		Mono<Void> insert() {
			int attempt = this.invocations.incrementAndGet();
			return TransactionSynchronizationManager.forCurrentTransaction()
				.doOnNext((manager) -> manager.registerSynchronization(this.ends.of(attempt)))
				.then(this.client.sql("INSERT INTO " + TABLE + " VALUES ()").then())
				.then(Mono.defer(() -> this.last.of(this.client, attempt)));
		}

	}

	/** Writes down what it is told of the end of transactions. */
	static class Ends implements TransactionExecutionListener {

		private final List<String> told = new CopyOnWriteArrayList<>();

		List<String> told() {
			return this.told;
		}

		TransactionSynchronization of(int attempt) {
			return new TransactionSynchronization() {

				@Override
				public Mono<Void> afterCompletion(int status) {
					return Mono.fromRunnable(() -> Ends.this.told.add(attempt + ": " + switch (status) {
						case STATUS_COMMITTED -> "committed";
						case STATUS_ROLLED_BACK -> "rolled back";
						default -> "unknown";
					}));
				}

			};
		}

		@Override
		public void afterCommit(TransactionExecution transaction, @Nullable Throwable failure) {
			this.told.add((failure != null) ? "unknown" : "committed");
		}

		@Override
		public void afterRollback(TransactionExecution transaction, @Nullable Throwable failure) {
			this.told.add((failure != null) ? "unknown" : "rolled back");
		}

	}

}
