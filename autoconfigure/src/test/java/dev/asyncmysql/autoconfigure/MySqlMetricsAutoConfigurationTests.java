package dev.asyncmysql.autoconfigure;

import java.util.Map;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.MySqlConnectionFactories;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.observability.ConnectionMetrics;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link MySqlMetricsAutoConfiguration}.
 */
class MySqlMetricsAutoConfigurationTests {

	private static final ConnectionSettings SETTINGS = new Binder(
			new MapConfigurationPropertySource(Map.of("c.host", "127.0.0.1")))
		.bindOrCreate("c", ConnectionSettings.class);

	private static final String[] PROPERTIES = { "async-mysql.url=r2dbc:mysql://app@127.0.0.1:1/db",
			"async-mysql.startup=lazy" };

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				MySqlMetricsAutoConfiguration.class, MetricsAutoConfiguration.class,
				CompositeMeterRegistryAutoConfiguration.class))
		.withBean(MeterRegistry.class, SimpleMeterRegistry::new)
		.withPropertyValues(PROPERTIES);

	@Test
	void metersAreThereFromTheStart() {
		this.contexts.run((context) -> {
			assertThat(context).hasSingleBean(ConnectionMetrics.class);
			assertThat(context.getBean(MeterRegistry.class)
				.get("asyncmysql.connections.create")
				.tags("name", "connectionFactory", "outcome", "error")
				.timer()
				.count()).isZero();
		});
	}

	@Test
	void withoutMicrometerItIsNotThere() {
		new ApplicationContextRunner().withUserConfiguration(Selected.class)
			.withPropertyValues(PROPERTIES)
			.withClassLoader(new FilteredClassLoader("io.micrometer.core"))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(ConnectionFactory.class)
				.doesNotHaveBean("asyncMySqlConnectionMetrics"));
	}

	@Test
	void anApplicationsOwnWin() {
		this.contexts
			.withBean("own", ConnectionMetrics.class,
					() -> new ConnectionMetrics(
							MySqlConnectionFactories.server(SETTINGS, mock(ConnectionFactory.class), "c"),
							SETTINGS.slowQuery(), "own"))
			.run((context) -> {
				assertThat(context).getBeanNames(ConnectionMetrics.class).containsExactly("own");
				assertThat(context.getBean(MeterRegistry.class)
					.get("asyncmysql.connections.use")
					.timer()
					.getId()
					.getTag("name")).isEqualTo("own");
			});
	}

	@Test
	void whereTheStarterIsSwitchedOffItIsNotThere() {
		this.contexts
			.withPropertyValues("async-mysql.enabled=false", "spring.r2dbc.url=r2dbc:mysql://app@127.0.0.1:1/db")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(ConnectionMetrics.class));
	}

	@Test
	void anApplicationsOwnFactoryHasNone() {
		ConnectionFactoryOptions options = ConnectionFactoryOptions.parse("r2dbc:mysql://mine@127.0.0.1:1/db");
		this.contexts.withBean(ConnectionFactory.class, () -> new MySqlConnectionFactoryProvider().create(options))
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(Server.class)
				.doesNotHaveBean(ConnectionMetrics.class));
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ AsyncMySqlAutoConfiguration.class, MySqlMetricsAutoConfiguration.class })
	static class Selected {

	}

}
