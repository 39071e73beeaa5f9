package dev.asyncmysql.transaction;

import java.time.Duration;

import dev.asyncmysql.TestServer;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import dev.asyncmysql.autoconfigure.MySqlTransactionAutoConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Result;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizationAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.transaction.support.DefaultTransactionDefinition;

/**
 * What tests of transactions share.
 */
abstract class AbstractTransactionTests {

	static final Duration LIMIT = Duration.ofSeconds(30);

	/** Where the tests run. */
	final TestServer server;

	/** Contexts with the transaction manager; a lock is waited for a second. */
	final ApplicationContextRunner contexts;

	AbstractTransactionTests(TestServer server) {
		this.server = server;
		this.contexts = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
					MySqlTransactionAutoConfiguration.class, TransactionManagerCustomizationAutoConfiguration.class,
					TransactionAutoConfiguration.class))
			.withPropertyValues(server.properties())
			.withPropertyValues("async-mysql.pool.max-size=2", "async-mysql.lock-wait-timeout=1s");
	}

	static MySqlTransactionManager manager(ApplicationContext context) {
		return context.getBean(MySqlTransactionManager.class);
	}

	static TransactionalOperator transactions(ApplicationContext context) {
		return TransactionalOperator.create(manager(context));
	}

	static TransactionalOperator transactions(ApplicationContext context, TransactionDefinition definition) {
		return TransactionalOperator.create(manager(context), definition);
	}

	static TransactionalOperator transactions(ApplicationContext context, int propagation) {
		return transactions(context, new DefaultTransactionDefinition(propagation));
	}

	/**
	 * Return what work fails with, as a value.
	 */
	static Mono<Throwable> failing(Mono<?> work) {
		return work.then(Mono.<Throwable>empty()).onErrorResume(Mono::just);
	}

	static Mono<Void> execute(Connection connection, String sql) {
		return Mono
			.defer(() -> Flux.from(connection.createStatement(sql).execute()).concatMap(Result::getRowsUpdated).then());
	}

	/**
	 * Let work run while another transaction holds a lock.
	 * @return what the work has failed with
	 */
	static @Nullable Throwable whileHeld(ApplicationContext context, String lock, Mono<?> work) {
		return Mono
			.usingWhen(context.getBean(ConnectionFactory.class).create(),
					(holder) -> Mono.from(holder.beginTransaction())
						.then(execute(holder, lock))
						.then(failing(work))
						.flatMap((failure) -> Mono.from(holder.rollbackTransaction()).thenReturn(failure))
						.switchIfEmpty(Mono.defer(() -> Mono.from(holder.rollbackTransaction()).then(Mono.empty()))),
					Connection::close)
			.block(LIMIT);
	}

}
