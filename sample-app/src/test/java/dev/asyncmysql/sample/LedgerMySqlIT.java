package dev.asyncmysql.sample;

import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.mysql.MySQLContainer;

import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.testcontainers.service.connection.ServiceConnection;
import org.springframework.context.annotation.Bean;

/**
 * The ledger on MySQL; skipped where Docker does not answer.
 */
@Testcontainers(disabledWithoutDocker = true)
class LedgerMySqlIT extends AbstractLedgerTests {

	@TestConfiguration(proxyBeanMethods = false)
	static class MySql {

		@Bean
		@ServiceConnection
		MySQLContainer mysql() {
			return new MySQLContainer("mysql:9.7");
		}

	}

}
