package dev.asyncmysql.library;

import java.time.Duration;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.devtools.restart.Restarter;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.r2dbc.core.DatabaseClient;

/**
 * Starts the library, has DevTools restart it some times, and says each time what it
 * found.
 */
public final class RestartedLibrary {

	private static final String GENERATION = "library.generation";

	private RestartedLibrary() {
	}

	/**
	 * Start the library.
	 * @param args properties
	 */
	public static void main(String[] args) {
		ConfigurableApplicationContext context = SpringApplication.run(LibraryApplication.class, args);
		// Kept by the JVM, as everything of the application is loaded anew.
		int generation = Integer.getInteger(GENERATION, 0) + 1;
		System.setProperty(GENERATION, String.valueOf(generation));
		String found = context.getBean(DatabaseClient.class)
			.sql("SELECT CAST(CONCAT(@@port, ' ', (SELECT COUNT(*) FROM information_schema.PROCESSLIST "
					+ "WHERE USER = SUBSTRING_INDEX(USER(), '@', 1))) AS CHAR)")
			.mapValue(String.class)
			.one()
			.blockOptional(Duration.ofSeconds(20))
			.orElseThrow();
		String loader = RestartedLibrary.class.getClassLoader().getClass().getSimpleName();
		System.out.println("generation " + generation + " " + loader + " " + found);
		if (generation < context.getEnvironment().getProperty("library.generations", Integer.class, 3)) {
			new Thread(Restarter.getInstance()::restart).start();
		}
		else {
			context.close();
			System.exit(0);
		}
	}

}
