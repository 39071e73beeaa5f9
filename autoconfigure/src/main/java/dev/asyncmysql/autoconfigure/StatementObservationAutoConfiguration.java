package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.observability.StatementAttributes;
import dev.asyncmysql.observability.StatementConvention;
import io.micrometer.observation.ObservationRegistry;
import io.r2dbc.proxy.observation.QueryObservationConvention;

import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.boot.r2dbc.autoconfigure.ProxyConnectionFactoryCustomizer;
import org.springframework.boot.r2dbc.autoconfigure.observation.R2dbcObservationAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;

/**
 * Auto-configuration of what is added to the observations of statements, which Boot has
 * r2dbc-proxy make.
 */
@AutoConfiguration(after = AsyncMySqlAutoConfiguration.class)
@ConditionalOnClass({ QueryObservationConvention.class, ObservationRegistry.class })
@ConditionalOnBean(value = { Server.class, ConnectionSettings.class }, search = SearchStrategy.CURRENT)
public final class StatementObservationAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean(QueryObservationConvention.class)
	StatementConvention asyncMySqlStatementConvention() {
		return new StatementConvention();
	}

	@Bean
	StatementAttributes asyncMySqlStatementAttributes(ConnectionSettings settings) {
		return new StatementAttributes(settings);
	}

	// At the end of a statement, listeners are told in their order as well: this one must
	// come before the one that stops the observation.
	@Bean
	@Order(R2dbcObservationAutoConfiguration.R2DBC_PROXY_OBSERVATION_CUSTOMIZER_ORDER - 1)
	ProxyConnectionFactoryCustomizer asyncMySqlStatementAttributesCustomizer(StatementAttributes attributes) {
		return (builder) -> builder.listener(attributes);
	}

	// The server needs the factory that is customized here.
	@Bean
	SmartInitializingSingleton asyncMySqlStatementAttributesServer(StatementAttributes attributes, Server server) {
		return () -> attributes.use(server);
	}

}
