package dev.asyncmysql.observability;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

import dev.asyncmysql.connection.ConnectionListener;
import dev.asyncmysql.connection.ExecutedStatement;
import dev.asyncmysql.connection.ExecutedStatement.Outcome;
import dev.asyncmysql.connection.SqlDigest;

/**
 * Adds up the time that statements take, those together that differ in their values only.
 * It keeps a bounded number of them: where there are more, the half that took least
 * counts as one from then on. Safe for use by many threads; what another adds to a
 * statement at the moment that it is given up may be lost.
 */
public final class TopStatements implements ConnectionListener {

	/** What all that are not kept by themselves count as. */
	static final String OTHERS = "(others)";

	static final int MOST_DIGESTS = 500;

	/** A text that comes again is not read again. */
	private static final int MOST_TEXTS = 2000;

	/** Texts of bulk writing are long, and few are the same. */
	private static final int LONGEST_TEXT = 2000;

	private final Map<String, Total> totals = new ConcurrentHashMap<>();

	private final Map<String, Total> texts = new ConcurrentHashMap<>();

	@Override
	public void executed(ExecutedStatement statement) {
		Total known = this.texts.get(statement.sql());
		((known != null) ? known : find(statement.sql())).add(statement);
	}

	private Total find(String sql) {
		String digest = SqlDigest.of(sql);
		Total total = this.totals.get(digest);
		if (total == null) {
			if (this.totals.size() >= MOST_DIGESTS) {
				giveUpHalf();
			}
			total = this.totals.computeIfAbsent(digest, Total::new);
		}
		if (sql.length() <= LONGEST_TEXT) {
			if (this.texts.size() >= MOST_TEXTS) {
				this.texts.clear();
			}
			this.texts.put(sql, total);
		}
		return total;
	}

	// By halves, so that it is seldom where most statements are new ones.
	private synchronized void giveUpHalf() {
		if (this.totals.size() < MOST_DIGESTS) {
			return;
		}
		Total others = this.totals.computeIfAbsent(OTHERS, Total::new);
		Map<Total, Long> nanos = new HashMap<>();
		this.totals.values().forEach((total) -> nanos.put(total, (total != others) ? total.nanos() : Long.MAX_VALUE));
		List<Total> least = nanos.entrySet()
			.stream()
			.sorted(Map.Entry.comparingByValue())
			.limit(MOST_DIGESTS / 2)
			.map(Map.Entry::getKey)
			.toList();
		least.forEach((total) -> {
			this.totals.remove(total.digest);
			others.add(total);
		});
		this.texts.values().removeAll(Set.copyOf(least));
	}

	/**
	 * Return the statements that took the most time together.
	 * @param count how many, at most
	 * @return the statements, the one that took most first
	 */
	public List<Figures> top(int count) {
		return this.totals.values()
			.stream()
			.map(Total::figures)
			.sorted(Comparator.comparingDouble(Figures::totalMillis).reversed())
			.limit(count)
			.toList();
	}

	/**
	 * What statements that differ in their values only came to.
	 *
	 * @param statement their text without values
	 * @param count how many were executed
	 * @param errors how many of them have failed
	 * @param rows rows that they gave or changed
	 * @param totalMillis milliseconds that they took together
	 * @param maxMillis milliseconds that the longest took
	 */
	public record Figures(String statement, long count, long errors, long rows, double totalMillis, double maxMillis) {

	}

	private static final class Total {

		private final String digest;

		private final LongAdder count = new LongAdder();

		private final LongAdder errors = new LongAdder();

		private final LongAdder rows = new LongAdder();

		private final LongAdder nanos = new LongAdder();

		private final AtomicLong longest = new AtomicLong();

		Total(String digest) {
			this.digest = digest;
		}

		void add(ExecutedStatement statement) {
			this.count.increment();
			if (statement.outcome() == Outcome.ERROR) {
				this.errors.increment();
			}
			this.rows.add(statement.rows());
			this.nanos.add(statement.nanos());
			if (statement.nanos() > this.longest.get()) {
				this.longest.accumulateAndGet(statement.nanos(), Math::max);
			}
		}

		void add(Total other) {
			this.count.add(other.count.sum());
			this.errors.add(other.errors.sum());
			this.rows.add(other.rows.sum());
			this.nanos.add(other.nanos.sum());
			this.longest.accumulateAndGet(other.longest.get(), Math::max);
		}

		long nanos() {
			return this.nanos.sum();
		}

		Figures figures() {
			return new Figures(this.digest, this.count.sum(), this.errors.sum(), this.rows.sum(),
					millis(this.nanos.sum()), millis(this.longest.get()));
		}

		private static double millis(long nanos) {
			return TimeUnit.NANOSECONDS.toMicros(nanos) / 1000.0;
		}

	}

}
