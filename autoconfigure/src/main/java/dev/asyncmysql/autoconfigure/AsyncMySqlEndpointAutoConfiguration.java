package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.observability.Advisor;
import dev.asyncmysql.observability.AsyncMySqlEndpoint;
import dev.asyncmysql.observability.TopStatements;
import io.r2dbc.spi.ConnectionFactory;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/**
 * Auto-configuration of the endpoint {@code asyncmysql}, where it is exposed.
 */
@AutoConfiguration(after = { AsyncMySqlAutoConfiguration.class, AdviceAutoConfiguration.class })
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnBean({ Server.class, ConnectionSettings.class })
@ConditionalOnSingleCandidate(ConnectionFactory.class)
@ConditionalOnAvailableEndpoint(AsyncMySqlEndpoint.class)
public final class AsyncMySqlEndpointAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	TopStatements asyncMySqlTopStatements(Server server) {
		TopStatements statements = new TopStatements();
		server.addListener(statements);
		return statements;
	}

	@Bean
	@ConditionalOnMissingBean
	AsyncMySqlEndpoint asyncMySqlEndpoint(Server server, ConnectionFactory connectionFactory, TopStatements statements,
			ConnectionSettings settings, Environment environment, ObjectProvider<R2dbcConnectionDetails> details,
			ObjectProvider<Advisor> advisor) {
		return new AsyncMySqlEndpoint("connectionFactory", server, connectionFactory, statements,
				new SettingsInForce(environment, settings, details.getIfAvailable()), advisor.getIfAvailable());
	}

}
