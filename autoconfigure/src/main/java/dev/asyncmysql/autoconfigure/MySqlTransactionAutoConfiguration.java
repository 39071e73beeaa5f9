package dev.asyncmysql.autoconfigure;

import java.time.Duration;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.transaction.MySqlTransactionManager;
import io.r2dbc.spi.ConnectionFactory;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcTransactionManagerAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizers;
import org.springframework.boot.transaction.autoconfigure.TransactionProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.core.PriorityOrdered;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.transaction.ReactiveTransactionManager;
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
			ObjectProvider<TransactionProperties> properties,
			ObjectProvider<TransactionManagerCustomizers> customizers) {
		TransactionProperties transaction = properties.getIfAvailable();
		Duration timeout = (transaction != null) ? transaction.getDefaultTimeout() : null;
		MySqlTransactionManager manager = new MySqlTransactionManager(connectionFactory,
				(timeout != null) ? timeout : Duration.ZERO);
		customizers.ifAvailable((customizer) -> customizer.customize(manager));
		return manager;
	}

	@Bean
	static ManagerSelection asyncMySqlTransactionManagerSelection(ListableBeanFactory beans) {
		return new ManagerSelection(beans);
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
