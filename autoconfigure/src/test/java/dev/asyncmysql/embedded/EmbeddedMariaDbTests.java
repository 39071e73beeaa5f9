package dev.asyncmysql.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import dev.asyncmysql.EmbeddedDatabaseException;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assumptions.assumeThatCode;

/**
 * Starts that fail, and ends that are hard, shown with scripts in place of the server.
 */
@DisabledOnOs(OS.WINDOWS)
@ExtendWith(OutputCaptureExtension.class)
class EmbeddedMariaDbTests {

	private static final String INSTALL = """
			for argument in "$@"; do
				case "$argument" in --datadir=*) mkdir "${argument#--datadir=}";; esac
			done
			""";

	private static final String SERVE = """
			echo "mariadbd: ready for connections."
			echo "Version: '1.2.3-Some'  socket: ''  port: 1"
			exec sleep 600
			""";

	@TempDir
	Path folder;

	private Path dataDir = Path.of("");

	@BeforeEach
	void nameDataDir() {
		this.dataDir = this.folder.resolve("data");
	}

	@Test
	void startsAndStops(CapturedOutput output) throws Exception {
		EmbeddedMariaDb database = start(programs(INSTALL, SERVE), this.dataDir, Duration.ofSeconds(20));
		assertThat(database.getServerVersion()).isEqualTo("1.2.3-Some");
		assertThat(database.folder().resolve("mariadb-server.properties")).exists();
		database.close();
		database.close();
		assertThat(database.process().isAlive()).isFalse();
		assertThat(output).doesNotContain("WARN");
	}

	@Test
	void givenPortInUseIsToldAtOnce() throws Exception {
		assumeThatCode(Distribution::forThisPlatform).doesNotThrowAnyException();
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
			EmbeddedSettings settings = new EmbeddedSettings(true, this.dataDir, null, socket.getLocalPort(),
					Duration.ofSeconds(20));
			assertThatExceptionOfType(EmbeddedDatabaseException.class).isThrownBy(() -> EmbeddedMariaDb.start(settings))
				.withMessageContaining("port " + socket.getLocalPort())
				.withMessageContaining("async-mysql.embedded.port");
			assertThat(this.dataDir).doesNotExist();
		}
	}

	@Test
	void freePortThatGetsTakenIsReplaced() throws Exception {
		Programs programs = programs(INSTALL, """
				if mkdir tried; then
					echo "[ERROR] Can't start server: Bind on TCP/IP port. Got error: 98: Address already in use"
					exit 1
				fi
				""" + SERVE);
		try (EmbeddedMariaDb database = start(programs, this.dataDir, Duration.ofSeconds(20))) {
			assertThat(database.process().isAlive()).isTrue();
			assertThat(this.folder.resolve("tried")).exists();
		}
	}

	@Test
	void missingLibraryIsToldWithItsPackage() throws Exception {
		Programs programs = programs(INSTALL, """
				echo "mariadbd: error while loading shared libraries: libcrypt.so.1: cannot open shared object file"
				exit 127
				""");
		assertThatExceptionOfType(EmbeddedDatabaseException.class)
			.isThrownBy(() -> start(programs, null, Duration.ofSeconds(20)))
			.withMessageContaining("exit code 127")
			.withMessageContaining("'libcrypt1' (Debian, Ubuntu)")
			.withMessageContaining("\tmariadbd: error while loading");
	}

	@Test
	void failedInstallationIsNotTrusted() throws Exception {
		Programs failing = programs(INSTALL + "echo no luck; exit 3", SERVE);
		assertThatExceptionOfType(EmbeddedDatabaseException.class)
			.isThrownBy(() -> start(failing, this.dataDir, Duration.ofSeconds(20)))
			.withMessageContaining("exit code 3")
			.withMessageContaining("no luck");
		assertThat(this.dataDir.resolve("mariadb-data")).doesNotExist();
		start(programs(INSTALL, SERVE), this.dataDir, Duration.ofSeconds(20)).close();
		assertThat(this.dataDir.resolve("mariadb-data")).exists();
	}

	@Test
	void missingProgramIsTold() throws Exception {
		Programs programs = programs(INSTALL, SERVE);
		Files.delete(programs.server());
		assertThatExceptionOfType(EmbeddedDatabaseException.class)
			.isThrownBy(() -> start(programs, null, Duration.ofSeconds(20)))
			.withMessageContaining(programs.server().toString());
	}

	@Test
	void failingInitScriptIsAFailure() throws Exception {
		Programs programs = programs(INSTALL, "echo 'ERROR: 1064  You have an error'\n" + SERVE);
		assertThatExceptionOfType(EmbeddedDatabaseException.class)
			.isThrownBy(() -> start(programs, this.dataDir, Duration.ofSeconds(20)))
			.withMessageContaining("could not make the database")
			.withMessageContaining("ERROR: 1064");
		assertThat(this.dataDir.resolve("mariadb-init.sql")).doesNotExist();
	}

	@Test
	void startIsBoundedAndLeavesNoProcess() throws Exception {
		Programs programs = programs(INSTALL, """
				echo "starting, slowly"
				sleep 600 &
				echo $! > child
				wait
				""");
		assertThatExceptionOfType(EmbeddedDatabaseException.class)
			.isThrownBy(() -> start(programs, this.dataDir, Duration.ofSeconds(1)))
			.withMessageContaining("not up within 1.0 s")
			.withMessageContaining("async-mysql.embedded.start-timeout")
			.withMessageContaining("starting, slowly");
		assertThat(isAlive(this.folder.resolve("child"))).isFalse();
		assertThat(this.dataDir.resolve("mariadb-server.properties")).doesNotExist();
		DatabaseHome.open(this.dataDir).close();
	}

	@Test
	void installationIsBoundedAndLeavesNoProcess() throws Exception {
		Programs programs = programs("""
				sleep 600 &
				echo $! > child
				wait
				""", SERVE);
		assertThatExceptionOfType(EmbeddedDatabaseException.class)
			.isThrownBy(() -> start(programs, this.dataDir, Duration.ofSeconds(1)))
			.withMessageContaining("not up within 1.0 s");
		assertThat(isAlive(this.folder.resolve("child"))).isFalse();
	}

	@Test
	void interruptEndsTheStart() throws Exception {
		Programs programs = programs(INSTALL, "sleep 600");
		Thread.currentThread().interrupt();
		assertThatExceptionOfType(EmbeddedDatabaseException.class)
			.isThrownBy(() -> start(programs, this.dataDir, Duration.ofSeconds(20)))
			.withMessageContaining("interrupted");
		assertThat(Thread.interrupted()).isTrue();
		DatabaseHome.open(this.dataDir).close();
	}

	@Test
	void whatNobodyClosesEndsWithTheJvm() throws Exception {
		Programs programs = programs(INSTALL, SERVE);
		Path sign = this.folder.resolve("sign");
		Process application = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-cp",
				System.getProperty("java.class.path"), ForgetfulApplication.class.getName(),
				programs.server().toString(), programs.install().toString(), sign.toString())
			.redirectErrorStream(true)
			.redirectOutput(this.folder.resolve("output").toFile())
			.start();
		try {
			assertThat(application.waitFor(30, TimeUnit.SECONDS)).isTrue();
		}
		finally {
			application.destroyForcibly();
		}
		assertThat(this.folder.resolve("output")).content().contains("It is up after");
		String[] said = Files.readString(sign).split("\n");
		assertThat(isAlive(said[0])).isFalse();
		assertThat(Path.of(said[1])).doesNotExist();
	}

	@Test
	void stubbornProcessIsKilledWithItsChildren() throws Exception {
		Path script = script("stubborn", """
				trap '' TERM
				sleep 600 &
				echo $! > child
				echo up
				while true; do wait; done
				""");
		Process process = new ProcessBuilder(script.toString()).directory(this.folder.toFile()).start();
		assertThat(process.inputReader().readLine()).isEqualTo("up");
		assertThat(ProcessTree.of(process.toHandle()).stop(Duration.ofMillis(200))).isTrue();
		assertThat(process.isAlive()).isFalse();
		assertThat(isAlive(this.folder.resolve("child"))).isFalse();
	}

	@Test
	void refusesWhatIsNoNameForADatabase() {
		assertThatIllegalArgumentException().isThrownBy(
				() -> EmbeddedMariaDb.start(new EmbeddedSettings(true, null, null, 0, Duration.ofSeconds(20)), "a\nb"));
	}

	private static EmbeddedMariaDb start(Programs programs, @Nullable Path dataDir, Duration limit) {
		return EmbeddedMariaDb.start(new EmbeddedSettings(true, dataDir, null, 0, limit),
				EmbeddedMariaDb.DEFAULT_DATABASE, programs,
				new StartClock(limit, LogFactory.getLog(EmbeddedMariaDbTests.class)));
	}

	private Programs programs(String install, String server) throws IOException {
		return new Programs(this.folder, script("server", server), script("install", install), this.folder, this.folder,
				"LD_LIBRARY_PATH", false);
	}

	private Path script(String name, String content) throws IOException {
		Path script = Files.writeString(this.folder.resolve(name), "#!/bin/sh\n" + content);
		assertThat(script.toFile().setExecutable(true)).isTrue();
		return script;
	}

	private static boolean isAlive(Path pid) throws IOException {
		return isAlive(Files.readString(pid).trim());
	}

	private static boolean isAlive(String pid) {
		return ProcessHandle.of(Long.parseLong(pid)).filter(ProcessHandle::isAlive).isPresent();
	}

}
