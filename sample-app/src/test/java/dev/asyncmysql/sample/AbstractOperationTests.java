package dev.asyncmysql.sample;

import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroups;
import org.springframework.test.web.reactive.server.WebTestClient.BodyContentSpec;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the application tells those who operate it.
 */
abstract class AbstractOperationTests extends AbstractLedgerTests {

	@Autowired
	private HealthEndpointGroups groups;

	@Test
	void healthIsUp() {
		health("").jsonPath("$.status").isEqualTo("UP").jsonPath("$.components.r2dbc.status").isEqualTo("UP");
	}

	@Test
	void databaseCountsForReadinessButNotForLiveness() {
		health("/liveness").jsonPath("$.status").isEqualTo("UP");
		health("/readiness").jsonPath("$.status").isEqualTo("UP");
		assertThat(this.groups.get("liveness").isMember("r2dbc")).isFalse();
		assertThat(this.groups.get("readiness").isMember("r2dbc")).isTrue();
		assertThat(this.groups.get("readiness").isMember("readinessState")).isTrue();
	}

	@Test
	void prometheusFindsPoolAndRequests() {
		open("1");
		String metrics = this.web.get()
			.uri("/actuator/prometheus")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody(String.class)
			.returnResult()
			.getResponseBody();
		assertThat(metrics).contains("r2dbc_pool_acquired_connections{", "r2dbc_pool_max_allocated_connections{")
			.containsPattern("http_server_requests_seconds_count\\{.*status=\"201\",uri=\"/accounts\"");
	}

	private BodyContentSpec health(String group) {
		return this.web.get().uri("/actuator/health" + group).exchange().expectStatus().isOk().expectBody();
	}

}
