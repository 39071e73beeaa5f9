package dev.asyncmysql.sample;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.mysql.MySQLContainer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The packaged ledger as it was processed ahead of time: built without a server, and told
 * where one is when it starts.
 */
@Testcontainers(disabledWithoutDocker = true)
class AheadOfTimeIT {

	private static final Pattern PORT = Pattern.compile("Netty started on port (\\d+)");

	@Container
	private final MySQLContainer mysql = new MySQLContainer("mysql:9.7");

	@Test
	void servesARequest(@TempDir Path folder) throws Exception {
		Path output = folder.resolve("output");
		Process ledger = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(),
				"-Dspring.aot.enabled=true", "-jar", System.getProperty("executable-jar"), "--server.port=0",
				"--async-mysql.host=" + this.mysql.getHost(), "--async-mysql.port=" + this.mysql.getFirstMappedPort(),
				"--async-mysql.database=" + this.mysql.getDatabaseName(),
				"--async-mysql.username=" + this.mysql.getUsername(),
				"--async-mysql.password=" + this.mysql.getPassword())
			.redirectErrorStream(true)
			.redirectOutput(output.toFile())
			.start();
		try {
			Awaitility.await()
				.atMost(Duration.ofSeconds(60))
				.until(() -> !ledger.isAlive() || port(output).isPresent());
			assertThat(output).content()
				.contains("Starting AOT-processed SampleApplication")
				.contains("Connected to MySQL 9.7");
			URI accounts = URI.create("http://localhost:" + port(output).orElseThrow() + "/accounts");
			HttpResponse<String> created = HttpClient.newHttpClient()
				.send(HttpRequest.newBuilder(accounts)
					.header("Content-Type", "application/json")
					.POST(HttpRequest.BodyPublishers.ofString("{\"owner\": \"Ada\", \"balance\": 100}"))
					.build(), HttpResponse.BodyHandlers.ofString());
			assertThat(created.body()).contains("\"owner\":\"Ada\"");
			assertThat(created.statusCode()).isEqualTo(201);
		}
		finally {
			ledger.destroy();
		}
	}

	private static Optional<String> port(Path output) throws IOException {
		return PORT.matcher(Files.readString(output))
			.results()
			.findFirst()
			.map(MatchResult::group)
			.map((line) -> line.replaceAll("\\D+", ""));
	}

}
