package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.observability.ConnectionMetrics;
import io.micrometer.core.instrument.binder.MeterBinder;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of the metrics, which Boot binds to each meter registry.
 */
@AutoConfiguration(after = AsyncMySqlAutoConfiguration.class)
@ConditionalOnClass(MeterBinder.class)
@ConditionalOnBean(value = { Server.class, ConnectionSettings.class }, search = SearchStrategy.CURRENT)
public final class MySqlMetricsAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	ConnectionMetrics asyncMySqlConnectionMetrics(Server server, ConnectionSettings settings) {
		return new ConnectionMetrics(server, settings.slowQuery(), "connectionFactory");
	}

}
