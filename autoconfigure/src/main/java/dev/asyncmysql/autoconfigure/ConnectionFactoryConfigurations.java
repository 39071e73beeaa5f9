package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.InvalidSettingsException;
import dev.asyncmysql.PoolCustomizer;
import dev.asyncmysql.connection.MySqlConnectionFactories;
import dev.asyncmysql.connection.Server;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.ConnectionFactory;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.autoconfigure.condition.NoneNestedConditions;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.DependsOn;

/**
 * The bean {@code connectionFactory}: pooled unless the pool is switched off.
 */
abstract class ConnectionFactoryConfigurations {

	@Configuration(proxyBeanMethods = false)
	@Conditional(OnPool.class)
	@ConditionalOnClass(ConnectionPool.class)
	static class Pooled {

		@Bean(destroyMethod = "dispose")
		@DependsOn("asyncMySqlStartup")
		ConnectionPool connectionFactory(Server server, ObjectProvider<PoolCustomizer> customizers) {
			return MySqlConnectionFactories.pooled(server, customizers.orderedStream().toList());
		}

		@Bean
		ConnectionStartup asyncMySqlStartup(Server server, ConnectionSettings settings, ConnectionFailures failures) {
			return new ConnectionStartup(server, settings, failures, true);
		}

		@Bean
		ConnectionLifecycle asyncMySqlLifecycle(ConnectionStartup startup, ConnectionPool connectionFactory,
				Server server, ConfigurableApplicationContext context) {
			return new ConnectionLifecycle(startup, connectionFactory.warmup(), connectionFactory.disposeLater(),
					server, context);
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
		@DependsOn("asyncMySqlStartup")
		ConnectionFactory connectionFactory(Server server) {
			return MySqlConnectionFactories.unpooled(server);
		}

		@Bean
		ConnectionStartup asyncMySqlStartup(Server server, ConnectionSettings settings, ConnectionFailures failures) {
			return new ConnectionStartup(server, settings, failures, false);
		}

		@Bean
		ConnectionLifecycle asyncMySqlLifecycle(ConnectionStartup startup, Server server,
				ConfigurableApplicationContext context) {
			return new ConnectionLifecycle(startup, Mono.just(0), Mono.empty(), server, context);
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
