package dev.asyncmysql.benchmarks.workload;

import java.math.BigDecimal;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

import org.jspecify.annotations.Nullable;

import org.springframework.data.annotation.Id;
import org.springframework.data.relational.core.mapping.Table;

/**
 * One row of the table {@code benchmark_entry}, which is written.
 *
 * @param id the key that the database chooses, {@code null} until then
 * @param name a name
 * @param quantity a number
 * @param price some money
 */
@Table("benchmark_entry")
public record Entry(@Id @Nullable Long id, String name, int quantity, BigDecimal price) {

	/** Writes one. */
	public static final String INSERT = "INSERT INTO benchmark_entry (name, quantity, price) VALUES (?, ?, ?)";

	/**
	 * How many rows one statement writes where a system leaves the number to its user.
	 */
	public static final int CHUNK = 1000;

	/** Writes {@link #CHUNK}. */
	public static final String INSERT_CHUNK = "INSERT INTO benchmark_entry (name, quantity, price) VALUES "
			+ IntStream.range(0, CHUNK).mapToObj((row) -> "(?, ?, ?)").collect(Collectors.joining(", "));

	/**
	 * Make an entry that is not in the table yet.
	 * @param key decides what it holds
	 * @return the entry
	 */
	public static Entry of(long key) {
		return new Entry(null, "entry number " + key, (int) (key % 1000), BigDecimal.valueOf(key, 2));
	}

	/**
	 * Make as many entries as one bulk operation writes.
	 * @param key decides what they hold
	 * @return the entries
	 */
	public static List<Entry> many(long key) {
		return LongStream.range(key, key + Task.MANY).mapToObj(Entry::of).toList();
	}

	/**
	 * Complain unless as many rows were written as there had to be.
	 * @param expected rows
	 * @param written rows
	 * @return the number of rows
	 */
	public static long expect(long expected, long written) {
		if (written != expected) {
			throw new IllegalStateException("Wrote %d rows and not %d".formatted(written, expected));
		}
		return written;
	}

}
