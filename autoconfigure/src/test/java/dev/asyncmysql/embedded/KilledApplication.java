package dev.asyncmysql.embedded;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/**
 * An application of its own JVM that writes a row, says so in a file and then waits to be
 * killed.
 */
public final class KilledApplication {

	private KilledApplication() {
	}

	public static void main(String[] args) throws Exception {
		EmbeddedMariaDb database = EmbeddedMariaDb
			.start(new EmbeddedSettings(true, Path.of(args[0]), null, 0, Duration.ofSeconds(60)));
		EmbeddedMariaDbIT.run(database, "CREATE TABLE kept (id INT PRIMARY KEY, name VARCHAR(20))");
		EmbeddedMariaDbIT.run(database, "INSERT INTO kept VALUES (1, 'gr\u00fc\u00df \ud83d\udc2c')");
		Files.writeString(Path.of(args[1]), database.process().pid() + " " + database.getPassword());
		new CountDownLatch(1).await();
	}

}
