package dev.asyncmysql.bulk;

import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import io.r2dbc.spi.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Takes the values out of a row.
 *
 * @param <T> the type of the row
 */
@FunctionalInterface
interface RowReader<T> {

	/**
	 * Write the values of a row, one for each column.
	 * @param row the row
	 * @param values where to
	 * @param offset where the first one goes
	 * @throws IllegalArgumentException if the row has other values than the columns need
	 */
	void read(T row, @Nullable Object[] values, int offset);

	/**
	 * Return a reader for rows that are arrays or lists of values, or maps from columns
	 * to values.
	 * @param columns the columns
	 * @param <T> the type of the rows
	 * @return the reader
	 */
	static <T> RowReader<T> plain(List<String> columns) {
		String[] names = columns.toArray(String[]::new);
		return (T row, @Nullable Object[] values, int offset) -> {
			if (row instanceof Object[] array) {
				expect(names.length, array.length);
				System.arraycopy(array, 0, values, offset, names.length);
			}
			else if (row instanceof List<?> list) {
				expect(names.length, list.size());
				int index = offset;
				for (Object value : list) {
					values[index++] = value;
				}
			}
			else if (row instanceof Map<?, ?> map) {
				read(map, names, values, offset);
			}
			else {
				throw new IllegalArgumentException("it is a " + row.getClass().getName()
						+ ", and neither an Object[], a List nor a Map: give a function that takes its values out");
			}
		};
	}

	/**
	 * Return a reader for rows of any type.
	 * @param columns the columns
	 * @param function what makes an array of values of a row
	 * @param <T> the type of the rows
	 * @return the reader
	 */
	static <T> RowReader<T> of(List<String> columns, Function<? super T, @Nullable Object[]> function) {
		int width = columns.size();
		return (T row, @Nullable Object[] values, int offset) -> {
			@Nullable Object[] array = function.apply(row);
			if (array == null) {
				throw new IllegalArgumentException("the function gave null for it");
			}
			expect(width, array.length);
			System.arraycopy(array, 0, values, offset, width);
		};
	}

	private static void read(Map<?, ?> map, String[] names, @Nullable Object[] values, int offset) {
		for (int i = 0; i < names.length; i++) {
			Object value = map.get(names[i]);
			if (value == null && !map.containsKey(names[i])) {
				throw new IllegalArgumentException(
						"it has no value for the column '" + names[i] + "', not even null, but " + map.keySet());
			}
			values[offset + i] = value;
		}
	}

	private static void expect(int columns, int values) {
		if (columns != values) {
			throw new IllegalArgumentException("it has " + values + " values for " + columns + " columns");
		}
	}

	/**
	 * Make the values of a row such that they can be bound more than once, as the search
	 * for a row that fails does, and late: whoever gives them may use their memory again
	 * for the next row.
	 * @param values where they are
	 * @param offset where the first one is
	 * @param columns how many there are
	 */
	static void settle(@Nullable Object[] values, int offset, int columns) {
		for (int i = offset; i < offset + columns; i++) {
			Object value = values[i];
			// Whatever type it declares for them, the driver sends bytes.
			Object bytes = (value instanceof Parameter parameter) ? parameter.getValue() : value;
			if (bytes instanceof ByteArrayInputStream stream) {
				values[i] = stream.readAllBytes();
			}
			else if (bytes instanceof ByteBuffer buffer) {
				values[i] = copy(buffer);
			}
			else if (bytes instanceof byte[] array) {
				values[i] = array.clone();
			}
			else if (value instanceof CharSequence text && !(text instanceof String)) {
				values[i] = text.toString();
			}
			else if (value instanceof BitSet bits) {
				values[i] = bits.clone();
			}
		}
	}

	private static byte[] copy(ByteBuffer buffer) {
		byte[] bytes = new byte[buffer.remaining()];
		buffer.duplicate().get(bytes);
		return bytes;
	}

	/**
	 * Return how large a row is.
	 * @param values where its values are
	 * @param offset where the first one is
	 * @param columns how many there are
	 * @return the sum of the sizes of its values, in bytes
	 */
	static long size(@Nullable Object[] values, int offset, int columns) {
		long bytes = 0;
		for (int i = offset; i < offset + columns; i++) {
			bytes += ValueSize.of(values[i]);
		}
		return bytes;
	}

}
