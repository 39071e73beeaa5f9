package dev.asyncmysql.autoconfigure;

import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.ConnectionFactoryOptions;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.r2dbc.OptionsCapableConnectionFactory;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/**
 * Auto-configuration for MySQL over R2DBC.
 */
@AutoConfiguration(before = R2dbcAutoConfiguration.class)
@ConditionalOnProperty("async-mysql.url")
public final class AsyncMySqlAutoConfiguration {

	@Bean(destroyMethod = "dispose")
	ConnectionPool connectionFactory(Environment environment) {
		ConnectionFactoryOptions options = ConnectionFactoryOptions
			.parse(environment.getRequiredProperty("async-mysql.url"));
		return new ConnectionPool(ConnectionPoolConfiguration
			.builder(new OptionsCapableConnectionFactory(options, new MySqlConnectionFactoryProvider().create(options)))
			.build());
	}

}
