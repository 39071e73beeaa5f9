package dev.asyncmysql.bulk;

import java.util.Locale;

import org.springframework.util.Assert;

/**
 * Names of tables and columns as they go into SQL.
 *
 * @see <a href="https://dev.mysql.com/doc/refman/9.7/en/identifiers.html">Schema Object
 * Names</a>
 */
final class Identifiers {

	private static final int LONGEST = 64;

	private Identifiers() {
	}

	/**
	 * Quote a name.
	 * @param name the name
	 * @return the name between backticks, any backtick in it doubled
	 * @throws IllegalArgumentException if no table or column can have that name
	 */
	static String quote(String name) {
		Assert.hasText(name, "A name of a table or column must not be empty");
		Assert.isTrue(name.length() <= LONGEST, () -> "The name '" + name + "' is longer than 64 characters");
		Assert.isTrue(isAllowed(name), () -> "The name '" + name
				+ "' holds a character that no table or column can have, or ends with a space");
		return '`' + name.replace("`", "``") + '`';
	}

	/**
	 * Quote the name of a table.
	 * @param table the name, after that of its schema and a dot where it is not in the
	 * connection's
	 * @return the names between backticks
	 * @throws IllegalArgumentException if no table can have that name
	 */
	static String quoteTable(String table) {
		int dot = table.indexOf('.');
		return (dot < 0) ? quote(table) : quote(table.substring(0, dot)) + '.' + quote(table.substring(dot + 1));
	}

	/**
	 * Return whether two names are those of one column.
	 * @param one a name
	 * @param other another name
	 * @return {@code true} also where they differ in case
	 */
	static boolean isSameColumn(String one, String other) {
		return one.toLowerCase(Locale.ROOT).equals(other.toLowerCase(Locale.ROOT));
	}

	private static boolean isAllowed(String name) {
		return name.chars().noneMatch((c) -> c == 0 || Character.isSurrogate((char) c)) && !name.endsWith(" ");
	}

}
