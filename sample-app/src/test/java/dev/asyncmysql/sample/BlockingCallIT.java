package dev.asyncmysql.sample;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.testcontainers.mysql.MySQLContainer;

import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.http.HttpStatus;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A blocking driver in a handler is found, with the stack that called it.
 */
@OnMySql
@Import(BlockingCallIT.BlockingRoute.class)
@ExtendWith(OutputCaptureExtension.class)
class BlockingCallIT extends AbstractLedgerTests {

	@Test
	void aBlockingDriverFailsTheRequest(CapturedOutput output) {
		this.web.get().uri("/blocking").exchange().expectStatus().isEqualTo(HttpStatus.INTERNAL_SERVER_ERROR);
		assertThat(output).contains("reactor.blockhound.BlockingOperationError: Blocking call!")
			.contains("at com.mysql.cj.")
			.contains("at dev.asyncmysql.sample.BlockingCallIT$BlockingRoute.userOf(BlockingCallIT.java:");
	}

	@TestConfiguration(proxyBeanMethods = false)
	static class BlockingRoute {

		@Bean
		RouterFunction<ServerResponse> blocking(MySQLContainer mysql) {
			return RouterFunctions.route()
				.GET("/blocking", (request) -> ServerResponse.ok().bodyValue(userOf(mysql)))
				.build();
		}

		private static String userOf(MySQLContainer mysql) {
			try (Connection connection = DriverManager.getConnection(mysql.getJdbcUrl(), mysql.getUsername(),
					mysql.getPassword())) {
				return connection.getMetaData().getUserName();
			}
			catch (SQLException ex) {
				throw new IllegalStateException(ex);
			}
		}

	}

}
