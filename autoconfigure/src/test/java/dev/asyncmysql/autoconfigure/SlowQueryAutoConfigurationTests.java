package dev.asyncmysql.autoconfigure;

import java.time.Duration;
import java.util.Map;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.ExecutedStatement;
import dev.asyncmysql.connection.ExecutedStatement.Outcome;
import dev.asyncmysql.connection.MySqlConnectionFactories;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.observability.SlowQueryLog;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.util.context.Context;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link SlowQueryAutoConfiguration}.
 */
@ExtendWith(OutputCaptureExtension.class)
class SlowQueryAutoConfigurationTests {

	private static final ConnectionSettings SETTINGS = new Binder(
			new MapConfigurationPropertySource(Map.of("c.host", "127.0.0.1")))
		.bindOrCreate("c", ConnectionSettings.class);

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				SlowQueryAutoConfiguration.class))
		.withPropertyValues("async-mysql.url=r2dbc:mysql://app@127.0.0.1:1/db", "async-mysql.startup=lazy");

	@Test
	void logsByTheSettings(CapturedOutput output) {
		this.contexts.withPropertyValues("async-mysql.slow-query.threshold=2s").run((context) -> {
			SlowQueryLog log = context.getBean(SlowQueryLog.class);
			log.executed(took(Duration.ofMillis(1999)));
			assertThat(output).doesNotContain("Slow query");
			log.executed(took(Duration.ofMillis(2000)));
			assertThat(output).containsOnlyOnce("Slow query: 2000 ms");
		});
	}

	@Test
	void withoutObservationsItLogsAllTheSame(CapturedOutput output) {
		this.contexts.withClassLoader(new FilteredClassLoader("io.micrometer")).run((context) -> {
			assertThat(context).hasNotFailed();
			context.getBean(SlowQueryLog.class).executed(took(Duration.ofMinutes(1)));
			assertThat(output)
				.contains("Slow query: 60000 ms, 0 ms of waiting for its connection before, 1 row: SELECT ?");
		});
	}

	@Test
	void isNotThereWhereTheStarterIsSwitchedOff() {
		this.contexts
			.withPropertyValues("async-mysql.enabled=false", "spring.r2dbc.url=r2dbc:mysql://app@127.0.0.1:1/db")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(SlowQueryLog.class));
	}

	@Test
	void anApplicationsOwnLogWins() {
		SlowQueryLog own = new SlowQueryLog(SETTINGS.slowQuery(), (caller) -> null,
				MySqlConnectionFactories.server(SETTINGS, mock(ConnectionFactory.class), "c"));
		this.contexts.withBean("own", SlowQueryLog.class, () -> own)
			.run((context) -> assertThat(context).getBean(SlowQueryLog.class).isSameAs(own));
	}

	@Test
	void anApplicationsOwnFactoryHasNone() {
		ConnectionFactoryOptions options = ConnectionFactoryOptions.parse("r2dbc:mysql://mine@127.0.0.1:1/db");
		this.contexts.withBean(ConnectionFactory.class, () -> new MySqlConnectionFactoryProvider().create(options))
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(Server.class)
				.doesNotHaveBean(SlowQueryLog.class));
	}

	@Test
	void aNumberOfLinesThatIsNoneIsRefused() {
		this.contexts.withPropertyValues("async-mysql.slow-query.max-per-minute=0")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("async-mysql.slow-query.max-per-minute"));
	}

	private static ExecutedStatement took(Duration time) {
		return new ExecutedStatement("SELECT 1", time.toNanos(), 0, 1, Outcome.SUCCESS, null, Context.empty(), null,
				null);
	}

}
