package dev.asyncmysql.autoconfigure;

import java.time.Duration;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.transaction.MySqlTransactionManager;
import io.r2dbc.spi.ConnectionFactory;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcTransactionManagerAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizers;
import org.springframework.boot.transaction.autoconfigure.TransactionProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.transaction.ReactiveTransactionManager;

/**
 * Auto-configuration of the reactive transaction manager, in the place of Boot's.
 * {@code spring.transaction} and {@code TransactionExecutionListener} beans reach it.
 */
@AutoConfiguration(after = AsyncMySqlAutoConfiguration.class, before = R2dbcTransactionManagerAutoConfiguration.class)
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

}
