package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.ConnectionSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * Failures to connect, caused by a real MariaDB.
 */
@ExtendWith(OutputCaptureExtension.class)
class ConnectionFailureMariaDbIT {

	@Test
	void refusedLoginAndUnknownDatabase(CapturedOutput output) {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(EmbeddedMariaDbAutoConfiguration.class,
					AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class))
			.run((context) -> {
				ConnectionSettings running = context.getBean(ConnectionSettings.class);
				String[] settings = { "async-mysql.host=" + running.host(), "async-mysql.port=" + running.port(),
						"async-mysql.username=" + running.username(), "async-mysql.password=" + running.password(),
						"async-mysql.embedded.enabled=false" };
				assertThatException()
					.isThrownBy(() -> StartedApplication.start(settings, "async-mysql.password=wrong"));
				assertThat(output).contains("refused the login: Access denied for user")
					.contains("Check async-mysql.username and async-mysql.password");
				assertThatException()
					.isThrownBy(() -> StartedApplication.start(settings, "async-mysql.database=nowhere"));
				assertThat(output).contains("has no such database: Unknown database 'nowhere' (error 1049)");
				assertThatException()
					.isThrownBy(() -> StartedApplication.start(settings, "async-mysql.ssl.mode=REQUIRED"));
				assertThat(output).contains("offers no TLS");
			});
	}

}
