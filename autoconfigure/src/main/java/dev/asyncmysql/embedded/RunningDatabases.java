package dev.asyncmysql.embedded;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.boot.SpringApplication;

/**
 * Closes, at the end of the JVM, what nobody has closed. Where Spring Boot has a shutdown
 * hook, that is done after it has closed the application contexts, so that the database
 * is not taken from an application that is still finishing its work.
 */
final class RunningDatabases {

	private static final Log log = LogFactory.getLog(EmbeddedMariaDb.class);

	private static final Duration GRACE_FOR_OTHERS = Duration.ofSeconds(2);

	private static final long POLL_MILLIS = 20;

	private static final Set<EmbeddedMariaDb> databases = ConcurrentHashMap.newKeySet();

	static {
		SpringApplication.getShutdownHandlers().add(RunningDatabases::closeAll);
		Runtime.getRuntime().addShutdownHook(new Thread(RunningDatabases::shutdown, "async-mysql-embedded-shutdown"));
	}

	private RunningDatabases() {
	}

	static void add(EmbeddedMariaDb database) {
		databases.add(database);
	}

	static void remove(EmbeddedMariaDb database) {
		databases.remove(database);
	}

	/**
	 * Close what is left, unless Spring Boot does. Its handlers run only in a JVM in
	 * which a {@code SpringApplication} has registered the shutdown hook, and hooks run
	 * beside each other, so others get a moment to begin.
	 */
	private static void shutdown() {
		long deadline = System.nanoTime() + GRACE_FOR_OTHERS.toNanos();
		while (!databases.isEmpty() && System.nanoTime() - deadline < 0) {
			if (isSpringBootShuttingDown()) {
				return;
			}
			try {
				TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
			}
			catch (InterruptedException ex) {
				log.debug("Not waiting for others any longer", ex);
				deadline = System.nanoTime();
			}
		}
		closeAll();
	}

	private static boolean isSpringBootShuttingDown() {
		try {
			SpringApplication.getShutdownHandlers().remove(RunningDatabases::nothing);
			return false;
		}
		catch (IllegalStateException ex) {
			// The handlers cannot be changed any more as soon as they are being run.
			return true;
		}
	}

	private static void nothing() {
	}

	private static void closeAll() {
		List.copyOf(databases).forEach(EmbeddedMariaDb::close);
	}

}
