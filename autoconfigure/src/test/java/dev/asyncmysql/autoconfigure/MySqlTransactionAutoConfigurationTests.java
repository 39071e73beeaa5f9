package dev.asyncmysql.autoconfigure;

import java.util.List;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.transaction.MySqlTransactionManager;
import dev.asyncmysql.transaction.TransactionRetry;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.aop.Advisor;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcTransactionManagerAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizationAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizers;
import org.springframework.mock.env.MockEnvironment;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.transaction.TransactionExecutionListener;
import org.springframework.transaction.interceptor.BeanFactoryTransactionAttributeSourceAdvisor;
import org.springframework.transaction.reactive.TransactionalOperator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link MySqlTransactionAutoConfiguration}.
 */
class MySqlTransactionAutoConfigurationTests {

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				MySqlTransactionAutoConfiguration.class, R2dbcTransactionManagerAutoConfiguration.class,
				TransactionManagerCustomizationAutoConfiguration.class, TransactionAutoConfiguration.class))
		.withPropertyValues("async-mysql.url=r2dbc:mysql://app@127.0.0.1:1/db", "async-mysql.startup=lazy");

	@Test
	void takesThePlaceOfBootsManager() {
		this.contexts.run((context) -> assertThat(context).hasNotFailed()
			.hasSingleBean(ReactiveTransactionManager.class)
			.hasSingleBean(MySqlTransactionManager.class)
			.hasSingleBean(TransactionalOperator.class));
	}

	@Test
	void listenersReachIt() {
		TransactionExecutionListener listener = mock();
		this.contexts.withBean(TransactionExecutionListener.class, () -> listener)
			.run((context) -> assertThat(
					context.getBean(MySqlTransactionManager.class).getTransactionExecutionListeners())
				.contains(listener));
	}

	@Test
	void anApplicationsOwnManagerWins() {
		this.contexts.withBean(ReactiveTransactionManager.class, () -> mock(ReactiveTransactionManager.class))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(ReactiveTransactionManager.class)
				.doesNotHaveBean(MySqlTransactionManager.class));
	}

	@Test
	void standsBackFromAnApplicationsOwnFactory() {
		ConnectionFactoryOptions options = ConnectionFactoryOptions.parse("r2dbc:mysql://mine@127.0.0.1:1/db");
		this.contexts.withBean(ConnectionFactory.class, () -> new MySqlConnectionFactoryProvider().create(options))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(R2dbcTransactionManager.class)
				.doesNotHaveBean(MySqlTransactionManager.class));
	}

	@Test
	void withoutBootsTransactionsBootsManagerStays() {
		this.contexts.withClassLoader(new FilteredClassLoader(TransactionManagerCustomizers.class))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(R2dbcTransactionManager.class)
				.doesNotHaveBean(MySqlTransactionManager.class));
	}

	@Test
	void withoutBeingAskedNoMethodIsInvokedAgain() {
		this.contexts.run((context) -> assertThat(context).hasNotFailed()
			.hasSingleBean(TransactionRetry.class)
			.doesNotHaveBean("asyncMySqlMonoRetry")
			.doesNotHaveBean("asyncMySqlFluxRetry"));
	}

	@Test
	void retriesComeOutsideOfTransactions() {
		this.contexts.withPropertyValues("async-mysql.transaction.retry.enabled=true").run((context) -> {
			assertThat(context).hasNotFailed().hasBean("asyncMySqlMonoRetry").hasBean("asyncMySqlFluxRetry");
			int transactions = context.getBean(BeanFactoryTransactionAttributeSourceAdvisor.class).getOrder();
			assertThat(List.of("asyncMySqlMonoRetry", "asyncMySqlFluxRetry"))
				.extracting((name) -> context.getBean(name, DefaultPointcutAdvisor.class).getOrder())
				.allMatch((order) -> order < transactions);
		});
	}

	@Test
	void withoutAopThereIsTheOperatorAlone() {
		this.contexts.withPropertyValues("async-mysql.transaction.retry.enabled=true")
			.withClassLoader(new FilteredClassLoader(Advisor.class))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(TransactionRetry.class)
				.doesNotHaveBean("asyncMySqlMonoRetry"));
	}

	@Test
	void anApplicationsOwnRetryWins() {
		this.contexts.withPropertyValues("async-mysql.transaction.retry.enabled=true")
			.withBean("mine", TransactionRetry.class,
					() -> new TransactionRetry(mock(Server.class),
							ConnectionSettings.bind(new MockEnvironment(), "async-mysql").transaction().retry()))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(TransactionRetry.class)
				.hasBean("mine")
				.hasBean("asyncMySqlMonoRetry"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "max-attempts=0", "delay=0ms", "jitter=-1ms", "multiplier=0.5", "budget-share=-1",
			"max-delay=0ms", "budget-per-second=-1", "on=everything" })
	void whatCannotBeIsTold(String setting) {
		this.contexts.withPropertyValues("async-mysql.transaction.retry." + setting)
			.run((context) -> assertThat(context).hasFailed());
	}

}
