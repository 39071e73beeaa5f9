package dev.asyncmysql.bulk;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How an upsert names the values that were to be inserted.
 */
enum Dialect {

	/** By a row alias, which MySQL has from 8.0.19 on. */
	ROW_ALIAS,

	/** By {@code VALUES(column)}, the only way of MariaDB, which MySQL deprecates. */
	VALUES_FUNCTION;

	private static final Pattern NUMBER = Pattern.compile("(\\d+)\\.(\\d+)\\.(\\d+).*", Pattern.DOTALL);

	/**
	 * Tell what a server understands.
	 * @param version version as the server tells it in its greeting
	 * @return {@link #ROW_ALIAS} where it is sure to
	 */
	static Dialect of(String version) {
		Matcher number = NUMBER.matcher(version);
		if (version.contains("MariaDB") || !number.matches()) {
			return VALUES_FUNCTION;
		}
		long value = Long.parseLong(number.group(1)) * 1_000_000 + Long.parseLong(number.group(2)) * 1_000
				+ Long.parseLong(number.group(3));
		return (value >= 8_000_019) ? ROW_ALIAS : VALUES_FUNCTION;
	}

}
