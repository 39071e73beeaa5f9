package dev.asyncmysql.embedded;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Properties;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * A note in a database's home that says which process serves it. A JVM that is killed
 * leaves its server running; whoever gets the home's lock next finds it by this note.
 */
final class ServerRecord {

	private static final Log log = LogFactory.getLog(EmbeddedMariaDb.class);

	private static final Duration GRACE = Duration.ofSeconds(10);

	// The start of a process is derived from the time of boot, which follows corrections
	// of the clock.
	private static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(2);

	private final Path file;

	ServerRecord(Path home) {
		this.file = home.resolve("mariadb-server.properties");
	}

	void write(ProcessHandle server) throws IOException {
		Optional<Instant> started = server.info().startInstant();
		if (started.isPresent()) {
			Files.writeString(this.file, "pid=%d%nstarted=%d%n".formatted(server.pid(), started.get().toEpochMilli()));
		}
	}

	void delete() throws IOException {
		Files.deleteIfExists(this.file);
	}

	/**
	 * Stop the server that a dead JVM left behind. Only the holder of the home's lock may
	 * call this.
	 * @throws IOException if the note cannot be read or deleted
	 */
	void stopServerOfDeadOwner() throws IOException {
		Optional<ProcessHandle> server = find();
		if (server.isPresent()) {
			log.info("Embedded MariaDB: stopping process %d, which a killed application left in %s"
				.formatted(server.get().pid(), this.file.getParent()));
			ProcessTree.of(server.get()).stop(GRACE);
		}
		delete();
	}

	private Optional<ProcessHandle> find() throws IOException {
		if (!Files.isRegularFile(this.file)) {
			return Optional.empty();
		}
		Properties note = new Properties();
		note.load(new StringReader(Files.readString(this.file)));
		try {
			long pid = Long.parseLong(note.getProperty("pid", ""));
			Instant started = Instant.ofEpochMilli(Long.parseLong(note.getProperty("started", "")));
			return ProcessHandle.of(pid).filter((process) -> isSame(process, started));
		}
		catch (NumberFormatException ex) {
			log.debug("Unreadable " + this.file, ex);
			return Optional.empty();
		}
	}

	private static boolean isSame(ProcessHandle process, Instant started) {
		return process.isAlive() && process.info()
			.startInstant()
			.filter((actual) -> Duration.between(actual, started).abs().compareTo(CLOCK_TOLERANCE) <= 0)
			.isPresent();
	}

}
