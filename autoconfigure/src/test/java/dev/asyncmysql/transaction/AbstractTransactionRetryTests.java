package dev.asyncmysql.transaction;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import dev.asyncmysql.DeadlockException;
import dev.asyncmysql.TestServer;
import dev.asyncmysql.autoconfigure.MySqlMetricsAutoConfiguration;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.aopalliance.intercept.MethodInterceptor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import org.springframework.aop.Advisor;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.NameMatchMethodPointcut;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.core.Ordered;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.PessimisticLockingFailureException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.reactive.TransactionalOperator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Transactions that are run again, and those that must not be.
 */
abstract class AbstractTransactionRetryTests extends AbstractTransactionTests {

	private final ApplicationContextRunner once = this.contexts
		.withConfiguration(AutoConfigurations.of(MySqlMetricsAutoConfiguration.class, MetricsAutoConfiguration.class,
				CompositeMeterRegistryAutoConfiguration.class))
		.withBean(MeterRegistry.class, SimpleMeterRegistry::new)
		.withBean(Work.class)
		.withBean(Outer.class)
		.withPropertyValues("async-mysql.pool.max-size=4");

	/** With retries. */
	final ApplicationContextRunner retrying = this.once
		.withPropertyValues("async-mysql.transaction.retry.enabled=true");

	AbstractTransactionRetryTests(TestServer server) {
		super(server);
	}

	@BeforeEach
	void createTable() {
		this.server.execute("DROP TABLE IF EXISTS retried, retried_ddl");
		this.server.execute("CREATE TABLE retried (id INT PRIMARY KEY, amount INT NOT NULL)");
		this.server.execute("INSERT INTO retried VALUES (1, 0), (2, 0)");
	}

	@Test
	void bothOfADeadlockSucceedAndTheLosersMethodIsInvokedTwice() {
		this.retrying.run((context) -> {
			Work work = context.getBean(Work.class);
			StepVerifier.create(Flux.merge(work.both(1, 2), work.both(2, 1)))
				.expectNext(1L, 1L)
				.expectComplete()
				.verify(LIMIT);
			assertThat(work.invocations()).hasValue(3);
			assertThat(amounts()).containsExactly("2", "2");
			assertRetries(context, "deadlock", "retried", 1);
		});
	}

	@Test
	void withoutRetryTheLoserFails() {
		this.once.run((context) -> {
			Work work = context.getBean(Work.class);
			List<Throwable> failures = Flux.just(work.both(1, 2), work.both(2, 1))
				.flatMap((transaction) -> transaction.then(Mono.<Throwable>empty()).onErrorResume(Mono::just))
				.collectList()
				.block(LIMIT);
			assertThat(failures).singleElement()
				.satisfies((failure) -> assertThat(failure).isInstanceOf(CannotAcquireLockException.class)
					.hasCauseInstanceOf(DeadlockException.class));
			assertThat(work.invocations()).hasValue(2);
			assertThat(amounts()).containsExactly("1", "1");
		});
	}

	@Test
	void theOperatorDoesTheSame() {
		this.once.run((context) -> {
			Work work = context.getBean(Work.class);
			TransactionalOperator operator = context.getBean(TransactionalOperator.class);
			TransactionRetry retry = context.getBean(TransactionRetry.class);
			StepVerifier
				.create(Flux.just(Mono.defer(() -> work.inBothOrders(1, 2)), Mono.defer(() -> work.inBothOrders(2, 1)))
					.flatMap((transaction) -> transaction.as(operator::transactional).as(retry::mono)))
				.expectNext(1L, 1L)
				.expectComplete()
				.verify(LIMIT);
			assertThat(work.invocations()).hasValue(3);
			assertThat(amounts()).containsExactly("2", "2");
		});
	}

	@Test
	void aLockWaitIsTriedAgainAndLeavesNoHalf() {
		this.retrying.run((context) -> {
			Work work = context.getBean(Work.class);
			Mono<Void> holder = context.getBean(TransactionalOperator.class)
				.transactional(work.add(2).then(Mono.delay(Duration.ofMillis(1500))).then(work.add(2)).then());
			StepVerifier
				.create(Mono.when(holder,
						Mono.delay(Duration.ofMillis(100)).then(Mono.defer(() -> work.careless(1, 2)))))
				.expectComplete()
				.verify(LIMIT);
			assertThat(amounts()).containsExactly("1", "3");
			assertThat(work.invocations()).hasValueGreaterThan(1);
			assertThat(retries(context, "lock-wait", "retried")).isEqualTo(work.invocations().get() - 1);
		});
	}

	@Test
	void aConnectionThatIsLostBeforeTheCommitIsNoEnd() {
		this.retrying.run((context) -> {
			Work work = context.getBean(Work.class);
			work.before((attempt, client) -> (attempt > 1) ? Mono.empty()
					: client.sql("SELECT CONNECTION_ID()")
						.mapValue(Long.class)
						.one()
						.publishOn(Schedulers.boundedElastic())
						.doOnNext((id) -> this.server.execute("KILL " + id))
						.then());
			StepVerifier.create(work.addOnce(1)).expectNext(1L).expectComplete().verify(LIMIT);
			assertThat(work.invocations()).hasValue(2);
			assertThat(amounts()).containsExactly("1", "0");
			assertRetries(context, "connection-lost", "retried", 1);
		});
	}

	@Test
	void itEndsAfterSomeAttempts() {
		this.retrying.run((context) -> {
			Work work = context.getBean(Work.class);
			work.before((attempt, client) -> client.sql("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213").then());
			StepVerifier.create(work.addOnce(1)).expectError(CannotAcquireLockException.class).verify(LIMIT);
			assertThat(work.invocations()).hasValue(3);
			assertRetries(context, "deadlock", "exhausted", 1);
		});
	}

	@Test
	void aBudgetEndsItEarlier() {
		this.retrying
			.withPropertyValues("async-mysql.transaction.retry.budget-share=0",
					"async-mysql.transaction.retry.budget-per-second=0")
			.run((context) -> {
				Work work = context.getBean(Work.class);
				work.before((attempt, client) -> client.sql("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213").then());
				StepVerifier.create(work.addOnce(1)).expectError(CannotAcquireLockException.class).verify(LIMIT);
				assertThat(work.invocations()).hasValue(1);
				assertRetries(context, "deadlock", "refused", 1);
			});
	}

	@Test
	void whatIsNotAskedForOrWouldFailAgainIsNotTried() {
		this.retrying.withPropertyValues("async-mysql.transaction.retry.on=lock-wait").run((context) -> {
			Work work = context.getBean(Work.class);
			work.before((attempt, client) -> client.sql("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213").then());
			StepVerifier.create(work.addOnce(1)).expectError(CannotAcquireLockException.class).verify(LIMIT);
			assertThat(work.invocations()).hasValue(1);
			work.before((attempt, client) -> client.sql("INSERT INTO retried VALUES (1, 1)").then());
			StepVerifier.create(work.addOnce(1)).expectError(DuplicateKeyException.class).verify(LIMIT);
			assertThat(work.invocations()).hasValue(2);
		});
	}

	@Test
	void onlyTheOutermostTransactionIsRunAgain() {
		this.retrying.run((context) -> {
			Work work = context.getBean(Work.class);
			work.before((attempt, client) -> (attempt > 1) ? Mono.empty()
					: client.sql("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213").then());
			Outer outer = context.getBean(Outer.class);
			StepVerifier.create(outer.addTwice(2)).expectNext(1L).expectComplete().verify(LIMIT);
			assertThat(outer.invocations()).hasValue(2);
			assertThat(work.invocations()).hasValue(2);
			assertThat(amounts()).containsExactly("0", "2");
		});
	}

	@Test
	void aNestedPartIsNoCommit() {
		this.retrying.run((context) -> {
			Outer outer = context.getBean(Outer.class);
			StepVerifier.create(Flux.merge(outer.nestedFirst(1, 2), outer.nestedFirst(2, 1)))
				.expectNext(1L, 1L)
				.expectComplete()
				.verify(LIMIT);
			assertThat(outer.invocations()).hasValue(3);
			assertThat(amounts()).containsExactly("2", "2");
			assertRetries(context, "deadlock", "retried", 1);
		});
	}

	@Test
	void aLabelLeavesAMethodOut() {
		this.retrying.run((context) -> {
			Work work = context.getBean(Work.class);
			work.before((attempt, client) -> (attempt > 1) ? Mono.empty()
					: client.sql("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213").then());
			StepVerifier.create(work.addOnceAndForAll(1)).expectError(CannotAcquireLockException.class).verify(LIMIT);
			assertThat(work.invocations()).hasValue(1);
			assertThat(amounts()).containsExactly("0", "0");
		});
	}

	@Test
	void theOperatorDoesTheSameForElements() {
		this.once.run((context) -> {
			TransactionalOperator operator = context.getBean(TransactionalOperator.class);
			TransactionRetry retry = context.getBean(TransactionRetry.class);
			Work work = context.getBean(Work.class);
			work.before((attempt, client) -> (attempt > 1) ? Mono.empty()
					: client.sql("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213").then());
			StepVerifier.create(Flux.defer(() -> work.someOf(false)).as(operator::transactional).as(retry::flux))
				.expectNext("1", "2")
				.expectComplete()
				.verify(LIMIT);
			assertThat(work.invocations()).hasValue(2);
			work.invocations().set(0);
			StepVerifier.create(Flux.defer(() -> work.someOf(true)).as(operator::transactional).as(retry::flux))
				.expectNext("1")
				.expectError(CannotAcquireLockException.class)
				.verify(LIMIT);
			assertThat(work.invocations()).hasValue(1);
		});
	}

	@Test
	void aClassMayBeTransactional() {
		this.retrying.withBean(WholeClass.class).run((context) -> {
			Work work = context.getBean(Work.class);
			work.before((attempt, client) -> (attempt > 1) ? Mono.empty()
					: client.sql("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213").then());
			StepVerifier.create(context.getBean(WholeClass.class).add(1)).expectNext(1L).expectComplete().verify(LIMIT);
			assertThat(work.invocations()).hasValue(2);
			assertThat(amounts()).containsExactly("1", "0");
		});
	}

	@Test
	void anotherAspectIsOutsideOrInEachAttempt() {
		AtomicInteger outside = new AtomicInteger();
		AtomicInteger inside = new AtomicInteger();
		this.retrying
			.withBean("outside", Advisor.class, () -> counting(outside, 0), AbstractTransactionRetryTests::role)
			.withBean("inside", Advisor.class, () -> counting(inside, Ordered.LOWEST_PRECEDENCE),
					AbstractTransactionRetryTests::role)
			.run((context) -> {
				Work work = context.getBean(Work.class);
				work.before((attempt, client) -> (attempt > 1) ? Mono.empty()
						: client.sql("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213").then());
				StepVerifier.create(work.addOnce(1)).expectNext(1L).expectComplete().verify(LIMIT);
				assertThat(work.invocations()).hasValue(2);
				assertThat(outside).hasValue(1);
				assertThat(inside).hasValue(2);
			});
	}

	private static Advisor counting(AtomicInteger calls, int order) {
		NameMatchMethodPointcut pointcut = new NameMatchMethodPointcut();
		pointcut.setMappedName("addOnce");
		MethodInterceptor interceptor = (invocation) -> {
			calls.incrementAndGet();
			return invocation.proceed();
		};
		DefaultPointcutAdvisor advisor = new DefaultPointcutAdvisor(pointcut, interceptor);
		advisor.setOrder(order);
		return advisor;
	}

	// Without AspectJ no other advisors are found.
	private static void role(BeanDefinition definition) {
		definition.setRole(BeanDefinition.ROLE_INFRASTRUCTURE);
	}

	@Test
	void notAfterSomethingWasCommitted() {
		this.retrying.run((context) -> {
			Work work = context.getBean(Work.class);
			work.before((attempt, client) -> client.sql("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213").then());
			Outer outer = context.getBean(Outer.class);
			StepVerifier.create(outer.afterAnother(2)).expectError(CannotAcquireLockException.class).verify(LIMIT);
			assertThat(outer.invocations()).hasValue(1);
			assertThat(amounts()).containsExactly("0", "1");
			work.invocations().set(0);
			work.before((attempt, client) -> client.sql("CREATE TABLE retried_ddl (id INT)")
				.then()
				.then(client.sql("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213").then()));
			StepVerifier.create(work.addOnce(1)).expectError(CannotAcquireLockException.class).verify(LIMIT);
			assertThat(work.invocations()).hasValue(1);
		});
	}

	@Test
	void notAfterAnElementHasReachedTheCaller() {
		this.retrying.run((context) -> {
			Work work = context.getBean(Work.class);
			work.before((attempt, client) -> (attempt > 1) ? Mono.empty()
					: client.sql("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213").then());
			StepVerifier.create(work.elements(false)).expectNext("1", "2").expectComplete().verify(LIMIT);
			assertThat(work.invocations()).hasValue(2);
			work.invocations().set(0);
			StepVerifier.create(work.elements(true))
				.expectNext("1")
				.expectError(CannotAcquireLockException.class)
				.verify(LIMIT);
			assertThat(work.invocations()).hasValue(1);
		});
	}

	private static void assertRetries(ApplicationContext context, String reason, String outcome, int count) {
		assertThat(retries(context, reason, outcome)).isEqualTo(count);
	}

	static double retries(ApplicationContext context, String reason, String outcome) {
		return context.getBean(MeterRegistry.class)
			.get("asyncmysql.transactions.retries")
			.tags("reason", reason, "outcome", outcome)
			.counter()
			.count();
	}

	List<String> amounts() {
		return this.server.execute("SELECT amount FROM retried ORDER BY id");
	}

	/** What happens in a transaction before it does its work. */
	interface Before {

		Mono<Void> of(int attempt, DatabaseClient client);

	}

	/** What is transactional. */
	static class Work {

		private final DatabaseClient client;

		private final AtomicInteger invocations = new AtomicInteger();

		private final Sinks.Empty<Void> barrier = Sinks.empty();

		private final AtomicInteger arrived = new AtomicInteger();

		private volatile Before before = (attempt, client) -> Mono.empty();

		Work(DatabaseClient client) {
			this.client = client;
		}

		// A proxy has fields of its own.
		AtomicInteger invocations() {
			return this.invocations;
		}

		void before(Before before) {
			this.before = before;
		}

		@Transactional
		Mono<Long> both(int first, int second) {
			return inBothOrders(first, second);
		}

		Mono<Long> inBothOrders(int first, int second) {
			this.invocations.incrementAndGet();
			return add(first).then(arrive()).then(Mono.defer(() -> add(second)));
		}

		// Nobody goes on before the other has its first lock.
		Mono<Void> arrive() {
			return Mono.defer(() -> {
				if (this.arrived.incrementAndGet() >= 2) {
					this.barrier.tryEmitEmpty();
				}
				return this.barrier.asMono();
			});
		}

		@Transactional
		Mono<Long> careless(int first, int second) {
			this.invocations.incrementAndGet();
			return add(first)
				.then(add(second).onErrorResume(PessimisticLockingFailureException.class, (ex) -> Mono.just(0L)));
		}

		@Transactional
		Mono<Long> addOnce(int id) {
			return this.before.of(this.invocations.incrementAndGet(), this.client).then(add(id));
		}

		@Transactional(label = MySqlTransactionManager.NO_RETRY)
		Mono<Long> addOnceAndForAll(int id) {
			return addOnce(id);
		}

		@Transactional(propagation = Propagation.NESTED)
		Mono<Long> addNested(int id) {
			return add(id);
		}

		@Transactional(propagation = Propagation.REQUIRES_NEW)
		Mono<Long> addAlone(int id) {
			return add(id);
		}

		@Transactional
		Flux<String> elements(boolean late) {
			return someOf(late);
		}

		Flux<String> someOf(boolean late) {
			Mono<Void> failing = this.before.of(this.invocations.incrementAndGet(), this.client);
			return late ? Flux.concat(Mono.just("1"), failing.cast(String.class), Mono.just("2"))
					: failing.thenMany(Flux.just("1", "2"));
		}

		Mono<Long> add(int id) {
			return this.client.sql("UPDATE retried SET amount = amount + 1 WHERE id = :id")
				.bind("id", id)
				.fetch()
				.rowsUpdated();
		}

	}

	/** Another service, which uses it. */
	static class Outer {

		private final Work work;

		private final AtomicInteger invocations = new AtomicInteger();

		Outer(Work work) {
			this.work = work;
		}

		AtomicInteger invocations() {
			return this.invocations;
		}

		@Transactional
		Mono<Long> addTwice(int id) {
			this.invocations.incrementAndGet();
			return this.work.addOnce(id).then(Mono.defer(() -> this.work.add(id)));
		}

		@Transactional
		Mono<Long> afterAnother(int id) {
			this.invocations.incrementAndGet();
			return this.work.addAlone(id).then(Mono.defer(() -> this.work.addOnce(id)));
		}

		@Transactional
		Mono<Long> nestedFirst(int first, int second) {
			this.invocations.incrementAndGet();
			return this.work.addNested(first).then(this.work.arrive()).then(Mono.defer(() -> this.work.add(second)));
		}

	}

	/** A service all of whose methods are transactional. */
	@Transactional
	static class WholeClass {

		private final Work work;

		WholeClass(Work work) {
			this.work = work;
		}

		Mono<Long> add(int id) {
			return this.work.addOnce(id);
		}

	}

}
