package dev.asyncmysql.transaction;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How many transactions may be run again, so that a server which is in trouble already is
 * not given a multiple of its load: a share of those that are run, and a few a second
 * where there are not many. What is not used is kept for ten seconds. Safe for use by
 * many threads.
 */
final class RetryBudget {

	private static final int KEPT_SECONDS = 10;

	private static final double SECOND = Duration.ofSeconds(1).toNanos();

	private final double share;

	private final double perSecond;

	private final double most;

	private final LongSupplier clock;

	private double tokens;

	private long since;

	/**
	 * Create a budget.
	 * @param share number of retries for each transaction
	 * @param perSecond number of retries for each second, besides
	 * @param clock the time in nanoseconds
	 */
	RetryBudget(double share, int perSecond, LongSupplier clock) {
		this.share = share;
		this.perSecond = perSecond;
		this.most = Math.max(1, perSecond) * KEPT_SECONDS;
		this.clock = clock;
		this.tokens = perSecond;
		this.since = clock.getAsLong();
	}

	/**
	 * Note that a transaction is run for the first time.
	 */
	synchronized void run() {
		add(this.share);
	}

	/**
	 * Take one retry out of the budget.
	 * @return {@code false} where none is left
	 */
	synchronized boolean take() {
		long now = this.clock.getAsLong();
		add((now - this.since) / SECOND * this.perSecond);
		this.since = now;
		if (this.tokens < 1) {
			return false;
		}
		this.tokens--;
		return true;
	}

	private void add(double more) {
		this.tokens = Math.min(this.most, this.tokens + more);
	}

}
