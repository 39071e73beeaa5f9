package dev.asyncmysql.autoconfigure;

import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.context.ConfigurationPropertiesAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcInitializationAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.r2dbc.core.DatabaseClient;

/**
 * A whole application, whose failures to start are printed as a user sees them.
 */
@Configuration(proxyBeanMethods = false)
@ImportAutoConfiguration({ AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
		R2dbcInitializationAutoConfiguration.class, SslAutoConfiguration.class,
		ConfigurationPropertiesAutoConfiguration.class })
public class StartedApplication {

	/** Has a runner of the application use the database. */
	static final String RUNNER = "test.runner=true";

	public static void main(String[] args) {
		new SpringApplicationBuilder(StartedApplication.class).web(WebApplicationType.NONE).run(args);
	}

	static ConfigurableApplicationContext start(String[] settings, String... more) {
		return builder().run(arguments(settings, more));
	}

	static SpringApplicationBuilder builder(Class<?>... more) {
		SpringApplicationBuilder builder = new SpringApplicationBuilder(StartedApplication.class).sources(more)
			.web(WebApplicationType.NONE);
		SpringApplication application = builder.application();
		application.setRegisterShutdownHook(false);
		return builder;
	}

	static String[] arguments(String[] settings, String... more) {
		Map<String, String> last = new LinkedHashMap<>();
		Stream.concat(Arrays.stream(settings), Arrays.stream(more))
			.forEach((setting) -> last.put(setting.substring(0, setting.indexOf('=')), "--" + setting));
		return last.values().toArray(String[]::new);
	}

	@Bean
	@ConditionalOnBooleanProperty("test.runner")
	ApplicationRunner runner(DatabaseClient database) {
		return (arguments) -> database.sql("SELECT 1").then().block(Duration.ofSeconds(30));
	}

}
