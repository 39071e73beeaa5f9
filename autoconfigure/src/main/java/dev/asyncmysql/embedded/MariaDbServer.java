package dev.asyncmysql.embedded;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dev.asyncmysql.EmbeddedDatabaseException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * One server process in one home, from the first line that it writes to its end.
 */
final class MariaDbServer {

	static final String HOST = "127.0.0.1";

	private static final Log log = LogFactory.getLog(EmbeddedMariaDb.class);

	private static final Duration GRACE = Duration.ofSeconds(10);

	private static final long POLL_MILLIS = 100;

	private static final Pattern VERSION = Pattern.compile("^Version: '([^']+)'");

	private final LoggedProcess process;

	private final String version;

	private final int port;

	private MariaDbServer(LoggedProcess process, String version, int port) {
		this.process = process;
		this.version = version;
		this.port = port;
	}

	/**
	 * Make the data folder.
	 * @param programs the programs
	 * @param home where to make it
	 * @param clock the limit
	 * @throws IOException if files cannot be written
	 * @throws InterruptedException if the thread is interrupted
	 */
	static void install(Programs programs, DatabaseHome home, StartClock clock)
			throws IOException, InterruptedException {
		Path data = home.dataInTheMaking();
		List<String> command = new ArrayList<>();
		command.add(programs.install().toString());
		if (!programs.windows()) {
			// Relative to the working folder, because the script does not bear a blank in
			// it.
			Collections.addAll(command, "--no-defaults", "--basedir=.", "--force", "--skip-name-resolve",
					"--skip-test-db");
		}
		command.add("--datadir=" + data);
		LoggedProcess process = launch(programs, command, new CompletableFuture<>());
		try {
			int exitCode = process.waitFor(clock, "preparing the data folder");
			if (exitCode != 0) {
				throw FailureAdvice
					.failure("The data folder of the embedded MariaDB could not be prepared (exit code %d)."
						.formatted(exitCode), process.lastLines(), null);
			}
		}
		catch (TimeoutException ex) {
			throw timeout(clock, process, ex);
		}
		finally {
			process.stop(Duration.ZERO);
		}
		home.installed();
	}

	/**
	 * Start the server and wait until it accepts connections.
	 * @param programs the programs
	 * @param home its home, with a data folder and an init script
	 * @param port the port to listen on
	 * @param clock the limit
	 * @return the running server
	 * @throws IOException if files cannot be written
	 * @throws InterruptedException if the thread is interrupted
	 */
	static MariaDbServer start(Programs programs, DatabaseHome home, int port, StartClock clock)
			throws IOException, InterruptedException {
		CompletableFuture<String> version = new CompletableFuture<>();
		LoggedProcess process = launch(programs, command(programs, home, port), version);
		boolean up = false;
		try {
			home.serverRecord().write(process.process().toHandle());
			MariaDbServer server = new MariaDbServer(process, awaitVersion(process, version, clock), port);
			up = true;
			return server;
		}
		catch (TimeoutException ex) {
			throw timeout(clock, process, ex);
		}
		finally {
			if (!up) {
				process.stop(GRACE);
				home.serverRecord().delete();
			}
		}
	}

	private static List<String> command(Programs programs, DatabaseHome home, int port) throws IOException {
		List<String> command = new ArrayList<>();
		Collections.addAll(command, programs.server().toString(), "--no-defaults", "--console",
				"--basedir=" + programs.baseDir(), "--datadir=" + home.data(),
				"--tmpdir=" + home.emptyTemporaryFolder(), "--init-file=" + home.initScript(), "--port=" + port,
				"--bind-address=" + HOST, "--skip-name-resolve", "--character-set-server=utf8mb4",
				"--max-allowed-packet=64M");
		// With TLS, the server makes an RSA key at each start: 5 to 12 s of computing.
		command.add("--skip-ssl");
		if (!programs.windows()) {
			// Relative to the data folder, because the path of a socket must be short.
			Collections.addAll(command, "--socket=mariadb.sock", "--pid-file=mariadb.pid");
			if ("root".equals(System.getProperty("user.name"))) {
				command.add("--user=root");
			}
		}
		return command;
	}

	private static LoggedProcess launch(Programs programs, List<String> command, CompletableFuture<String> version)
			throws IOException {
		String inherited = System.getenv(programs.libraryVariable());
		String libraries = (inherited != null) ? programs.libraries() + File.pathSeparator + inherited
				: programs.libraries().toString();
		try {
			return LoggedProcess.start(command, programs.baseDir(), Map.of(programs.libraryVariable(), libraries),
					(line) -> listen(line, version));
		}
		catch (IOException ex) {
			throw FailureAdvice.failure("The program %s cannot be started.".formatted(command.get(0)), List.of(), ex);
		}
	}

	private static void listen(String line, CompletableFuture<String> version) {
		Matcher matcher = VERSION.matcher(line);
		if (line.startsWith("ERROR: ")) {
			// A statement of the init script failed, which does not keep the server from
			// starting.
			version.completeExceptionally(new IllegalStateException(line));
		}
		else if (matcher.find()) {
			version.complete(matcher.group(1));
		}
		else if (version.isDone() && line.contains("[ERROR]")) {
			log.warn("Embedded MariaDB: " + line);
		}
	}

	private static String awaitVersion(LoggedProcess process, CompletableFuture<String> version, StartClock clock)
			throws TimeoutException, InterruptedException {
		while (true) {
			try {
				return version.get(Math.min(POLL_MILLIS, clock.nextWaitMillis()), TimeUnit.MILLISECONDS);
			}
			catch (TimeoutException ex) {
				requireAlive(process);
				clock.check("waiting for the server to come up");
			}
			catch (ExecutionException ex) {
				throw FailureAdvice.failure("The embedded MariaDB could not make the database and its account.",
						process.lastLines(), ex.getCause());
			}
		}
	}

	private static void requireAlive(LoggedProcess process) throws InterruptedException {
		if (!process.process().isAlive()) {
			process.awaitOutput();
			throw FailureAdvice.failure("The embedded MariaDB ended while it was starting (exit code %d)."
				.formatted(process.process().exitValue()), process.lastLines(), null);
		}
	}

	private static EmbeddedDatabaseException timeout(StartClock clock, LoggedProcess process, TimeoutException ex) {
		return FailureAdvice.failure(
				"The embedded MariaDB was not up within %s.".formatted(StartClock.seconds(clock.limit())),
				"Raise async-mysql.embedded.start-timeout if the machine is merely slow.", process.lastLines(), ex);
	}

	int port() {
		return this.port;
	}

	String version() {
		return this.version;
	}

	ProcessHandle process() {
		return this.process.process().toHandle();
	}

	/**
	 * Stop the server, and kill it if it does not end by itself.
	 */
	void stop() {
		if (!this.process.stop(GRACE)) {
			log.warn("Embedded MariaDB: process %d could not be stopped".formatted(process().pid()));
		}
	}

}
