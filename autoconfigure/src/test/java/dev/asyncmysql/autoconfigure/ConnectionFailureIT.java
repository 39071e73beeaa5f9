package dev.asyncmysql.autoconfigure;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.PasswordProvider;
import dev.asyncmysql.RequiresMySql;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.mysql.MySQLContainer;
import reactor.core.publisher.Mono;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * Each failure to connect, caused by a real MySQL, and what the user of an application
 * reads about it.
 */
@RequiresMySql
@ExtendWith(OutputCaptureExtension.class)
class ConnectionFailureIT {

	private static final String FAILED = "APPLICATION FAILED TO START";

	@Test
	void wrongPassword(CapturedOutput output) {
		assertThatStartFails("async-mysql.password=wrong-and-secret");
		assertThat(output).contains(FAILED)
			.contains("refused the login: Access denied for user 'root'@")
			.contains("(error 1045)")
			.contains("Check async-mysql.username and async-mysql.password")
			.doesNotContain("wrong-and-secret");
	}

	@Test
	void noPassword(CapturedOutput output) {
		assertThatStartFails("async-mysql.password=");
		assertThat(output).contains(FAILED).contains("Set async-mysql.password: none was sent.");
	}

	@Test
	void wrongTokenOfAPasswordProvider(CapturedOutput output) {
		assertThatException().isThrownBy(() -> StartedApplication.builder(Tokens.class)
			.run(StartedApplication.arguments(MySqlServer.properties(), "async-mysql.password=")));
		assertThat(output).contains(FAILED)
			.contains("Check async-mysql.username and what the PasswordProvider gives")
			.doesNotContain("stale-token");
	}

	@Test
	void unknownDatabaseInABootUrl(CapturedOutput output) {
		assertThatException().isThrownBy(() -> StartedApplication
			.start(new String[] { "spring.r2dbc.url=" + MySqlServer.url().replaceAll("/[^/]+$", "/nowhere"),
					"spring.r2dbc.username=root", "spring.r2dbc.password=" + MySqlServer.container().getPassword() }));
		assertThat(output).contains(FAILED)
			.contains("has no such database: Unknown database 'nowhere' (error 1049)")
			.contains("Create it, correct spring.r2dbc.url, or set async-mysql.create-database-if-not-exist=true.");
	}

	@Test
	void noRightToTheDatabase(CapturedOutput output) {
		execute("CREATE USER IF NOT EXISTS stranger@'%' IDENTIFIED BY 'secret'");
		assertThatStartFails("async-mysql.username=stranger", "async-mysql.password=secret");
		assertThat(output).contains(FAILED)
			.contains("(error 1044)")
			.contains("Grant the user stranger rights on the database, or correct async-mysql.database.");
		assertThatStartFails("async-mysql.username=stranger", "async-mysql.password=secret",
				"async-mysql.database=fresh", "async-mysql.create-database-if-not-exist=true");
		assertThat(output).contains("async-mysql.create-database-if-not-exist needs the right to create it.");
	}

	@Test
	void sessionVariableThatTheServerDoesNotKnow(CapturedOutput output) {
		assertThatStartFails("async-mysql.session-variables=no_such_variable=1");
		assertThat(output).contains(FAILED).contains("(error 1193)").contains("Correct async-mysql.session-variables");
	}

	@Test
	void certificateOfAnotherAuthority(@TempDir Path folder, CapturedOutput output) {
		assertThatStartFails("async-mysql.ssl.ca=" + serverFile("client-cert.pem", folder));
		assertThat(output).contains(FAILED)
			.contains("is not trusted")
			.contains("Check async-mysql.ssl.ca: it has to hold the certificate of the authority");
	}

	@Test
	void noAuthorityNamed(CapturedOutput output) {
		assertThatStartFails("async-mysql.ssl.mode=VERIFY_CA");
		assertThat(output).contains(FAILED)
			.contains("is not trusted")
			.contains("by async-mysql.ssl.ca or async-mysql.ssl.bundle.");
	}

	@Test
	void certificateForAnotherHost(@TempDir Path folder, CapturedOutput output) {
		assertThatStartFails("async-mysql.ssl.ca=" + serverFile("ca.pem", folder),
				"async-mysql.ssl.mode=VERIFY_IDENTITY");
		assertThat(output).contains(FAILED).contains("is for another host").contains("async-mysql.ssl.mode=VERIFY_CA");
	}

	@Test
	void serverWithoutTls(CapturedOutput output) {
		MySQLContainer plain = PlainServer.CONTAINER;
		String[] settings = { "async-mysql.host=" + plain.getHost(), "async-mysql.port=" + plain.getFirstMappedPort(),
				"async-mysql.database=" + plain.getDatabaseName(), "async-mysql.username=" + plain.getUsername(),
				"async-mysql.password=" + plain.getPassword() };
		assertThatException().isThrownBy(() -> StartedApplication.start(settings, "async-mysql.ssl.mode=REQUIRED"));
		assertThat(output).contains(FAILED).contains("offers no TLS").contains("Switch TLS on at the server.");
		assertThatException().isThrownBy(() -> StartedApplication.start(settings, "async-mysql.username=fresh"));
		assertThat(output).contains("asks for the password, which is not sent without TLS")
			.contains("Use TLS: switch it on at the server.");
		assertThatException().isThrownBy(() -> StartedApplication.start(settings, "async-mysql.username=fresh",
				"async-mysql.ssl.mode=DISABLED"));
		assertThat(output).contains("Use TLS: remove async-mysql.ssl.mode=DISABLED.");
	}

	@Test
	void serverThatDemandsTls(CapturedOutput output) {
		MySqlServer.execute("SET GLOBAL require_secure_transport = ON");
		try {
			assertThatStartFails("async-mysql.ssl.mode=DISABLED");
		}
		finally {
			MySqlServer.execute("SET GLOBAL require_secure_transport = OFF");
		}
		assertThat(output).contains(FAILED)
			.contains("demands TLS")
			.contains("(error 3159)")
			.contains("async-mysql.ssl.mode");
	}

	@Test
	void noConnectionLeft(CapturedOutput output) {
		execute("CREATE USER IF NOT EXISTS single@'%' IDENTIFIED BY 'secret' WITH MAX_USER_CONNECTIONS 1");
		execute("GRANT ALL ON *.* TO single@'%'");
		StartedApplication
			.start(MySqlServer.properties(), "async-mysql.username=single", "async-mysql.password=secret",
					"async-mysql.pool.initial-size=2", "async-mysql.pool.acquire-retry=0")
			.close();
		assertThat(output).doesNotContain(FAILED)
			.contains("has no connection left")
			.contains("lower async-mysql.pool.max-size");
	}

	@Test
	void refusedPort(CapturedOutput output) throws IOException {
		String port = "async-mysql.port=" + freePort();
		assertThatStartFails(port, "async-mysql.startup-timeout=1s");
		assertThat(output).contains(FAILED)
			.contains("cannot be reached: ")
			.contains("Start the server, or correct async-mysql.host and async-mysql.port. Or set "
					+ "async-mysql.startup=lazy");
	}

	@Test
	void refusedPortIsToldWhereAConnectionIsNeeded(CapturedOutput output) throws IOException {
		assertThatStartFails("async-mysql.port=" + freePort(), "async-mysql.startup=lazy", StartedApplication.RUNNER);
		assertThat(output).contains(FAILED)
			.contains("Start the server, or correct async-mysql.host and async-mysql.port.");
	}

	@Test
	void refusedPortFailsTheScripts(CapturedOutput output) throws IOException {
		assertThatStartFails("async-mysql.port=" + freePort(), "async-mysql.startup=lazy",
				"spring.sql.init.mode=always", "spring.sql.init.schema-locations=classpath:schema-it.sql");
		assertThat(output).contains(FAILED).contains("Start the server, or correct async-mysql.host");
	}

	@Test
	void unknownHost(CapturedOutput output) {
		assertThatStartFails("async-mysql.host=nowhere.invalid", "async-mysql.startup=fail");
		assertThat(output).contains(FAILED)
			.contains("is not known: ")
			.contains("Correct async-mysql.host, or see to it that this machine can resolve the name.");
	}

	@Test
	void missingSocket(@TempDir Path folder, CapturedOutput output) {
		String[] settings = { "async-mysql.unix-socket=" + folder.resolve("none.sock"), "async-mysql.username=u",
				"async-mysql.startup=fail" };
		assertThatException().isThrownBy(() -> StartedApplication.start(settings));
		assertThat(output).contains(FAILED)
			.contains("there is no such socket")
			.contains("Start the server, or correct async-mysql.unix-socket.");
	}

	@AfterAll
	static void stop() {
		if (PlainServer.started) {
			PlainServer.CONTAINER.stop();
		}
	}

	private static void assertThatStartFails(String... settings) {
		assertThatException().isThrownBy(() -> StartedApplication.start(MySqlServer.properties(), settings));
	}

	private static int freePort() throws IOException {
		try (ServerSocket socket = new ServerSocket(0)) {
			return socket.getLocalPort();
		}
	}

	private static void execute(String sql) {
		try (ConfigurableApplicationContext context = StartedApplication.start(MySqlServer.properties())) {
			context.getBean(DatabaseClient.class).sql(sql).then().block(Duration.ofSeconds(20));
		}
	}

	private static Path serverFile(String name, Path folder) {
		try {
			String content = MySqlServer.container().execInContainer("cat", "/var/lib/mysql/" + name).getStdout();
			return Files.writeString(folder.resolve(name), content, StandardCharsets.US_ASCII);
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * A MySQL that offers no TLS.
	 */
	private static final class PlainServer {

		private static volatile boolean started;

		private static final MySQLContainer CONTAINER = start();

		private static MySQLContainer start() {
			MySQLContainer container = new MySQLContainer(MySqlServer.IMAGE).withCommand("--tls-version=")
				.withUrlParam("allowPublicKeyRetrieval", "true");
			container.start();
			started = true;
			return container;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Tokens {

		@Bean
		PasswordProvider passwordProvider() {
			return () -> Mono.just("stale-token");
		}

	}

}
