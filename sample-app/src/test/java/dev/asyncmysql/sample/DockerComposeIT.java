package dev.asyncmysql.sample;

import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.testcontainers.junit.jupiter.Testcontainers;

import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.MediaType;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.test.web.reactive.server.WebTestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The ledger with the profile {@code compose}, on the MySQL of its Docker Compose file.
 */
@Testcontainers(disabledWithoutDocker = true)
@EnabledIf(value = "isComposeThere", disabledReason = "Docker has no compose command")
class DockerComposeIT {

	@Test
	void servesARequestOnTheMySqlOfTheComposeFile() {
		try (ConfigurableApplicationContext ledger = SpringApplication.run(SampleApplication.class, "--server.port=0",
				"--spring.profiles.active=compose", "--spring.docker.compose.skip.in-tests=false",
				"--spring.docker.compose.arguments=--project-name=ledger-" + UUID.randomUUID(),
				"--spring.docker.compose.stop.command=down", "--spring.docker.compose.stop.arguments=--volumes",
				"--spring.docker.compose.stop.timeout=1s")) {
			assertThat(ledger.getBean(DatabaseClient.class)
				.sql("SELECT VERSION()")
				.mapValue(String.class)
				.one()
				.block(Duration.ofSeconds(20))).startsWith("9.7");
			WebTestClient.bindToServer()
				.baseUrl("http://localhost:" + ledger.getEnvironment().getProperty("local.server.port"))
				.build()
				.post()
				.uri("/accounts")
				.contentType(MediaType.APPLICATION_JSON)
				.bodyValue("""
						{"owner": "Ada", "balance": 100}""")
				.exchange()
				.expectStatus()
				.isCreated();
		}
	}

	static boolean isComposeThere() throws InterruptedException {
		try {
			Process process = new ProcessBuilder("docker", "compose", "version").redirectErrorStream(true)
				.redirectOutput(ProcessBuilder.Redirect.DISCARD)
				.start();
			return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
		}
		catch (IOException ex) {
			return false; // there is no command docker
		}
	}

}
