package dev.asyncmysql.embedded;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.springframework.boot.SpringApplication;

/**
 * Closes, at the end of the JVM, what nobody has closed. Spring Boot runs this after it
 * has closed the application contexts; a shutdown hook of our own would run beside that
 * and take the database from an application that is still finishing its work.
 */
final class RunningDatabases {

	private static final Set<EmbeddedMariaDb> databases = ConcurrentHashMap.newKeySet();

	static {
		SpringApplication.getShutdownHandlers().add(RunningDatabases::closeAll);
	}

	private RunningDatabases() {
	}

	static void add(EmbeddedMariaDb database) {
		databases.add(database);
	}

	static void remove(EmbeddedMariaDb database) {
		databases.remove(database);
	}

	private static void closeAll() {
		List.copyOf(databases).forEach(EmbeddedMariaDb::close);
	}

}
