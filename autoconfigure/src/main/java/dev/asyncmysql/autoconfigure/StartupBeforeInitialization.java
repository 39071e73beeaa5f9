package dev.asyncmysql.autoconfigure;

import java.util.Set;

import org.springframework.boot.sql.init.dependency.AbstractBeansOfTypeDatabaseInitializerDetector;

/**
 * Lets scripts and migrations, those over JDBC included, wait until the server is there.
 */
class StartupBeforeInitialization extends AbstractBeansOfTypeDatabaseInitializerDetector {

	@Override
	protected Set<Class<?>> getDatabaseInitializerBeanTypes() {
		return Set.of(ConnectionStartup.class);
	}

	/** What comes first is what all others wait for. */
	@Override
	public int getOrder() {
		return HIGHEST_PRECEDENCE;
	}

}
