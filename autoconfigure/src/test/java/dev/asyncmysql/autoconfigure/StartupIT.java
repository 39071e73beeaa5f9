package dev.asyncmysql.autoconfigure;

import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;

import dev.asyncmysql.LatePort;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.library.LibraryApplication;
import io.r2dbc.spi.ConnectionFactory;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ClassPathResource;
import org.springframework.r2dbc.connection.init.ConnectionFactoryInitializer;
import org.springframework.r2dbc.connection.init.ResourceDatabasePopulator;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * The start beside a real MySQL that comes later, or that refuses for good.
 */
@RequiresMySql
@ExtendWith(OutputCaptureExtension.class)
class StartupIT {

	private static final Duration LATE = Duration.ofSeconds(5);

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final String[] server = MySqlServer.properties();

	private final LatePort port = new LatePort();

	@AfterEach
	void close() {
		this.port.close();
		MySqlServer.execute("DROP TABLE IF EXISTS scripted, shelf, flyway_schema_history");
	}

	@Test
	void scriptsWaitForAServerThatComesLater(CapturedOutput output) {
		long start = System.nanoTime();
		this.port.openAfter(LATE);
		try (ConfigurableApplicationContext context = StartedApplication.start(properties(),
				"spring.sql.init.mode=always", "spring.sql.init.schema-locations=classpath:schema-it.sql")) {
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(LATE, LATE.plusSeconds(15));
			assertThat(context.getBean(DatabaseClient.class)
				.sql("SELECT name FROM scripted")
				.mapValue(String.class)
				.one()
				.block(LIMIT)).isEqualTo("from schema");
		}
		assertThat(output.getOut().lines()).filteredOn((line) -> line.contains("dev.asyncmysql"))
			.allMatch((line) -> line.contains("INFO") || line.contains("The start waits"));
		assertThat(output).containsSubsequence("The start waits up to 30 s",
				"The server is there, the start has waited", "Connected to MySQL 9.7");
	}

	@Test
	void migrationsWaitForAServerThatComesLater() {
		this.port.openAfter(LATE);
		String url = MySqlServer.container()
			.getJdbcUrl()
			.replaceFirst("//[^/]+/", "//127.0.0.1:" + this.port.number() + "/");
		new ApplicationContextRunner().withUserConfiguration(LibraryApplication.class)
			.withPropertyValues(properties())
			.withPropertyValues("spring.flyway.url=" + url, "spring.flyway.user=root",
					"spring.flyway.password=" + MySqlServer.container().getPassword(),
					"spring.flyway.locations=classpath:migration", "spring.flyway.baseline-on-migrate=true",
					"spring.flyway.baseline-version=0", "spring.sql.init.mode=never")
			.run((context) -> assertThat(context).hasNotFailed().hasSingleBean(Flyway.class));
		assertThat(MySqlServer.execute("SELECT label FROM shelf")).containsExactly("migrated");
	}

	@Test
	void aBeanOfTheApplicationWaitsForAServerThatComesLater() {
		this.port.openAfter(LATE);
		StartedApplication.builder(Initializer.class).run(StartedApplication.arguments(properties())).close();
		assertThat(MySqlServer.execute("SELECT name FROM scripted")).containsExactly("from schema");
	}

	@ParameterizedTest
	@ValueSource(strings = { "wait", "fail" })
	void whatWaitingCannotHealEndsTheStartAtOnce(String policy, CapturedOutput output) {
		for (String wrong : new String[] { "async-mysql.password=wrong", "async-mysql.database=nowhere",
				"async-mysql.ssl.mode=VERIFY_CA" }) {
			long start = System.nanoTime();
			assertThatException().isThrownBy(() -> StartedApplication.start(this.server, wrong,
					"async-mysql.startup=" + policy, "async-mysql.startup-timeout=5m"));
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LIMIT);
		}
		assertThat(output).contains("refused the login: Access denied for user 'root'@")
			.contains("has no such database: Unknown database 'nowhere'")
			.contains("is not trusted")
			.doesNotContain("The start waits");
	}

	@Test
	void aLazyStartDoesNotEvenAskForThePassword() {
		try (ConfigurableApplicationContext context = StartedApplication.start(this.server,
				"async-mysql.password=wrong", "async-mysql.startup=lazy")) {
			assertThat(context.isActive()).isTrue();
		}
	}

	@Test
	void initialConnectionsThatCannotBeHadEndAStartThatDoesNotWait(CapturedOutput output) {
		MySqlServer.execute("CREATE USER IF NOT EXISTS one@'%' IDENTIFIED BY 'secret' WITH MAX_USER_CONNECTIONS 1");
		MySqlServer.execute("GRANT ALL ON *.* TO one@'%'");
		String[] settings = { "async-mysql.username=one", "async-mysql.password=secret",
				"async-mysql.pool.initial-size=2", "async-mysql.pool.acquire-retry=0" };
		StartedApplication.start(this.server, settings).close();
		assertThat(output).contains("Not all initial connections (pool.initial-size) could be opened. ")
			.doesNotContain("APPLICATION FAILED");
		assertThatException().isThrownBy(() -> StartedApplication.start(this.server,
				Stream.concat(Arrays.stream(settings), Stream.of("async-mysql.startup=fail")).toArray(String[]::new)));
		assertThat(output).contains("APPLICATION FAILED TO START").contains("has no connection left");
	}

	private String[] properties() {
		return Stream.concat(Arrays.stream(this.server), Arrays.stream(this.port.properties())).toArray(String[]::new);
	}

	/** As Spring Data's guides have it. */
	@Configuration(proxyBeanMethods = false)
	static class Initializer {

		@Bean
		ConnectionFactoryInitializer initializer(ConnectionFactory connectionFactory) {
			ConnectionFactoryInitializer initializer = new ConnectionFactoryInitializer();
			initializer.setConnectionFactory(connectionFactory);
			initializer.setDatabasePopulator(new ResourceDatabasePopulator(new ClassPathResource("schema-it.sql")));
			return initializer;
		}

	}

}
