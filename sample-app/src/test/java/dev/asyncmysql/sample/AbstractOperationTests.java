package dev.asyncmysql.sample;

import org.junit.jupiter.api.Test;

/**
 * What the application tells those who operate it.
 */
abstract class AbstractOperationTests extends AbstractLedgerTests {

	@Test
	void healthIsUp() {
		this.web.get()
			.uri("/actuator/health")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody()
			.jsonPath("$.status")
			.isEqualTo("UP")
			.jsonPath("$.components.r2dbc.status")
			.isEqualTo("UP");
	}

}
