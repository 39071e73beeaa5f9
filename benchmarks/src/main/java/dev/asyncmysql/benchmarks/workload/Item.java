package dev.asyncmysql.benchmarks.workload;

import java.math.BigDecimal;

import org.jspecify.annotations.Nullable;

import org.springframework.data.annotation.Id;
import org.springframework.data.relational.core.mapping.Table;

/**
 * One row of the table {@code benchmark_item}, which is read. All columns follow from the
 * key, so that an answer can be checked without knowing anything else.
 *
 * @param id the key, from one
 * @param name the key once more, in words
 * @param quantity the key modulo 1,000
 * @param price a hundredth of the key
 */
@Table(Item.TABLE)
public record Item(@Id long id, String name, int quantity, BigDecimal price) {

	/** The table. */
	public static final String TABLE = "benchmark_item";

	/** Reads one. */
	public static final String SELECT = "SELECT id, name, quantity, price FROM " + TABLE + " WHERE id = ?";

	/** Reads a page. */
	public static final String PAGE = "SELECT id, name, quantity, price FROM " + TABLE
			+ " WHERE id >= ? ORDER BY id LIMIT " + Task.PAGE_SIZE;

	/** Reads many. */
	public static final String ROWS = "SELECT id, name, quantity, price FROM " + TABLE + " WHERE id <= " + Task.MANY;

	/** Reads all. */
	public static final String STREAM = "SELECT id, name, quantity, price FROM " + TABLE;

	private static final int DIGITS = 10;

	private static final int NAME_LENGTH = "item number 0000000000".length();

	/**
	 * Make an item, unless it is not what the table holds.
	 */
	public Item {
		check(id, name, quantity, price);
	}

	/**
	 * Make an item from columns that may be {@code null}.
	 * @param id the key
	 * @param name the name
	 * @param quantity the quantity
	 * @param price the price
	 * @return the item, which is as it has to be
	 */
	public static Item of(@Nullable Long id, @Nullable String name, @Nullable Integer quantity,
			@Nullable BigDecimal price) {
		if (id == null || name == null || quantity == null || price == null) {
			throw new IllegalStateException("A column of item %s is null".formatted(id));
		}
		return new Item(id, name, quantity, price);
	}

	/**
	 * Return this item where it is the one that was asked for.
	 * @param key the key that was asked for
	 * @return this
	 */
	public Item expect(long key) {
		if (this.id != key) {
			throw new IllegalStateException("Asked for item %d and got %d".formatted(key, this.id));
		}
		return this;
	}

	// Without a new string, which would be work beside what is measured.
	private static long number(String name) {
		long number = 0;
		for (int i = NAME_LENGTH - DIGITS; i < NAME_LENGTH; i++) {
			number = number * 10 + name.charAt(i) - '0';
		}
		return number;
	}

	private static void check(long id, String name, int quantity, BigDecimal price) {
		if (quantity != id % 1000 || name.length() != NAME_LENGTH || number(name) != id || price.scale() != 2
				|| price.unscaledValue().longValue() != id) {
			throw new IllegalStateException("Item %d is not right: '%s', %d, %s".formatted(id, name, quantity, price));
		}
	}

}
