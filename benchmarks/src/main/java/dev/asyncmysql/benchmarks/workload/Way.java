package dev.asyncmysql.benchmarks.workload;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Through which of a system's interfaces a task is done.
 */
public enum Way {

	/** The driver and pool themselves: R2DBC's SPI, JDBC, the Vert.x client. */
	PLAIN,

	/** Spring's thin client: {@code DatabaseClient} or {@code JdbcClient}. */
	CLIENT,

	/** A repository of Spring Data. */
	REPOSITORY,

	/** The bulk writer of this project, rows given as arrays. */
	BULK_ROWS,

	/** The bulk writer of this project, rows given as entities of Spring Data. */
	BULK_ENTITIES;

	/**
	 * Return the interface with a name.
	 * @param id the name, as on the command line
	 * @return the interface
	 */
	public static Way of(String id) {
		return Stream.of(values())
			.filter((way) -> way.id().equals(id))
			.findFirst()
			.orElseThrow(() -> new IllegalArgumentException("There is no way '%s'".formatted(id)));
	}

	/**
	 * Return its name on the command line and in reports.
	 * @return the name
	 */
	public String id() {
		return name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	/**
	 * Return the interfaces that are not for bulk writing alone.
	 * @return the interfaces
	 */
	static List<Way> general() {
		return List.of(PLAIN, CLIENT, REPOSITORY);
	}

}
