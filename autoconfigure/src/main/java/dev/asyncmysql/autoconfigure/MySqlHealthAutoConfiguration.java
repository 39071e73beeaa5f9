package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.connection.ServerProbe;
import dev.asyncmysql.observability.MySqlHealthIndicator;
import io.r2dbc.spi.ConnectionFactory;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.ReactiveHealthIndicator;
import org.springframework.boot.r2dbc.autoconfigure.health.ConnectionFactoryHealthContributorAutoConfiguration;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of the health indicator, in the place of Boot's: the bean's name is
 * what makes Boot's stand back.
 */
@AutoConfiguration(after = AsyncMySqlAutoConfiguration.class,
		before = ConnectionFactoryHealthContributorAutoConfiguration.class)
@ConditionalOnClass({ ReactiveHealthIndicator.class, ConditionalOnEnabledHealthIndicator.class })
@ConditionalOnBean(Server.class)
@ConditionalOnSingleCandidate(ConnectionFactory.class)
@ConditionalOnEnabledHealthIndicator("r2dbc")
public final class MySqlHealthAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean(name = { "r2dbcHealthIndicator", "r2dbcHealthContributor" })
	MySqlHealthIndicator r2dbcHealthContributor(Server server, ConnectionFactory connectionFactory,
			ConnectionSettings settings, ConnectionFailures failures) {
		return new MySqlHealthIndicator(server, new ServerProbe(server, connectionFactory, settings.health().timeout()),
				settings.health(), failures::find);
	}

}
