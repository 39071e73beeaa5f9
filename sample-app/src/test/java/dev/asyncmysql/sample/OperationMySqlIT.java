package dev.asyncmysql.sample;

import com.github.dockerjava.api.DockerClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.testcontainers.mysql.MySQLContainer;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.http.HttpStatus;

/**
 * What the application tells those who operate it, on MySQL.
 */
@OnMySql
class OperationMySqlIT extends AbstractOperationTests {

	@Autowired
	private MySQLContainer mysql;

	@Test
	void serverThatIsAwayTakesReadinessButNotLiveness() {
		DockerClient docker = this.mysql.getDockerClient();
		docker.pauseContainerCmd(this.mysql.getContainerId()).exec();
		try {
			Awaitility.await()
				.untilAsserted(() -> health("/readiness", HttpStatus.SERVICE_UNAVAILABLE).jsonPath("$.status")
					.isEqualTo("DOWN")
					.jsonPath("$.components.r2dbc.status")
					.isEqualTo("DOWN")
					.jsonPath("$.components.readinessState.status")
					.isEqualTo("UP"));
			health("/liveness").jsonPath("$.status").isEqualTo("UP");
		}
		finally {
			docker.unpauseContainerCmd(this.mysql.getContainerId()).exec();
		}
		Awaitility.await().untilAsserted(() -> health("/readiness").jsonPath("$.status").isEqualTo("UP"));
	}

}
