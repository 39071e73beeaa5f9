package dev.asyncmysql.benchmarks.workload;

/**
 * One transfer between two accounts. The lower key comes first, so that two transfers
 * wait for each other in one direction only, and no system has to repeat any.
 *
 * @param low the account that pays
 * @param high the account that is paid
 */
public record Transfer(long low, long high) {

	/** How many accounts there are. */
	public static final int ACCOUNTS = 10_000;

	/** Takes one from an account. */
	public static final String DEBIT = "UPDATE benchmark_account SET balance = balance - 1 WHERE id = ?";

	/** Adds one to an account. */
	public static final String CREDIT = "UPDATE benchmark_account SET balance = balance + 1 WHERE id = ?";

	/** Writes a transfer down. */
	public static final String INSERT = "INSERT INTO benchmark_transfer (from_account, to_account, amount) VALUES (?, ?, 1)";

	/**
	 * Choose two accounts.
	 * @param key decides which
	 * @return the transfer
	 */
	public static Transfer of(long key) {
		long low = key % (ACCOUNTS - 1) + 1;
		long distance = (key / ACCOUNTS) % (ACCOUNTS - low) + 1;
		return new Transfer(low, low + distance);
	}

}
