package dev.asyncmysql.bulk;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.r2dbc.spi.Parameter;
import io.r2dbc.spi.Statement;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;

/**
 * The rows of one statement, or what the source ended with.
 *
 * @param <T> the type of the rows
 */
final class Chunk<T> {

	private final int columns;

	private final long first;

	private final @Nullable Throwable failure;

	private final List<T> rows;

	private @Nullable Object[] values;

	private int size;

	private long bytes;

	private List<Long> keys = List.of();

	Chunk(int columns, long first, int capacity) {
		this(columns, first, new Object[Math.max(1, capacity) * columns], null);
	}

	private Chunk(int columns, long first, @Nullable Object[] values, @Nullable Throwable failure) {
		this.columns = columns;
		this.first = first;
		this.values = values;
		this.failure = failure;
		this.rows = new ArrayList<>(0);
	}

	static <T> Chunk<T> failed(Throwable failure) {
		return new Chunk<>(0, 0, new Object[0], failure);
	}

	/**
	 * Make room for one more row.
	 * @return where its values go in {@link #values()}
	 */
	int reserve() {
		int offset = this.size * this.columns;
		if (this.values.length < offset + this.columns) {
			this.values = Arrays.copyOf(this.values, Math.max(offset + this.columns, this.values.length * 2));
		}
		return offset;
	}

	@Nullable Object[] values() {
		return this.values;
	}

	/**
	 * Take the row in whose values were written where there was room.
	 * @param row the row itself, or {@code null} where it is not needed any more
	 * @param rowBytes how large it is
	 */
	void accept(@Nullable T row, long rowBytes) {
		if (row != null) {
			this.rows.add(row);
		}
		this.size++;
		this.bytes += rowBytes;
	}

	/**
	 * Return how many rows these are.
	 * @return the number
	 */
	int size() {
		return this.size;
	}

	long bytes() {
		return this.bytes;
	}

	/**
	 * Give the last rows to a chunk of their own.
	 * @param remaining how many rows stay
	 * @param overhead what a row takes besides its values
	 * @return the chunk of the others, possibly an empty one
	 */
	Chunk<T> split(int remaining, int overhead) {
		Chunk<T> rest = new Chunk<>(this.columns, this.first + remaining, remaining);
		for (int i = remaining; i < this.size; i++) {
			int offset = rest.reserve();
			System.arraycopy(this.values, i * this.columns, rest.values, offset, this.columns);
			long rowBytes = RowReader.size(rest.values, offset, this.columns) + overhead;
			rest.accept(this.rows.isEmpty() ? null : this.rows.get(i), rowBytes);
			this.bytes -= rowBytes;
		}
		if (!this.rows.isEmpty()) {
			this.rows.subList(remaining, this.size).clear();
		}
		this.size = remaining;
		return rest;
	}

	/**
	 * Return the index of the first row in the source.
	 * @return the index, counted from 0
	 */
	long first() {
		return this.first;
	}

	/**
	 * Return the index of the last row in the source.
	 * @return the index, counted from 0
	 */
	long last() {
		return this.first + this.size - 1;
	}

	@Nullable Throwable failure() {
		return this.failure;
	}

	List<T> rows() {
		return this.rows;
	}

	List<Long> keys() {
		return this.keys;
	}

	void keys(List<Long> generated) {
		this.keys = generated;
	}

	/**
	 * Bind the values of some of the rows.
	 * @param statement a statement with as many placeholders
	 * @param from the first of the rows
	 * @param to the one behind the last
	 * @param names names of the columns, for messages
	 * @return the statement
	 * @throws RefusedRowException if the driver cannot send a value
	 */
	Statement bind(Statement statement, int from, int to, List<String> names) {
		int offset = from * this.columns;
		int count = to * this.columns - offset;
		for (int i = 0; i < count; i++) {
			Object value = this.values[offset + i];
			try {
				bind(statement, i, value);
			}
			catch (Throwable ex) {
				Exceptions.throwIfJvmFatal(ex);
				throw new RefusedRowException(this.first + (offset + i) / this.columns, names.get(i % this.columns),
						"the driver refuses a value of the type "
								+ ((value != null) ? value.getClass().getName() : "null"),
						ex);
			}
		}
		return statement;
	}

	private static void bind(Statement statement, int index, @Nullable Object value) {
		if (value == null) {
			statement.bindNull(index, Object.class);
		}
		else if (value instanceof Parameter parameter && parameter.getValue() == null) {
			statement.bindNull(index, parameter.getType().getJavaType());
		}
		else {
			statement.bind(index, value);
		}
	}

}
