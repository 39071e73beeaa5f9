package dev.asyncmysql.sample;

import dev.asyncmysql.autoconfigure.AbortedResponseAutoConfiguration;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import dev.asyncmysql.web.AbortedResponses;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AbortedResponseAutoConfiguration}, where WebFlux is on the class path.
 */
class AbortedResponseAutoConfigurationTests {

	private static final AutoConfigurations CONFIGURATIONS = AutoConfigurations
		.of(AbortedResponseAutoConfiguration.class, AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class);

	private static final String[] PROPERTIES = { "async-mysql.url=r2dbc:mysql://app@127.0.0.1:1/db",
			"async-mysql.startup=lazy" };

	private final ReactiveWebApplicationContextRunner contexts = new ReactiveWebApplicationContextRunner()
		.withConfiguration(CONFIGURATIONS)
		.withPropertyValues(PROPERTIES);

	@Test
	void watchesTheResponsesOfAWebFluxApplication() {
		this.contexts
			.run((context) -> assertThat(context).hasNotFailed().hasSingleBean(HttpHandlerDecoratorFactory.class));
	}

	@Test
	void standsBackFromAnApplicationsOwn() {
		AbortedResponses own = new AbortedResponses();
		this.contexts.withBean(AbortedResponses.class, () -> own)
			.run((context) -> assertThat(context).getBean(AbortedResponses.class).isSameAs(own));
	}

	@Test
	void isNotThereWithoutTheDatabase() {
		this.contexts
			.withPropertyValues("async-mysql.enabled=false", "spring.r2dbc.url=r2dbc:mysql://app@127.0.0.1:1/db")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(AbortedResponses.class));
	}

	@Test
	void isNotThereWithoutWebFlux() {
		new ApplicationContextRunner().withConfiguration(CONFIGURATIONS)
			.withPropertyValues(PROPERTIES)
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(AbortedResponses.class));
		this.contexts.withClassLoader(new FilteredClassLoader(HttpHandlerDecoratorFactory.class))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean("asyncMySqlAbortedResponses"));
	}

}
