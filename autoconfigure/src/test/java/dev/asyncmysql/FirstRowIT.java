package dev.asyncmysql;

import java.time.Duration;

import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import org.junit.jupiter.api.Test;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.mysql.MySQLContainer;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.r2dbc.core.DatabaseClient;

/**
 * One row, from a property to a real MySQL and back.
 */
@Testcontainers(disabledWithoutDocker = true)
class FirstRowIT {

	@Container
	private static final MySQLContainer mysql = new MySQLContainer("mysql:9.7");

	@Test
	void urlGivesOneRow() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class))
			.withPropertyValues("async-mysql.url=r2dbc:mysql://%s:%s@%s:%d/%s".formatted(mysql.getUsername(),
					mysql.getPassword(), mysql.getHost(), mysql.getFirstMappedPort(), mysql.getDatabaseName()))
			.run((context) -> context.getBean(DatabaseClient.class)
				.sql("SELECT 6 * 7")
				.mapValue(Long.class)
				.one()
				.as(StepVerifier::create)
				.expectNext(42L)
				.expectComplete()
				.verify(Duration.ofSeconds(20)));
	}

}
