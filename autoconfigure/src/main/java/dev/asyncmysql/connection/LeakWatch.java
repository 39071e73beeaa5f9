package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Reports connections that are lent for longer than a threshold: once each, and once more
 * when such a one is given back after all. A lease costs no timer; somebody has to call
 * {@link #inspect} from time to time. All methods may be called from any thread, and none
 * blocks.
 */
final class LeakWatch {

	private static final Log logger = LogFactory.getLog(LeakWatch.class);

	/** Enough of a statement to find it; statements of bulk writing are far longer. */
	private static final int TEXT_LIMIT = 500;

	private final Duration threshold;

	private final boolean withCallSite;

	private final String prefix;

	private final Set<Lease> leases = ConcurrentHashMap.newKeySet();

	private final LongAdder leaks = new LongAdder();

	/**
	 * Create a watch.
	 * @param threshold the time after which a lent connection is reported
	 * @param withCallSite whether leases are told their call sites
	 * @param prefix prefix of the properties, for messages
	 */
	LeakWatch(Duration threshold, boolean withCallSite, String prefix) {
		this.threshold = threshold;
		this.withCallSite = withCallSite;
		this.prefix = prefix;
	}

	boolean isWithCallSite() {
		return this.withCallSite;
	}

	/**
	 * Return how many connections were reported.
	 * @return a number that only grows
	 */
	long leaks() {
		return this.leaks.sum();
	}

	/**
	 * Note that a connection is lent from now on.
	 * @param id the server's identifier of the connection, where it is known
	 * @return what to tell of its use
	 */
	Lease lent(@Nullable Long id) {
		Lease lease = new Lease(id);
		this.leases.add(lease);
		return lease;
	}

	/**
	 * Note that a connection is given back.
	 * @param lease its lease; only the first call counts
	 */
	void returned(Lease lease) {
		this.leases.remove(lease);
		if (lease.state.getAndSet(State.RETURNED) == State.REPORTED) {
			logger.info("%s that had been reported as held for too long was given back after %d ms"
				.formatted(lease.name(), lease.age(System.nanoTime()).toMillis()));
		}
	}

	/**
	 * Report what has been lent for too long.
	 * @param now the time, as of {@link System#nanoTime()}
	 */
	void inspect(long now) {
		for (Lease lease : this.leases) {
			Duration age = lease.age(now);
			if (age.compareTo(this.threshold) >= 0 && lease.state.compareAndSet(State.LENT, State.REPORTED)) {
				logger.warn(report(lease, age));
				this.leaks.increment();
			}
		}
	}

	private String report(Lease lease, Duration age) {
		String statement = lease.statement;
		return SqlDigest
			.oneLine("%s has been held for %d ms, longer than %d ms (%s.pool.leak-detection-threshold). %s. %s. %s"
				.formatted(lease.name(), age.toMillis(), this.threshold.toMillis(), this.prefix,
						(statement != null) ? "Its last statement: " + digest(statement)
								: "No statement was made on it",
						this.withCallSite ? "It was taken " + lease.callSite
								: this.prefix + ".pool.leak-detection-call-site=true tells where it was taken",
						"Close it in every case, as Mono.usingWhen does, keep transactions and streams short, or raise the threshold"));
	}

	// A literal of a text may be a secret, as a value is that is bound.
	private static String digest(String statement) {
		return SqlDigest.of(statement) + ((statement.length() >= TEXT_LIMIT) ? "…" : "");
	}

	/**
	 * How far the use of a connection has come.
	 */
	private enum State {

		LENT, REPORTED, RETURNED

	}

	/**
	 * The use of one connection by one caller.
	 */
	static final class Lease {

		private final @Nullable Long id;

		private final long since = System.nanoTime();

		private final AtomicReference<State> state = new AtomicReference<>(State.LENT);

		private volatile @Nullable String statement;

		private volatile @Nullable CallSite callSite;

		private Lease(@Nullable Long id) {
			this.id = id;
		}

		/**
		 * Note the text of a statement, which is told without its literals.
		 * @param sql the text
		 */
		void note(String sql) {
			this.statement = (sql.length() <= TEXT_LIMIT) ? sql : sql.substring(0, TEXT_LIMIT);
		}

		void note(CallSite callSite) {
			this.callSite = callSite;
		}

		@Override
		public boolean equals(@Nullable Object other) {
			return this == other;
		}

		// Cheaper than an object's own, which would be most of what a lease costs.
		@Override
		public int hashCode() {
			return Long.hashCode(this.since);
		}

		private String name() {
			return (this.id != null) ? "Connection " + this.id : "A connection";
		}

		private Duration age(long now) {
			return Duration.ofNanos(Math.max(0, now - this.since));
		}

	}

}
