package dev.asyncmysql.embedded;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import org.apache.commons.logging.LogFactory;

/**
 * An application of its own JVM that ends without closing its database.
 */
public final class ForgetfulApplication {

	private ForgetfulApplication() {
	}

	public static void main(String[] args) throws Exception {
		Path server = Path.of(args[0]);
		Path folder = server.resolveSibling("");
		Programs programs = new Programs(folder, server, Path.of(args[1]), folder, folder, "LD_LIBRARY_PATH", false);
		Duration limit = Duration.ofSeconds(20);
		EmbeddedMariaDb database = EmbeddedMariaDb.start(new EmbeddedSettings(true, null, null, 0, limit),
				EmbeddedMariaDb.DEFAULT_DATABASE, programs,
				new StartClock(limit, LogFactory.getLog(ForgetfulApplication.class)));
		Files.writeString(Path.of(args[2]), database.process().pid() + "\n" + database.folder());
	}

}
