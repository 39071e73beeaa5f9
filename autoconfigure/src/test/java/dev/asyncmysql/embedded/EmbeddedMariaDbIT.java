package dev.asyncmysql.embedded;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import dev.asyncmysql.EmbeddedDatabaseException;
import io.asyncer.r2dbc.mysql.MySqlConnectionConfiguration;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactory;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThatCode;
import static org.awaitility.Awaitility.await;

/**
 * A development database that really runs, four times in all.
 */
@ExtendWith(OutputCaptureExtension.class)
class EmbeddedMariaDbIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	@BeforeAll
	static void thereIsMariaDbForThisPlatform() {
		assumeThatCode(Distribution::forThisPlatform).doesNotThrowAnyException();
	}

	@Test
	void temporaryDatabaseIsUsableAndLeavesNothing(CapturedOutput output) throws Exception {
		EmbeddedMariaDb database = EmbeddedMariaDb.start(settings(null), "shop`d\u00e9v");
		assertThat(database.getHost()).isEqualTo("127.0.0.1");
		assertThat(database.getPort()).isPositive();
		assertThat(database.getDatabaseName()).isEqualTo("shop`d\u00e9v");
		assertThat(query(database, "SELECT VERSION()")).isEqualTo(database.getServerVersion()).contains("MariaDB");
		assertThat(query(database, "SELECT DATABASE()")).isEqualTo("shop`d\u00e9v");
		assertThat(query(database, "SELECT default_character_set_name FROM information_schema.schemata "
				+ "WHERE schema_name = DATABASE()"))
			.isEqualTo("utf8mb4");
		assertThat(query(database, "SELECT @@bind_address")).isEqualTo("127.0.0.1");
		run(database, "CREATE DATABASE another");
		run(database, "CREATE USER somebody IDENTIFIED BY 'else'");
		StepVerifier.create(connect(database, "wrong")).expectError(R2dbcPermissionDeniedException.class).verify(LIMIT);
		assertOnlyOwnerReads(database.folder().resolve("mariadb-client.cnf"));
		assertThat(database.folder().resolve("mariadb-init.sql")).doesNotExist();
		assertThat(output.toString().lines().filter((line) -> line.contains("d.a.embedded"))).hasSizeBetween(2, 8);
		assertThat(output).contains("preparing the data folder").doesNotContain("ch.vorburger");

		database.close();
		database.close();
		assertThat(database.process().isAlive()).isFalse();
		assertThat(database.folder()).doesNotExist();
	}

	@Test
	void namedFolderIsKeptEvenWhenTheApplicationIsKilled(@TempDir Path folder, CapturedOutput output) throws Exception {
		Path dataDir = folder.resolve("not/yet/there");
		Path sign = folder.resolve("sign");
		Process application = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-cp",
				System.getProperty("java.class.path"), KilledApplication.class.getName(), dataDir.toString(),
				sign.toString())
			.redirectErrorStream(true)
			.redirectOutput(folder.resolve("output").toFile())
			.start();
		await().atMost(Duration.ofSeconds(90)).until(() -> !application.isAlive() || Files.exists(sign));
		assertThat(folder.resolve("output")).content().contains("preparing the data folder").contains("It is up after");
		await().atMost(LIMIT).until(() -> Files.readString(sign).contains(" "));
		String[] said = Files.readString(sign).split(" ");
		ProcessHandle orphan = ProcessHandle.of(Long.parseLong(said[0])).orElseThrow();

		assertThatExceptionOfType(EmbeddedDatabaseException.class)
			.isThrownBy(() -> EmbeddedMariaDb.start(settings(dataDir)))
			.withMessageContaining("Another embedded MariaDB uses the data in")
			.withMessageContaining("async-mysql.embedded.data-dir");
		assertThat(application.destroyForcibly().waitFor(20, TimeUnit.SECONDS)).isTrue();
		assertThat(orphan.isAlive()).isTrue();

		try (EmbeddedMariaDb database = EmbeddedMariaDb.start(settings(dataDir))) {
			assertThat(orphan.isAlive()).isFalse();
			assertThat(database.getPassword()).isEqualTo(said[1]);
			assertThat(query(database, "SELECT name FROM kept")).isEqualTo("gr\u00fc\u00df \ud83d\udc2c");
			run(database, "INSERT INTO kept VALUES (2, 'second')");
			assertThatExceptionOfType(EmbeddedDatabaseException.class)
				.isThrownBy(() -> EmbeddedMariaDb.start(settings(dataDir)))
				.withMessageContaining("Another embedded MariaDB uses the data in");
		}
		try (EmbeddedMariaDb database = EmbeddedMariaDb.start(settings(dataDir))) {
			assertThat(query(database, "SELECT COUNT(*) FROM kept")).isEqualTo("2");
		}
		assertThat(output).contains("which a killed application left in").doesNotContain("preparing the data folder");
		assertThat(dataDir.resolve("mariadb-data/ibdata1")).exists();
		assertThat(dataDir.resolve("mariadb-server.properties")).doesNotExist();
	}

	private static EmbeddedSettings settings(Path dataDir) {
		return new EmbeddedSettings(true, dataDir, null, 0, Duration.ofSeconds(60));
	}

	private static void assertOnlyOwnerReads(Path file) throws Exception {
		if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
			assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
		}
	}

	private static Mono<?> connect(EmbeddedMariaDb database, String password) {
		return connectionFactory(database, password).create();
	}

	private static MySqlConnectionFactory connectionFactory(EmbeddedMariaDb database, String password) {
		return MySqlConnectionFactory.from(MySqlConnectionConfiguration.builder()
			.host(database.getHost())
			.port(database.getPort())
			.database(database.getDatabaseName())
			.user(database.getUsername())
			.password(password)
			.build());
	}

	static void run(EmbeddedMariaDb database, String sql) {
		DatabaseClient.create(connectionFactory(database, database.getPassword())).sql(sql).then().block(LIMIT);
	}

	private static String query(EmbeddedMariaDb database, String sql) {
		return DatabaseClient.create(connectionFactory(database, database.getPassword()))
			.sql(sql)
			.map((row) -> String.valueOf(row.get(0)))
			.one()
			.block(LIMIT);
	}

}
