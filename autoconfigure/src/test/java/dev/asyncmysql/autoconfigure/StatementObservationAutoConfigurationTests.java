package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.connection.Server;
import dev.asyncmysql.observability.StatementAttributes;
import dev.asyncmysql.observability.StatementConvention;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.micrometer.observation.ObservationRegistry;
import io.r2dbc.proxy.observation.QueryObservationConvention;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.ProxyConnectionFactoryCustomizer;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcProxyAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.observation.R2dbcObservationAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link StatementObservationAutoConfiguration}.
 */
class StatementObservationAutoConfigurationTests {

	private static final String[] PROPERTIES = { "async-mysql.url=r2dbc:mysql://app@127.0.0.1:1/db",
			"async-mysql.startup=lazy" };

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				R2dbcProxyAutoConfiguration.class, R2dbcObservationAutoConfiguration.class,
				StatementObservationAutoConfiguration.class))
		.withBean(ObservationRegistry.class, ObservationRegistry::create)
		.withPropertyValues(PROPERTIES);

	@Test
	void addsToWhatBootObserves() {
		this.contexts.run((context) -> {
			assertThat(context).hasNotFailed()
				.hasSingleBean(StatementAttributes.class)
				.hasSingleBean(StatementConvention.class);
			// The attributes before the observation that they go to ends.
			assertThat(context.getBeanProvider(ProxyConnectionFactoryCustomizer.class).orderedStream()).hasSize(2)
				.first()
				.isSameAs(context.getBean("asyncMySqlStatementAttributesCustomizer"));
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "io.r2dbc.proxy", "io.micrometer.observation" })
	void withoutProxyOrObservationsItIsNotThere(String missing) {
		new ApplicationContextRunner().withUserConfiguration(Selected.class)
			.withPropertyValues(PROPERTIES)
			.withClassLoader(new FilteredClassLoader(missing))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(ConnectionFactory.class)
				.doesNotHaveBean("asyncMySqlStatementAttributes"));
	}

	@Test
	void anApplicationsOwnConventionWins() {
		QueryObservationConvention own = new QueryObservationConvention() {
		};
		this.contexts.withBean(QueryObservationConvention.class, () -> own)
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(StatementAttributes.class)
				.doesNotHaveBean(StatementConvention.class));
	}

	@Test
	void isNotThereWhereTheStarterIsSwitchedOff() {
		this.contexts
			.withPropertyValues("async-mysql.enabled=false", "spring.r2dbc.url=r2dbc:mysql://app@127.0.0.1:1/db")
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(StatementAttributes.class)
				.doesNotHaveBean(StatementConvention.class));
	}

	@Test
	void anApplicationsOwnFactoryIsLeftToBoot() {
		ConnectionFactoryOptions options = ConnectionFactoryOptions.parse("r2dbc:mysql://mine@127.0.0.1:1/db");
		this.contexts.withBean(ConnectionFactory.class, () -> new MySqlConnectionFactoryProvider().create(options))
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(Server.class)
				.doesNotHaveBean(StatementAttributes.class));
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ AsyncMySqlAutoConfiguration.class, StatementObservationAutoConfiguration.class })
	static class Selected {

	}

}
