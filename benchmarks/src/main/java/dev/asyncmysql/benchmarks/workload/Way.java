package dev.asyncmysql.benchmarks.workload;

import java.util.List;

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
	 * Return the interfaces that are not for bulk writing alone.
	 * @return the interfaces
	 */
	static List<Way> general() {
		return List.of(PLAIN, CLIENT, REPOSITORY);
	}

}
