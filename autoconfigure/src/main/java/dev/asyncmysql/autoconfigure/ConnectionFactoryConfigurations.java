package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.InvalidSettingsException;
import dev.asyncmysql.PoolCustomizer;
import dev.asyncmysql.connection.DriverObjects;
import dev.asyncmysql.connection.MySqlConnectionFactories;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.autoconfigure.condition.NoneNestedConditions;
import org.springframework.boot.r2dbc.ConnectionFactoryDecorator;
import org.springframework.boot.r2dbc.autoconfigure.ConnectionFactoryOptionsBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/**
 * The bean {@code connectionFactory}: pooled unless the pool is switched off.
 */
abstract class ConnectionFactoryConfigurations {

	private static ConnectionFactory driver(ConnectionSettings settings, DriverObjects objects, Environment environment,
			ObjectProvider<ConnectionFactoryOptionsBuilderCustomizer> customizers,
			ObjectProvider<ConnectionFactoryDecorator> decorators) {
		try {
			ConnectionFactoryOptions.Builder options = MySqlConnectionFactories
				.options(settings, objects, SettingsResolver.PREFIX)
				.mutate();
			customizers.orderedStream().forEach((customizer) -> customizer.customize(options));
			return MySqlConnectionFactories.driver(options.build(), decorators.orderedStream().toList());
		}
		catch (InvalidSettingsException ex) {
			throw new SettingsResolver(environment).locate(ex);
		}
	}

	@Configuration(proxyBeanMethods = false)
	@Conditional(OnPool.class)
	@ConditionalOnClass(ConnectionPool.class)
	static class Pooled {

		@Bean(destroyMethod = "dispose")
		ConnectionPool connectionFactory(ConnectionSettings settings, DriverObjects objects, Environment environment,
				ObjectProvider<ConnectionFactoryOptionsBuilderCustomizer> customizers,
				ObjectProvider<ConnectionFactoryDecorator> decorators, ObjectProvider<PoolCustomizer> poolCustomizers) {
			return MySqlConnectionFactories.pooled(settings,
					driver(settings, objects, environment, customizers, decorators),
					poolCustomizers.orderedStream().toList(), SettingsResolver.PREFIX);
		}

		@Bean
		ConnectionStartup asyncMySqlStartup(ConnectionPool connectionFactory, ConnectionSettings settings) {
			return new ConnectionStartup(connectionFactory, connectionFactory.warmup(), settings);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Conditional(OnPool.class)
	@ConditionalOnMissingClass("io.r2dbc.pool.ConnectionPool")
	static class PoolMissing {

		@Bean
		ConnectionFactory connectionFactory() {
			throw new InvalidSettingsException(SettingsResolver.PREFIX + ".pool.enabled",
					"the pool is not on the class path", "Add the dependency io.r2dbc:r2dbc-pool, or set "
							+ SettingsResolver.PREFIX + ".pool.enabled=false to open a connection for each use.");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Conditional(OnNoPool.class)
	static class Unpooled {

		@Bean
		ConnectionFactory connectionFactory(ConnectionSettings settings, DriverObjects objects, Environment environment,
				ObjectProvider<ConnectionFactoryOptionsBuilderCustomizer> customizers,
				ObjectProvider<ConnectionFactoryDecorator> decorators) {
			return MySqlConnectionFactories.unpooled(settings,
					driver(settings, objects, environment, customizers, decorators), SettingsResolver.PREFIX);
		}

		@Bean
		ConnectionStartup asyncMySqlStartup(ConnectionFactory connectionFactory, ConnectionSettings settings) {
			return new ConnectionStartup(connectionFactory, null, settings);
		}

	}

	static class OnNoPool extends NoneNestedConditions {

		OnNoPool() {
			super(ConfigurationPhase.REGISTER_BEAN);
		}

		@Conditional(OnPool.class)
		static class PoolEnabled {

		}

	}

}
