package dev.asyncmysql.bulk;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.time.temporal.TemporalAccessor;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;

import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import io.r2dbc.spi.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * How many bytes a bound value takes in a statement, never too few: in the text protocol
 * a string is quoted and escaped and binary data is in hexadecimal, in the binary one a
 * value has a type and a length.
 */
final class ValueSize {

	/** A type, and a length that takes up to nine bytes; more than quotes do. */
	private static final int FRAME = 12;

	/** Of types that are not known here, which a codec of the application's writes. */
	private static final int UNKNOWN = 1024;

	private ValueSize() {
	}

	/**
	 * Estimate a value.
	 * @param value the value
	 * @return an upper bound in bytes
	 * @throws IllegalArgumentException if the value is one whose size only shows when it
	 * is read
	 */
	static long of(@Nullable Object value) {
		if (value instanceof String text) {
			return FRAME + of(text);
		}
		if (value == null || value instanceof Long || value instanceof Integer || value instanceof Boolean
				|| value instanceof Short || value instanceof Byte) {
			return 2 * FRAME;
		}
		if (value instanceof BigDecimal number) {
			return 2 * FRAME + number.precision();
		}
		if (value instanceof LocalDate || value instanceof Double || value instanceof Float) {
			return 3 * FRAME;
		}
		return ofOther(value);
	}

	private static long ofOther(Object value) {
		if (value instanceof byte[] bytes) {
			return FRAME + 2L * bytes.length;
		}
		if (value instanceof ByteBuffer bytes) {
			return FRAME + 2L * bytes.remaining();
		}
		if (value instanceof CharSequence text) {
			return FRAME + of(text);
		}
		if (value instanceof Enum<?> constant) {
			return FRAME + of(constant.name());
		}
		if (value instanceof BigInteger number) {
			return FRAME + number.bitLength() / 3 + 2;
		}
		if (value instanceof TemporalAccessor) {
			return 6 * FRAME;
		}
		if (value instanceof BitSet bits) {
			return FRAME + bits.length();
		}
		if (value instanceof CharSequence[] texts) {
			return Arrays.stream(texts).mapToLong((text) -> 1 + of(text)).sum() + FRAME;
		}
		if (value instanceof Collection<?> values) {
			return values.stream().mapToLong(ValueSize::of).sum() + FRAME;
		}
		if (value instanceof Parameter parameter) {
			return of(parameter.getValue());
		}
		if (value instanceof Blob || value instanceof Clob) {
			throw new IllegalArgumentException(
					"a Blob or Clob tells its size only when it is read: give a byte[] or a String instead");
		}
		return UNKNOWN;
	}

	// What is escaped takes two bytes, and so does what is not ASCII at the least.
	private static long of(CharSequence text) {
		int length = text.length();
		long bytes = length;
		for (int i = 0; i < length; i++) {
			char c = text.charAt(i);
			if (c < ' ' || c == '\'' || c == '\\' || c == '"' || c > '~') {
				bytes += (c > '\u07ff') ? 2 : 1;
			}
		}
		return bytes;
	}

}
