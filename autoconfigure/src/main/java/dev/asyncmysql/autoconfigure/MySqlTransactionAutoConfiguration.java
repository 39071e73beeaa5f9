package dev.asyncmysql.autoconfigure;

import java.time.Duration;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.transaction.MySqlTransactionManager;
import dev.asyncmysql.transaction.RetryInterceptor;
import dev.asyncmysql.transaction.TransactionRetry;
import io.r2dbc.spi.ConnectionFactory;

import org.springframework.aop.Advisor;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcTransactionManagerAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizers;
import org.springframework.boot.transaction.autoconfigure.TransactionProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Role;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.transaction.interceptor.BeanFactoryTransactionAttributeSourceAdvisor;
import org.springframework.transaction.interceptor.TransactionAttributeSource;
import org.springframework.transaction.interceptor.TransactionInterceptor;

/**
 * Auto-configuration of the reactive transaction manager, in the place of Boot's.
 * {@code spring.transaction} and {@code TransactionExecutionListener} beans reach it. It
 * comes after the blocking managers, which Boot gives up where any manager is there.
 */
@AutoConfiguration(after = AsyncMySqlAutoConfiguration.class, before = R2dbcTransactionManagerAutoConfiguration.class,
		afterName = { "org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration",
				"org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration",
				"org.springframework.boot.transaction.jta.autoconfigure.JtaAutoConfiguration" })
@ConditionalOnClass({ R2dbcTransactionManager.class, ReactiveTransactionManager.class,
		TransactionManagerCustomizers.class })
@ConditionalOnBean(ConnectionSettings.class)
@ConditionalOnSingleCandidate(ConnectionFactory.class)
public final class MySqlTransactionAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean(ReactiveTransactionManager.class)
	MySqlTransactionManager connectionFactoryTransactionManager(ConnectionFactory connectionFactory,
			ConnectionSettings settings, ObjectProvider<TransactionProperties> properties,
			ObjectProvider<TransactionManagerCustomizers> customizers) {
		TransactionProperties transaction = properties.getIfAvailable();
		Duration timeout = (transaction != null) ? transaction.getDefaultTimeout() : null;
		MySqlTransactionManager manager = new MySqlTransactionManager(connectionFactory,
				(timeout != null) ? timeout : Duration.ZERO);
		manager.setGlobalRollbackOnParticipationFailure(settings.transaction().globalRollbackOnParticipationFailure());
		customizers.ifAvailable((customizer) -> customizer.customize(manager));
		return manager;
	}

	@Bean
	@ConditionalOnMissingBean
	TransactionRetry asyncMySqlTransactionRetry(Server server, ConnectionSettings settings) {
		return new TransactionRetry(server, settings.transaction().retry());
	}

	@Bean
	static ManagerSelection asyncMySqlTransactionManagerSelection(ListableBeanFactory beans) {
		return new ManagerSelection(beans);
	}

	/**
	 * Runs transactional methods again. What is made here is made before other beans.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(Advisor.class)
	@ConditionalOnBooleanProperty("async-mysql.transaction.retry.enabled")
	static class Retries {

		@Bean
		@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
		static Advisor asyncMySqlMonoRetry(ObjectProvider<BeanFactoryTransactionAttributeSourceAdvisor> transactions,
				TransactionAttributeSource attributes, ObjectProvider<TransactionRetry> retry) {
			return outside(transactions, RetryInterceptor.mono(attributes, retry::getObject));
		}

		@Bean
		@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
		static Advisor asyncMySqlFluxRetry(ObjectProvider<BeanFactoryTransactionAttributeSourceAdvisor> transactions,
				TransactionAttributeSource attributes, ObjectProvider<TransactionRetry> retry) {
			return outside(transactions, RetryInterceptor.flux(attributes, retry::getObject));
		}

		// Each attempt is a transaction of its own.
		private static Advisor outside(ObjectProvider<BeanFactoryTransactionAttributeSourceAdvisor> transactions,
				DefaultPointcutAdvisor advisor) {
			BeanFactoryTransactionAttributeSourceAdvisor inside = transactions.getIfAvailable();
			advisor.setOrder((inside != null) ? Math.max(inside.getOrder(), Integer.MIN_VALUE + 1) - 1
					: Ordered.LOWEST_PRECEDENCE - 1);
			return advisor;
		}

	}

	/**
	 * Puts {@link ManagerByReturnType} before the interceptor of {@code @Transactional},
	 * which is made together with the first bean that may need a proxy: hence the order.
	 */
	static class ManagerSelection implements BeanPostProcessor, PriorityOrdered {

		private final ListableBeanFactory beans;

		ManagerSelection(ListableBeanFactory beans) {
			this.beans = beans;
		}

		@Override
		public Object postProcessAfterInitialization(Object bean, String beanName) {
			if (bean instanceof TransactionInterceptor interceptor) {
				TransactionAttributeSource attributes = interceptor.getTransactionAttributeSource();
				if (attributes != null && interceptor.getTransactionManager() == null) {
					interceptor.setTransactionAttributeSource(new ManagerByReturnType(attributes, this.beans));
				}
			}
			return bean;
		}

		@Override
		public int getOrder() {
			return LOWEST_PRECEDENCE;
		}

	}

}
