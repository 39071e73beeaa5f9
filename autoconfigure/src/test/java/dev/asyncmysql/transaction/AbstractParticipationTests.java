package dev.asyncmysql.transaction;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import dev.asyncmysql.TestServer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.r2dbc.autoconfigure.DataR2dbcAutoConfiguration;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ContextConsumer;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.data.annotation.Id;
import org.springframework.data.r2dbc.core.R2dbcEntityTemplate;
import org.springframework.data.r2dbc.repository.config.EnableR2dbcRepositories;
import org.springframework.data.relational.core.mapping.Table;
import org.springframework.data.repository.reactive.ReactiveCrudRepository;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.UnexpectedRollbackException;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.reactive.TransactionSynchronization;
import org.springframework.transaction.reactive.TransactionSynchronizationManager;
import org.springframework.transaction.reactive.TransactionalOperator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A method that takes part in the transaction of another one, fails, and whose error the
 * other one swallows: with JDBC nothing is committed then, and so it is here.
 */
abstract class AbstractParticipationTests extends AbstractHalfTests {

	private final ApplicationContextRunner services = this.contexts.withBean(Inner.class)
		.withBean(Outer.class)
		.withPropertyValues("async-mysql.transaction.retry.enabled=true");

	AbstractParticipationTests(TestServer server) {
		super(server);
	}

	@Test
	void aFailureThatIsSwallowedRollsAllBack() {
		this.services.run((context) -> {
			Outer outer = context.getBean(Outer.class);
			Inner inner = context.getBean(Inner.class);
			assertThat(failing(outer.swallowing(inner.failing())).block(LIMIT))
				.isInstanceOf(UnexpectedRollbackException.class)
				.hasMessageContaining("AbstractParticipationTests$Inner.failing has failed or was cancelled")
				.hasMessageContaining("async-mysql.transaction.global-rollback-on-participation-failure");
			assertThat(amounts()).containsExactly("0", "0", "0");
			assertThat(outer.ends()).containsExactly(TransactionSynchronization.STATUS_ROLLED_BACK);
			assertThat(outer.invocations()).hasValue(1);
			assertThatNextBorrowersWrite(context);
		});
	}

	@Test
	void aFailureThatIsNamedDoesNotCount() {
		this.services.run((context) -> {
			assertThat(failing(context.getBean(Outer.class).swallowing(context.getBean(Inner.class).refusing()))
				.block(LIMIT)).isNull();
			assertThat(amounts()).containsExactly("1", "1", "0");
		});
	}

	@Test
	void whatIsLeftIsCommittedWhereThatIsAskedFor() {
		this.services.withPropertyValues("async-mysql.transaction.global-rollback-on-participation-failure=false")
			.run((context) -> {
				assertThat(failing(context.getBean(Outer.class).swallowing(context.getBean(Inner.class).failing()))
					.block(LIMIT)).isNull();
				assertThat(amounts()).containsExactly("1", "1", "0");
			});
	}

	@Test
	void soItIsForOperators() {
		this.contexts.run((context) -> {
			TransactionalOperator operator = transactions(context);
			Mono<?> asked = operator.execute((transaction) -> {
				transaction.setRollbackOnly();
				return update(context, 2);
			}).then();
			assertThat(failing(operator.transactional(update(context, 1).then(asked))).block(LIMIT))
				.isInstanceOf(UnexpectedRollbackException.class);
			assertThat(amounts()).containsExactly("0", "0", "0");
		});
	}

	@Test
	void aNestedOneThatFailsLeavesTheRest() {
		this.services.run((context) -> {
			Outer outer = context.getBean(Outer.class);
			assertThat(failing(outer.swallowing(context.getBean(Inner.class).nested(Mono.error(new Refusal()))))
				.block(LIMIT)).isNull();
			assertThat(amounts()).containsExactly("1", "0", "0");
			assertThat(outer.ends()).containsExactly(TransactionSynchronization.STATUS_COMMITTED);
		});
	}

	@Test
	void aFailureWithinANestedOneIsUndoneWithIt() {
		this.services.run((context) -> {
			Inner inner = context.getBean(Inner.class);
			assertThat(failing(context.getBean(Outer.class).swallowing(inner.nested(inner.failing()))).block(LIMIT))
				.isNull();
			assertThat(amounts()).containsExactly("1", "0", "0");
		});
	}

	@Test
	void aNestedOneThatSwallowsAFailureIsUndoneAsWell() {
		this.services.run((context) -> {
			Inner inner = context.getBean(Inner.class);
			Mono<Long> nested = inner.nested(inner.failing().onErrorComplete());
			List<Throwable> told = new CopyOnWriteArrayList<>();
			assertThat(failing(context.getBean(Outer.class).swallowing(nested.doOnError(told::add))).block(LIMIT))
				.isNull();
			assertThat(told).singleElement().isInstanceOf(UnexpectedRollbackException.class);
			assertThat(amounts()).containsExactly("1", "0", "0");
		});
	}

	@Test
	void afterItNoSavepointIsMade() {
		this.services.run((context) -> {
			Inner inner = context.getBean(Inner.class);
			List<Throwable> told = new CopyOnWriteArrayList<>();
			Mono<Long> both = inner.failing()
				.onErrorComplete()
				.then(Mono.defer(() -> inner.nested(Mono.empty())).doOnError(told::add));
			assertThat(failing(context.getBean(Outer.class).swallowing(both)).block(LIMIT))
				.isInstanceOf(UnexpectedRollbackException.class);
			assertThat(told).singleElement().isInstanceOf(CannotCreateTransactionException.class);
			assertThat(amounts()).containsExactly("0", "0", "0");
		});
	}

	@Test
	void whoHasSeenEnoughOfWhatIsReadCommits() {
		this.services.run((context) -> {
			assertThat(failing(context.getBean(Outer.class).swallowing(context.getBean(Inner.class).all().next()))
				.block(LIMIT)).isNull();
			assertThat(amounts()).containsExactly("1", "0", "0");
		});
	}

	@Test
	void inATransactionThatOnlyReadsNothingCounts() {
		this.services.run((context) -> {
			Outer outer = context.getBean(Outer.class);
			Mono<Void> refusing = Mono.error(new Refusal());
			assertThat(failing(outer.reading(context.getBean(Inner.class).takingPart(refusing))).block(LIMIT)).isNull();
		});
	}

	@Test
	void whoHasSeenEnoughOfWhatIsWrittenRollsBack() {
		this.services.run((context) -> {
			assertThat(failing(context.getBean(Outer.class).swallowing(context.getBean(Inner.class).writing().next()))
				.block(LIMIT)).isInstanceOf(UnexpectedRollbackException.class)
				.hasMessageContaining("Inner.writing has failed or was cancelled");
			assertThat(amounts()).containsExactly("0", "0", "0");
		});
	}

	// Spring Data does not evaluate the annotations of SimpleR2dbcRepository
	// (spring-data-relational #1921).
	@Test
	void aRepositoryIsNoPart() {
		withWords((context) -> {
			Words words = context.getBean(Words.class);
			List<Throwable> told = new CopyOnWriteArrayList<>();
			assertThat(failing(context.getBean(Outer.class)
				.swallowing(words.save(new Word(null, "a")).then(words.save(new Word(null, "a"))).doOnError(told::add)))
				.block(LIMIT)).isNull();
			assertThat(told).singleElement().isInstanceOf(DuplicateKeyException.class);
			assertThat(amounts()).containsExactly("1", "0", "0");
		});
	}

	@Test
	void norIsATemplate() {
		withWords((context) -> {
			R2dbcEntityTemplate template = context.getBean(R2dbcEntityTemplate.class);
			List<Throwable> told = new CopyOnWriteArrayList<>();
			assertThat(failing(context.getBean(Outer.class)
				.swallowing(template.insert(new Word(null, "a"))
					.then(template.insert(new Word(null, "a")))
					.doOnError(told::add)))
				.block(LIMIT)).isNull();
			assertThat(told).singleElement().isInstanceOf(DuplicateKeyException.class);
			assertThat(amounts()).containsExactly("1", "0", "0");
		});
	}

	@Test
	void whatTheServerHasUndoneIsToldAndRunAgain() {
		this.services.run((context) -> {
			Outer outer = context.getBean(Outer.class);
			assertThat(failing(outer.swallowing(context.getBean(Inner.class).losingOnce())).block(LIMIT)).isNull();
			assertThat(outer.invocations()).hasValue(2);
			assertThat(amounts()).containsExactly("1", "1", "0");
		});
	}

	private void withWords(ContextConsumer<AssertableApplicationContext> test) {
		this.server.execute("CREATE TABLE half_log (id INT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(9) UNIQUE)");
		this.services.withConfiguration(AutoConfigurations.of(DataR2dbcAutoConfiguration.class))
			.withUserConfiguration(Repositories.class)
			.run(test);
	}

	private static Mono<Long> update(DatabaseClient client, int id) {
		return client.sql("UPDATE half SET amount = amount + 1 WHERE id = :id").bind("id", id).fetch().rowsUpdated();
	}

	/** What a business method says no with. */
	private static final class Refusal extends RuntimeException {

		private static final long serialVersionUID = 1L;

	}

	/** What can be there once. */
	@Table("half_log")
	record Word(@Id @Nullable Integer id, String word) {

	}

	/** The words. */
	interface Words extends ReactiveCrudRepository<Word, Integer> {

	}

	/** Where the repository is. */
	@EnableR2dbcRepositories(considerNestedRepositories = true)
	static class Repositories {

	}

	/** What takes part. */
	static class Inner {

		private final DatabaseClient client;

		private final AtomicInteger invocations = new AtomicInteger();

		Inner(DatabaseClient client) {
			this.client = client;
		}

		@Transactional
		Mono<Long> failing() {
			return update(this.client, 2).then(Mono.error(new Refusal()));
		}

		@Transactional(noRollbackFor = Refusal.class)
		Mono<Long> refusing() {
			return failing();
		}

		@Transactional
		Mono<Long> losingOnce() {
			return Mono
				.defer(() -> (this.invocations.incrementAndGet() > 1) ? Mono.<Void>empty()
						: this.client.sql("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213").then())
				.then(update(this.client, 2));
		}

		@Transactional
		Mono<Void> takingPart(Mono<Void> work) {
			return work;
		}

		@Transactional
		Flux<Long> writing() {
			return update(this.client, 2).concatWith(update(this.client, 3));
		}

		@Transactional(propagation = Propagation.NESTED)
		Mono<Long> nested(Mono<?> last) {
			return update(this.client, 3).then(last).then(Mono.empty());
		}

		@Transactional(readOnly = true)
		Flux<Integer> all() {
			return this.client.sql("SELECT amount FROM half").mapValue(Integer.class).all();
		}

	}

	/** What uses it. */
	static class Outer {

		private final DatabaseClient client;

		private final AtomicInteger invocations = new AtomicInteger();

		private final List<Integer> ends = new CopyOnWriteArrayList<>();

		Outer(DatabaseClient client) {
			this.client = client;
		}

		AtomicInteger invocations() {
			return this.invocations;
		}

		List<Integer> ends() {
			return this.ends;
		}

		@Transactional
		Mono<Void> swallowing(Mono<?> inner) {
			this.invocations.incrementAndGet();
			return TransactionSynchronizationManager.forCurrentTransaction()
				.doOnNext((manager) -> manager.registerSynchronization(new TransactionSynchronization() {

					@Override
					public Mono<Void> afterCompletion(int status) {
						return Mono.fromRunnable(() -> Outer.this.ends.add(status));
					}

				}))
				.then(update(this.client, 1))
				.then(inner.onErrorComplete().then());
		}

		@Transactional(readOnly = true)
		Mono<Void> reading(Mono<?> inner) {
			return this.client.sql("SELECT amount FROM half")
				.mapValue(Integer.class)
				.all()
				.then(inner.onErrorComplete().then());
		}

	}

}
