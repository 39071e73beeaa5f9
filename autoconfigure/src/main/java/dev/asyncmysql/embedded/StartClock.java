package dev.asyncmysql.embedded;

import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

import org.apache.commons.logging.Log;

/**
 * Bounds a start in time and tells from time to time what it waits for.
 */
final class StartClock {

	static final Duration REPORT_INTERVAL = Duration.ofSeconds(5);

	private final Log log;

	private final LongSupplier nanoTime;

	private final long started;

	private final Duration limit;

	private Duration nextReport = REPORT_INTERVAL;

	StartClock(Duration limit, Log log) {
		this(limit, log, System::nanoTime);
	}

	StartClock(Duration limit, Log log, LongSupplier nanoTime) {
		this.limit = limit;
		this.log = log;
		this.nanoTime = nanoTime;
		this.started = nanoTime.getAsLong();
	}

	Duration limit() {
		return this.limit;
	}

	Duration elapsed() {
		return Duration.ofNanos(this.nanoTime.getAsLong() - this.started);
	}

	/**
	 * Return how long the caller may wait before it calls {@link #check} again.
	 * @return milliseconds, at least one
	 */
	long nextWaitMillis() {
		Duration elapsed = elapsed();
		Duration untilReport = this.nextReport.minus(elapsed);
		Duration untilLimit = this.limit.minus(elapsed);
		Duration wait = (untilReport.compareTo(untilLimit) < 0) ? untilReport : untilLimit;
		return Math.max(1, wait.toMillis());
	}

	/**
	 * Log a line where one is due.
	 * @param activity what is being waited for
	 * @throws TimeoutException if the time is up
	 */
	void check(String activity) throws TimeoutException {
		Duration elapsed = elapsed();
		if (elapsed.compareTo(this.limit) >= 0) {
			throw new TimeoutException(activity + ": not done after " + seconds(this.limit));
		}
		if (elapsed.compareTo(this.nextReport) >= 0) {
			this.log.info("Embedded MariaDB: still %s after %s".formatted(activity, seconds(elapsed)));
			this.nextReport = elapsed.plus(REPORT_INTERVAL);
		}
	}

	static String seconds(Duration duration) {
		return "%.1f s".formatted(duration.toMillis() / 1000.0);
	}

}
