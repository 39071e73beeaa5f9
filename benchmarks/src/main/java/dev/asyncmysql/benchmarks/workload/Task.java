package dev.asyncmysql.benchmarks.workload;

import java.util.List;

/**
 * What is done, whichever system does it.
 */
public enum Task {

	/** Reads one row by its key. */
	SELECT,

	/** Reads 100 rows in the order of their keys. */
	PAGE,

	/** Reads 10,000 rows. */
	ROWS,

	/** Reads every row of the table. */
	STREAM,

	/** Writes one row. */
	INSERT,

	/** Moves money: two updates and an insert in one transaction. */
	TRANSACTION,

	/** Writes 10,000 rows in one transaction. */
	BULK,

	/** Takes a connection from the pool and gives it back. */
	ACQUIRE,

	/** Asks for the number one. */
	LIMIT,

	/** Reads an account over HTTP. */
	HTTP_READ,

	/** Transfers money over HTTP. */
	HTTP_TRANSFER;

	/** How many rows {@link #PAGE} reads. */
	public static final int PAGE_SIZE = 100;

	/** How many rows {@link #ROWS} reads and {@link #BULK} writes. */
	public static final int MANY = 10_000;

	/**
	 * Return what the server has to execute before each measurement, so that all find the
	 * same.
	 * @return statements, not counted
	 */
	public List<String> preparation() {
		return switch (this) {
			case INSERT, BULK -> List.of("TRUNCATE TABLE benchmark_entry");
			case TRANSACTION -> List.of("TRUNCATE TABLE benchmark_transfer");
			case HTTP_TRANSFER -> List.of("SET FOREIGN_KEY_CHECKS = 0", "TRUNCATE TABLE entry",
					"TRUNCATE TABLE transfer", "SET FOREIGN_KEY_CHECKS = 1");
			default -> List.of();
		};
	}

	/**
	 * Return what counts the rows that were written.
	 * @return a query with one number, or an empty string where nothing is written
	 */
	public String written() {
		return switch (this) {
			case INSERT, BULK -> "SELECT COUNT(*) FROM benchmark_entry";
			// What was taken from one account has come to another.
			case TRANSACTION ->
				"SELECT COUNT(*) + (SELECT SUM(balance) FROM benchmark_account) FROM benchmark_transfer";
			case HTTP_TRANSFER -> "SELECT COUNT(*) FROM transfer";
			default -> "";
		};
	}

	/**
	 * Return how many keys there are to choose from.
	 * @param tableRows how many rows the table {@code benchmark_item} has
	 * @return the highest key that a whole answer can begin with
	 */
	public int keys(int tableRows) {
		return (this == PAGE) ? tableRows - PAGE_SIZE + 1 : tableRows;
	}

	/**
	 * Return the key of the first of several rows, which come in the order of their keys.
	 * @param key the key that was asked for
	 * @return the key, or 0 where no rows come in order
	 */
	public long firstOf(long key) {
		return switch (this) {
			case PAGE -> key;
			case ROWS, STREAM -> 1;
			default -> 0;
		};
	}

	/**
	 * Return how many rows each operation reads or writes.
	 * @param tableRows how many the table {@code benchmark_item} has
	 * @return rows an operation
	 */
	public int rowsPerOperation(int tableRows) {
		return switch (this) {
			case SELECT, INSERT, TRANSACTION, LIMIT, HTTP_READ, HTTP_TRANSFER -> 1;
			case PAGE -> PAGE_SIZE;
			case ROWS, BULK -> MANY;
			case STREAM -> tableRows;
			case ACQUIRE -> 0;
		};
	}

}
