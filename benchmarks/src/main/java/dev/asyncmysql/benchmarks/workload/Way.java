package dev.asyncmysql.benchmarks.workload;

/**
 * Through which of a system's interfaces a task is done.
 */
public enum Way {

	/** The driver and pool themselves: R2DBC's SPI, JDBC, the Vert.x client. */
	PLAIN,

	/** Spring's thin client: {@code DatabaseClient} or {@code JdbcClient}. */
	CLIENT,

	/** A repository of Spring Data. */
	REPOSITORY

}
