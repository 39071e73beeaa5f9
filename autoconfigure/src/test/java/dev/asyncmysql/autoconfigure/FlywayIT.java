package dev.asyncmysql.autoconfigure;

import java.time.Duration;
import java.util.List;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.library.LibraryApplication;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.testcontainers.mysql.MySQLContainer;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.testcontainers.service.connection.ServiceConnection;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Flyway migrates over JDBC before anything uses the tables over R2DBC.
 */
@RequiresMySql
class FlywayIT {

	private final MySQLContainer mysql = MySqlServer.container();

	// Eager comes before Flyway's bean, by the order of registration.
	private final ApplicationContextRunner contexts = new ApplicationContextRunner().withBean("eager", Eager.class)
		.withUserConfiguration(LibraryApplication.class)
		.withPropertyValues("spring.flyway.locations=classpath:migration", "spring.flyway.baseline-on-migrate=true",
				"spring.flyway.baseline-version=0", "spring.sql.init.mode=never");

	@BeforeEach
	@AfterEach
	void forget() {
		MySqlServer.execute("DROP TABLE IF EXISTS shelf, flyway_schema_history");
	}

	@Test
	void withItsOwnUrl() {
		this.contexts.withPropertyValues(MySqlServer.properties())
			.withPropertyValues("spring.flyway.url=" + this.mysql.getJdbcUrl(), "spring.flyway.user=root",
					"spring.flyway.password=" + this.mysql.getPassword())
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean(Eager.class).labels).containsExactly("migrated");
			});
	}

	@Test
	void withAServiceConnection() {
		this.contexts.withUserConfiguration(Service.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context.getBean(Eager.class).labels).containsExactly("migrated");
		});
	}

	@Test
	void withoutEitherBootLeavesItOut() {
		new ApplicationContextRunner().withUserConfiguration(LibraryApplication.class)
			.withPropertyValues(MySqlServer.properties())
			.withPropertyValues("spring.flyway.locations=classpath:migration")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(Flyway.class));
	}

	/** Reads a table as soon as it is made. */
	static class Eager {

		private final List<String> labels;

		Eager(DatabaseClient client) {
			this.labels = client.sql("SELECT label FROM shelf")
				.mapValue(String.class)
				.all()
				.collectList()
				.blockOptional(Duration.ofSeconds(20))
				.orElseThrow();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Service {

		@Bean(destroyMethod = "")
		@ServiceConnection
		MySQLContainer mysql() {
			return MySqlServer.container();
		}

	}

}
