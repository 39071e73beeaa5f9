package dev.asyncmysql.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import javax.sql.DataSource;

import dev.asyncmysql.observability.Advice;
import dev.asyncmysql.observability.Advisor;
import dev.asyncmysql.observability.AsyncMySqlEndpoint;
import dev.asyncmysql.transaction.MySqlTransactionManager;
import io.micrometer.tracing.Tracer;
import io.r2dbc.spi.ConnectionFactory;
import org.junit.jupiter.api.Test;

import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.transaction.ReactiveTransactionManager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link AdviceAutoConfiguration}: what it finds beside the connection.
 */
class AdviceAutoConfigurationTests {

	private static final AutoConfigurations CONFIGURATIONS = AutoConfigurations.of(AsyncMySqlAutoConfiguration.class,
			R2dbcAutoConfiguration.class, AdviceAutoConfiguration.class);

	private static final String[] PROPERTIES = { "async-mysql.url=r2dbc:mysql://app@127.0.0.1:1/db",
			"async-mysql.startup=lazy", "async-mysql.transaction.retry.enabled=true" };

	private final ApplicationContextRunner contexts = new ApplicationContextRunner().withConfiguration(CONFIGURATIONS)
		.withPropertyValues(PROPERTIES);

	private final ReactiveWebApplicationContextRunner reactive = new ReactiveWebApplicationContextRunner()
		.withConfiguration(CONFIGURATIONS)
		.withPropertyValues(PROPERTIES);

	@Test
	void whereThereIsNothingNothingIsSaid() {
		this.reactive.run((context) -> assertThat(names(context)).isEmpty());
	}

	@Test
	void aBlockingDataSourceInWebFluxAlone() {
		this.reactive.withBean("orders", DataSource.class, () -> mock(DataSource.class)).run((context) -> {
			assertThat(names(context)).containsExactly("blocking");
			assertThat(advice(context).get(0).text()).contains("(orders)");
		});
		this.contexts.withBean("orders", DataSource.class, () -> mock(DataSource.class))
			.run((context) -> assertThat(names(context)).isEmpty());
	}

	@Test
	void tracingWithoutProxy() {
		this.reactive.withBean(Tracer.class, () -> mock(Tracer.class))
			.run((context) -> assertThat(names(context)).isEmpty());
		this.reactive.withBean(Tracer.class, () -> mock(Tracer.class))
			.withClassLoader(new FilteredClassLoader("io.r2dbc.proxy"))
			.run((context) -> assertThat(names(context)).containsExactly("proxy"));
		this.reactive.withBean(Tracer.class, () -> Tracer.NOOP)
			.withClassLoader(new FilteredClassLoader("io.r2dbc.proxy"))
			.run((context) -> assertThat(names(context)).isEmpty());
	}

	@Test
	void aManagerThatCannotRetryWhereNoneCan() {
		ApplicationContextRunner other = this.contexts.withBean("mine", ReactiveTransactionManager.class,
				() -> mock(ReactiveTransactionManager.class));
		other.run((context) -> {
			assertThat(names(context)).containsExactly("transactions");
			assertThat(advice(context).get(0).text()).contains("bean mine");
		});
		other
			.withBean("ours", MySqlTransactionManager.class,
					() -> new MySqlTransactionManager(mock(ConnectionFactory.class), Duration.ZERO))
			.run((context) -> assertThat(names(context)).isEmpty());
	}

	@Test
	void withoutSpringsTransactionsNothingIsSaidOfThem() {
		this.contexts.withClassLoader(new FilteredClassLoader(R2dbcTransactionManager.class))
			.run((context) -> assertThat(names(context)).isEmpty());
	}

	@Test
	void whoDoesWithoutAdviceHasTheEndpointNevertheless() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
					AsyncMySqlEndpointAutoConfiguration.class, EndpointAutoConfiguration.class))
			.withPropertyValues(PROPERTIES)
			.withPropertyValues("management.endpoints.web.exposure.include=asyncmysql")
			.run((context) -> assertThat(context).hasSingleBean(AsyncMySqlEndpoint.class));
	}

	private static List<String> names(ApplicationContext context) {
		return advice(context).stream().map(Advice::name).toList();
	}

	private static List<Advice> advice(ApplicationContext context) {
		return context.getBean(Advisor.class).advise(Map.of());
	}

}
