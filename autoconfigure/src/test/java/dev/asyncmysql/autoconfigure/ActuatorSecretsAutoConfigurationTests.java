package dev.asyncmysql.autoconfigure;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.actuate.autoconfigure.context.properties.ConfigurationPropertiesReportEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.env.EnvironmentEndpointAutoConfiguration;
import org.springframework.boot.actuate.context.properties.ConfigurationPropertiesReportEndpoint;
import org.springframework.boot.actuate.endpoint.SanitizableData;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;
import org.springframework.boot.actuate.env.EnvironmentEndpoint;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ActuatorSecretsAutoConfiguration}.
 */
class ActuatorSecretsAutoConfigurationTests {

	private static final String MASK = SanitizableData.SANITIZED_VALUE;

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ActuatorSecretsAutoConfiguration.class));

	@ParameterizedTest
	@ValueSource(strings = { "async-mysql.password", "ASYNCMYSQL_PASSWORD", "asyncMysql.password",
			"async_mysql.password", "async-mysql.ssl.key-password", "ASYNCMYSQL_SSL_KEYPASSWORD",
			"async-mysql.ssl.keyPassword", "async-mysql.options.sslKeyPassword", "spring.r2dbc.password",
			"SPRING_R2DBC_PASSWORD", "spring.r2dbc.properties.sslKeyPassword" })
	void passwordsAreMasked(String key) {
		assertThat(shown(key, "secret")).isEqualTo(MASK);
		assertThat(shown(key, 4711)).isEqualTo(MASK);
		assertThat(shown(key, null)).isNull();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					r2dbc:mysql://app:secret@db:3307/ledger?sslMode=REQUIRED | r2dbc:mysql://app:***@db:3307/ledger?sslMode=REQUIRED
					r2dbc:pool:mysql://app:se@cr/et?@db/ledger | r2dbc:pool:mysql://app:***@db/ledger
					r2dbc:mysql://db/ledger?sslKeyPassword=secret&tcpNoDelay=true | r2dbc:mysql://db/ledger?sslKeyPassword=***&tcpNoDelay=true
					r2dbc:mysql://app:secret@db/ledger?password=secret | r2dbc:mysql://app:***@db/ledger?password=***
					jdbc:mysql://db/ledger?user=app&password=secret | jdbc:mysql://db/ledger?user=app&password=***
					jdbc:mysql:loadbalance://app:secret@db/ledger | jdbc:mysql:loadbalance://app:***@db/ledger
					r2dbc:mysql://app@db:3306/ledger | r2dbc:mysql://app@db:3306/ledger
					r2dbc:mysql://db:3306/ledger | r2dbc:mysql://db:3306/ledger
					db | db
					""")
	void urlsKeepTheRest(String url, String shown) {
		for (String key : new String[] { "async-mysql.url", "ASYNCMYSQL_URL", "spring.r2dbc.url",
				"SPRING_R2DBC_URL" }) {
			assertThat(shown(key, url)).isEqualTo(shown.replace("***", MASK));
		}
	}

	@Test
	void urlsAreMaskedWhereverTheyStand() {
		assertThat(shown("DB_URL", "r2dbc:mysql://app:secret@db/ledger"))
			.isEqualTo("r2dbc:mysql://app:" + MASK + "@db/ledger");
		assertThat(shown("sun.java.command", "app.jar --async-mysql.url=r2dbc:mysql://a:secret@db/ledger --x=y@z"))
			.isEqualTo("app.jar --async-mysql.url=r2dbc:mysql://a:" + MASK + "@db/ledger --x=y@z");
	}

	@Test
	void whatIsNoSecretIsShown() {
		assertThat(shown("async-mysql.username", "app")).isEqualTo("app");
		assertThat(shown("async-mysql.pool.max-size", 10)).isEqualTo(10);
		assertThat(shown("spring.mail.password", "secret")).isEqualTo("secret");
		assertThat(shown("my.url", "https://app:secret@example.com")).isEqualTo("https://app:secret@example.com");
	}

	@ParameterizedTest
	@ValueSource(strings = { "async-mysql.enabled=true", "async-mysql.enabled=false" })
	void endpointsShowNoSecret(String enabled) {
		this.contexts
			.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
					EnvironmentEndpointAutoConfiguration.class,
					ConfigurationPropertiesReportEndpointAutoConfiguration.class))
			.withPropertyValues("management.endpoint.env.show-values=always",
					"management.endpoint.configprops.show-values=always", "management.endpoints.web.exposure.include=*",
					"spring.jmx.enabled=true", "async-mysql.startup=lazy",
					"management.endpoints.jmx.exposure.include=*", enabled,
					"async-mysql.url=r2dbc:mysql://app@127.0.0.1:1/db", "async-mysql.password=mark1",
					"spring.r2dbc.url=r2dbc:mysql://app:mark2@127.0.0.1:1/db", "spring.r2dbc.password=mark3")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean(EnvironmentEndpoint.class).environmentEntry("async-mysql.password"))
					.extracting((entry) -> entry.getProperty().getValue())
					.isEqualTo(MASK);
				assertThat(context.getBean(EnvironmentEndpoint.class).environmentEntry("spring.r2dbc.url"))
					.extracting((entry) -> entry.getProperty().getValue())
					.isEqualTo("r2dbc:mysql://app:" + MASK + "@127.0.0.1:1/db");
				assertThat(context.getBean(ConfigurationPropertiesReportEndpoint.class)
					.configurationProperties()
					.getContexts()
					.values()).flatExtracting((described) -> described.getBeans().values())
					.extracting((bean) -> bean.getProperties() + " " + bean.getInputs())
					.anyMatch((bean) -> bean.contains("password=" + MASK))
					.noneMatch((bean) -> bean.contains("mark"));
			});
	}

	@Test
	void withoutTheActuatorThereIsNone() {
		this.contexts.withClassLoader(new FilteredClassLoader(SanitizingFunction.class))
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(ActuatorSecretsAutoConfiguration.class));
	}

	private Object shown(String key, Object value) {
		SanitizableData data = new SanitizableData(null, key, value);
		return new ActuatorSecretsAutoConfiguration().asyncMySqlSanitizingFunction().apply(data).getValue();
	}

}
