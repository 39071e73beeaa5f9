package dev.asyncmysql.observability;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

import dev.asyncmysql.connection.ConnectionListener;
import dev.asyncmysql.connection.ExecutedStatement;
import dev.asyncmysql.connection.ExecutedStatement.Outcome;

/**
 * Adds up the time that statements take, those together that differ in their values only.
 * It keeps a bounded number of them; what comes after counts as one. Safe for use by many
 * threads.
 */
public final class TopStatements implements ConnectionListener {

	/** What all that are not kept by themselves count as. */
	static final String OTHERS = "(others)";

	private static final int MOST_DIGESTS = 500;

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
			total = this.totals.computeIfAbsent((this.totals.size() < MOST_DIGESTS) ? digest : OTHERS, Total::new);
		}
		if (sql.length() <= LONGEST_TEXT && this.texts.size() < MOST_TEXTS) {
			this.texts.put(sql, total);
		}
		return total;
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

		Figures figures() {
			return new Figures(this.digest, this.count.sum(), this.errors.sum(), this.rows.sum(),
					millis(this.nanos.sum()), millis(this.longest.get()));
		}

		private static double millis(long nanos) {
			return TimeUnit.NANOSECONDS.toMicros(nanos) / 1000.0;
		}

	}

}
