package dev.asyncmysql.sample;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.mysql.MySQLContainer;
import reactor.netty.http.client.HttpClient;

import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.web.reactive.function.client.WebClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What MySQL sees when a process with twenty transactions under way is told to end: ten
 * of them of requests, ten in the background.
 */
@Testcontainers(disabledWithoutDocker = true)
class GracefulShutdownMySqlIT {

	@Container
	private static final MySQLContainer MYSQL = new MySQLContainer("mysql:9.7");

	private static final int TRANSACTIONS = 20;

	private static final Duration START = Duration.ofSeconds(90);

	@TempDir
	private Path folder;

	private final WebClient client = WebClient.builder()
		.clientConnector(new ReactorClientHttpConnector(HttpClient.newConnection()))
		.build();

	private final int port = freePort();

	private final int managementPort = freePort();

	private Process process;

	private String aborted;

	@BeforeEach
	void prepare() {
		execute("CREATE USER IF NOT EXISTS leaver@'%' IDENTIFIED BY 'secret'");
		execute("GRANT ALL ON *.* TO leaver@'%'");
		execute("CREATE TABLE slow (id INT, step VARCHAR(10))");
		this.aborted = aborted();
	}

	@AfterEach
	void end() {
		this.process.destroyForcibly();
		execute("DROP TABLE slow");
	}

	@Test
	void transactionsThatHaveTheTimeCommitWhileReadinessIsDown() throws Exception {
		this.process = start("spring.lifecycle.timeout-per-shutdown-phase=20s");
		List<CompletableFuture<Integer>> answers = begin(3, 6);
		this.process.destroy();
		Awaitility.await()
			.pollInterval(Duration.ofMillis(20))
			.until(() -> status("http://localhost:" + this.managementPort + "/actuator/health/readiness") == 503);
		assertThat(answers).as("readiness drops first").anyMatch((answer) -> !answer.isDone());
		assertThat(this.process.waitFor(40, TimeUnit.SECONDS)).isTrue();
		assertThat(answers).allSatisfy((answer) -> assertThat(answer).isCompletedWithValue(200));
		assertThat(execute("SELECT id FROM slow GROUP BY id HAVING GROUP_CONCAT(step ORDER BY step) = 'begun,done'"))
			.hasSize(TRANSACTIONS);
		assertThatTheServerIsRidOfIt();
		assertThat(this.folder.resolve("output")).content()
			.containsPattern("Waiting for \\d+ connections? in use")
			.doesNotContain("still in use when the application ended");
	}

	@Test
	void transactionsThatDoNotHaveTheTimeAreRolledBackWhole() throws Exception {
		this.process = start("spring.lifecycle.timeout-per-shutdown-phase=1s");
		begin(60, 60);
		this.process.destroy();
		assertThat(this.process.waitFor(30, TimeUnit.SECONDS)).isTrue();
		assertThatTheServerIsRidOfIt();
		assertThat(execute("SELECT id FROM slow")).isEmpty();
		assertThat(this.folder.resolve("output")).content().containsPattern("\\d+ connections? still in use when");
	}

	private Process start(String setting) throws IOException {
		List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow(), "-cp",
				System.getProperty("java.class.path"), SlowApplication.class.getName()));
		for (String property : List.of("async-mysql.host=" + MYSQL.getHost(),
				"async-mysql.port=" + MYSQL.getFirstMappedPort(), "async-mysql.database=" + MYSQL.getDatabaseName(),
				"async-mysql.username=leaver", "async-mysql.password=secret",
				"async-mysql.pool.max-size=" + TRANSACTIONS, "async-mysql.pool.initial-size=" + TRANSACTIONS,
				"server.port=" + this.port, "management.server.port=" + this.managementPort, setting)) {
			command.add("--" + property);
		}
		return new ProcessBuilder(command).redirectErrorStream(true)
			.redirectOutput(this.folder.resolve("output").toFile())
			.start();
	}

	private List<CompletableFuture<Integer>> begin(int requestSeconds, int backgroundSeconds) {
		Awaitility.await()
			.atMost(START)
			.until(() -> status("http://localhost:" + this.managementPort + "/actuator/health/readiness") == 200);
		List<CompletableFuture<Integer>> answers = new ArrayList<>();
		IntStream.range(0, TRANSACTIONS).forEach((id) -> {
			if (id < TRANSACTIONS / 2) {
				answers.add(post("/slow/request/" + id + "/" + requestSeconds));
			}
			else {
				post("/slow/background/" + id + "/" + backgroundSeconds);
			}
		});
		// What is asked more often than every 100 ms is answered from a cache (MySQL
		// manual,
		// INFORMATION_SCHEMA InnoDB transaction and locking information).
		Awaitility.await()
			.pollInterval(Duration.ofMillis(250))
			.until(() -> execute("SELECT trx_id FROM information_schema.innodb_trx WHERE trx_rows_modified > 0").size(),
					(running) -> running == TRANSACTIONS);
		return answers;
	}

	private CompletableFuture<Integer> post(String path) {
		return this.client.post()
			.uri("http://localhost:" + this.port + path)
			.exchangeToMono((response) -> response.releaseBody().thenReturn(response.statusCode().value()))
			.onErrorReturn(-1)
			.toFuture();
	}

	private int status(String url) {
		return this.client.get()
			.uri(url)
			.exchangeToMono((response) -> response.releaseBody().thenReturn(response.statusCode().value()))
			.onErrorReturn(-1)
			.blockOptional(Duration.ofSeconds(20))
			.orElseThrow();
	}

	private void assertThatTheServerIsRidOfIt() {
		assertThat(execute("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'leaver'")).isEmpty();
		assertThat(execute("SELECT trx_id FROM information_schema.innodb_trx")).isEmpty();
		assertThat(aborted()).isEqualTo(this.aborted);
	}

	private static String aborted() {
		return execute(
				"SELECT VARIABLE_VALUE FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Aborted_clients'")
			.get(0);
	}

	private static List<String> execute(String sql) {
		List<String> values = new ArrayList<>();
		try (Connection connection = DriverManager.getConnection(MYSQL.getJdbcUrl(), "root", MYSQL.getPassword());
				Statement statement = connection.createStatement()) {
			if (statement.execute(sql)) {
				ResultSet rows = statement.getResultSet();
				while (rows.next()) {
					values.add(rows.getString(1));
				}
			}
			return values;
		}
		catch (SQLException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static int freePort() {
		try (ServerSocket socket = new ServerSocket(0)) {
			return socket.getLocalPort();
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
