package dev.asyncmysql.sample;

import org.testcontainers.mysql.MySQLContainer;

import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.testcontainers.service.connection.ServiceConnection;
import org.springframework.context.annotation.Bean;

/**
 * A MySQL server in a container, to which the application connects.
 */
@TestConfiguration(proxyBeanMethods = false)
class MySqlContainerConfiguration {

	@Bean
	@ServiceConnection
	MySQLContainer mysql() {
		return new MySQLContainer("mysql:9.7");
	}

}
