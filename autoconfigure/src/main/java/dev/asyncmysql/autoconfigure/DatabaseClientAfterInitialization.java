package dev.asyncmysql.autoconfigure;

import java.util.Set;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.bulk.BulkWriter;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.sql.init.dependency.AbstractBeansOfTypeDependsOnDatabaseInitializationDetector;
import org.springframework.r2dbc.core.DatabaseClient;

/**
 * Lets a {@link DatabaseClient}, and so repositories, and a {@link BulkWriter} wait until
 * scripts and migrations have run. Boot does this for the clients of JDBC only.
 */
class DatabaseClientAfterInitialization extends AbstractBeansOfTypeDependsOnDatabaseInitializationDetector {

	@Override
	public Set<String> detect(ConfigurableListableBeanFactory beanFactory) {
		boolean ours = beanFactory.getBeanNamesForType(ConnectionSettings.class, true, false).length > 0;
		return ours ? super.detect(beanFactory) : Set.of();
	}

	@Override
	protected Set<Class<?>> getDependsOnDatabaseInitializationBeanTypes() {
		return Set.of(DatabaseClient.class, BulkWriter.class);
	}

}
