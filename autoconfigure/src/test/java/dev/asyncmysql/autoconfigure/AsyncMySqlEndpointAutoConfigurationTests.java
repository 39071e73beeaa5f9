package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.connection.Server;
import dev.asyncmysql.observability.Advisor;
import dev.asyncmysql.observability.AsyncMySqlEndpoint;
import dev.asyncmysql.observability.TopStatements;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.junit.jupiter.api.Test;

import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AsyncMySqlEndpointAutoConfiguration}.
 */
class AsyncMySqlEndpointAutoConfigurationTests {

	private static final String[] PROPERTIES = { "async-mysql.url=r2dbc:mysql://app@127.0.0.1:1/db",
			"async-mysql.startup=lazy", "management.endpoints.web.exposure.include=asyncmysql" };

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				AdviceAutoConfiguration.class, AsyncMySqlEndpointAutoConfiguration.class,
				EndpointAutoConfiguration.class))
		.withPropertyValues(PROPERTIES);

	@Test
	void isThereWhereItIsExposed() {
		this.contexts.run((context) -> assertThat(context).hasNotFailed()
			.hasSingleBean(AsyncMySqlEndpoint.class)
			.hasSingleBean(TopStatements.class)
			.hasSingleBean(Advisor.class));
		this.contexts.withPropertyValues("management.endpoints.web.exposure.include=health")
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(AsyncMySqlEndpoint.class)
				.doesNotHaveBean(TopStatements.class));
	}

	@Test
	void isThereWhereItIsExposedOverJmx() {
		this.contexts
			.withPropertyValues("management.endpoints.web.exposure.include=health", "spring.jmx.enabled=true",
					"management.endpoints.jmx.exposure.include=asyncmysql")
			.run((context) -> assertThat(context).hasSingleBean(AsyncMySqlEndpoint.class));
	}

	@Test
	void isSwitchedOffAsBootsAre() {
		this.contexts.withPropertyValues("management.endpoint.asyncmysql.access=NONE")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(AsyncMySqlEndpoint.class));
		this.contexts
			.withPropertyValues("async-mysql.enabled=false", "spring.r2dbc.url=r2dbc:mysql://app@127.0.0.1:1/db")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(AsyncMySqlEndpoint.class));
	}

	@Test
	void withoutActuatorItIsNotThere() {
		new ApplicationContextRunner().withUserConfiguration(Selected.class)
			.withPropertyValues(PROPERTIES)
			.withClassLoader(new FilteredClassLoader("org.springframework.boot.actuate"))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(ConnectionFactory.class)
				.doesNotHaveBean("asyncMySqlEndpoint"));
	}

	@Test
	void anApplicationsOwnWins() {
		this.contexts.withBean("own", TopStatements.class, TopStatements::new).run((context) -> {
			assertThat(context).hasNotFailed().hasSingleBean(AsyncMySqlEndpoint.class);
			assertThat(context).getBeanNames(TopStatements.class).containsExactly("own");
		});
	}

	@Test
	void anApplicationsOwnFactoryHasNone() {
		ConnectionFactoryOptions options = ConnectionFactoryOptions.parse("r2dbc:mysql://mine@127.0.0.1:1/db");
		this.contexts.withBean(ConnectionFactory.class, () -> new MySqlConnectionFactoryProvider().create(options))
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(Server.class)
				.doesNotHaveBean(AsyncMySqlEndpoint.class));
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ AsyncMySqlAutoConfiguration.class, AsyncMySqlEndpointAutoConfiguration.class })
	static class Selected {

	}

}
