package dev.asyncmysql.test;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import dev.asyncmysql.autoconfigure.MySqlTransactionAutoConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizationAutoConfiguration;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.transaction.annotation.Transactional;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Flows that are rolled back.
 */
@RequiresMySql
class RollbackOperatorIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	@RegisterExtension
	static final OwnSchema schema = OwnSchema
		.copyOf(() -> MySqlServer.template("rollback", "CREATE TABLE rolled_back (id INT PRIMARY KEY)"));

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				MySqlTransactionAutoConfiguration.class, TransactionManagerCustomizationAutoConfiguration.class,
				TransactionAutoConfiguration.class))
		.withBean(Work.class)
		.withPropertyValues(MySqlServer.properties())
		.withPropertyValues("async-mysql.pool.max-size=1");

	@Test
	void theFlowReadsWhatItHasWrittenAndNobodyElseDoes() {
		run((work, operator) -> {
			AtomicReference<Object> seen = new AtomicReference<>();
			StepVerifier
				.create(work.insert(1)
					.then(work.count())
					.publishOn(Schedulers.boundedElastic())
					.doOnNext((count) -> seen
						.set(MySqlServer.execute("SELECT COUNT(*) FROM " + schema.database() + ".rolled_back").get(0)))
					.as(operator::mono))
				.expectNext(1L)
				.expectComplete()
				.verify(LIMIT);
			assertThat(seen).hasValue("0");
		});
	}

	@Test
	void eachElementIsPassedOn() {
		run((work, operator) -> StepVerifier
			.create(Flux.just(1, 2, 3).concatMap((id) -> work.insert(id).thenReturn(id)).as(operator::flux))
			.expectNext(1, 2, 3)
			.expectComplete()
			.verify(LIMIT));
	}

	@Test
	void anErrorAndACancelRollBackAsWell() {
		run((work, operator) -> {
			StepVerifier.create(work.insert(1).then(work.insert(1)).as(operator::mono)).expectError().verify(LIMIT);
			StepVerifier.create(work.insert(1).then(Mono.never()).as(operator::mono))
				.expectSubscription()
				.expectNoEvent(Duration.ofMillis(300))
				.thenCancel()
				.verify(LIMIT);
		});
	}

	@Test
	void nothingAtAllIsNothing() {
		run((work, operator) -> StepVerifier.create(Mono.empty().as(operator::mono)).expectComplete().verify(LIMIT));
	}

	private void run(BiConsumer<Work, RollbackOperator> test) {
		this.contexts.withPropertyValues("async-mysql.database=" + schema.database()).run((context) -> {
			test.accept(context.getBean(Work.class),
					RollbackOperator.create(context.getBean(ReactiveTransactionManager.class)));
			// On the one connection, hence after the roll-back.
			assertThat(context.getBean(Work.class).count().block(LIMIT)).isZero();
		});
	}

	/** What is tested. */
	static class Work {

		private final DatabaseClient client;

		Work(DatabaseClient client) {
			this.client = client;
		}

		@Transactional
		Mono<Long> insert(int id) {
			return this.client.sql("INSERT INTO rolled_back VALUES (:id)").bind("id", id).fetch().rowsUpdated();
		}

		Mono<Long> count() {
			return this.client.sql("SELECT COUNT(*) FROM rolled_back").mapValue(Long.class).one();
		}

	}

}
