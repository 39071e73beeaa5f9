package dev.asyncmysql.autoconfigure;

import java.time.Duration;

import dev.asyncmysql.observability.MySqlHealthIndicator;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.ReactiveHealthContributor;
import org.springframework.boot.health.contributor.ReactiveHealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.health.ConnectionFactoryHealthContributorAutoConfiguration;
import org.springframework.boot.r2dbc.health.ConnectionFactoryHealthIndicator;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MySqlHealthAutoConfiguration}.
 */
class MySqlHealthAutoConfigurationTests {

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				MySqlHealthAutoConfiguration.class, ConnectionFactoryHealthContributorAutoConfiguration.class,
				HealthContributorAutoConfiguration.class))
		.withPropertyValues("async-mysql.url=r2dbc:mysql://app@127.0.0.1:1/db", "async-mysql.startup=lazy");

	@Test
	void takesThePlaceOfBoots() {
		this.contexts.run((context) -> {
			assertThat(context).hasNotFailed().hasSingleBean(MySqlHealthIndicator.class);
			assertThat(context.getBeansOfType(ReactiveHealthContributor.class)).containsKey("r2dbcHealthContributor")
				.values()
				.noneMatch(ConnectionFactoryHealthIndicator.class::isInstance);
		});
	}

	@Test
	void aServerThatRefusesIsDownWithTheCause() {
		this.contexts.run((context) -> {
			Health health = context.getBean(MySqlHealthIndicator.class).health().block(Duration.ofSeconds(10));
			assertThat(health.getStatus()).isEqualTo(Status.DOWN);
			assertThat(health.getDetails()).containsEntry("database", "MySQL").containsKey("pool");
			assertThat(health.getDetails().get("error")).asString()
				.contains("MySQL at 127.0.0.1:1/db cannot be reached")
				.contains("Connection refused");
			assertThat(health.getDetails().get("advice")).isEqualTo("Start the server, or correct async-mysql.url.");
		});
	}

	@Test
	void anApplicationsOwnIndicatorWins() {
		ReactiveHealthIndicator own = () -> Mono.just(Health.up().build());
		this.contexts.withBean("r2dbcHealthContributor", ReactiveHealthIndicator.class, () -> own)
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(MySqlHealthIndicator.class));
	}

	@Test
	void isSwitchedOffAsBootsIs() {
		this.contexts.withPropertyValues("management.health.r2dbc.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(MySqlHealthIndicator.class)
				.doesNotHaveBean(ConnectionFactoryHealthIndicator.class));
	}

	@Test
	void withoutHealthItIsNotThere() {
		new ApplicationContextRunner().withUserConfiguration(Selected.class)
			.withPropertyValues("async-mysql.url=r2dbc:mysql://app@127.0.0.1:1/db", "async-mysql.startup=lazy")
			.withClassLoader(new FilteredClassLoader("org.springframework.boot.health"))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(ConnectionFactory.class)
				.doesNotHaveBean("r2dbcHealthContributor"));
	}

	@Test
	void anApplicationsOwnFactoryKeepsBootsIndicator() {
		ConnectionFactoryOptions options = ConnectionFactoryOptions.parse("r2dbc:mysql://mine@127.0.0.1:1/db");
		this.contexts.withBean(ConnectionFactory.class, () -> new MySqlConnectionFactoryProvider().create(options))
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(MySqlHealthIndicator.class)
				.hasSingleBean(ConnectionFactoryHealthIndicator.class));
	}

	@Test
	void aLimitThatIsNoneIsRefused() {
		this.contexts.withPropertyValues("async-mysql.health.timeout=0s")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("async-mysql.health.timeout"));
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ AsyncMySqlAutoConfiguration.class, MySqlHealthAutoConfiguration.class })
	static class Selected {

	}

}
