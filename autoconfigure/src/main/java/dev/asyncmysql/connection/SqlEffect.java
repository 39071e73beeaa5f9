package dev.asyncmysql.connection;

/**
 * What the text of a statement does to the session beyond the statement itself, from the
 * least to the most that has to be done about it. Where a text is not understood, it is
 * taken for one that changes the session: the next borrower of the connection is safe,
 * and the price is one connection.
 * <p>
 * What code inside the server does cannot be told from a text. {@code CALL} is known to
 * run such code; a stored function or a trigger looks like any other expression or table,
 * and is not told at all.
 *
 * @see <a href="https://dev.mysql.com/doc/refman/9.7/en/sql-statements.html">SQL
 * Statements</a>
 */
enum SqlEffect {

	/**
	 * Nothing that lasts, or a transaction, which the server's status tells.
	 */
	NONE,

	/**
	 * Whatever the code does that it runs and does not show: {@code CALL}, and MariaDB's
	 * compound statements and {@code EXECUTE IMMEDIATE}.
	 */
	OPAQUE,

	/**
	 * A change that lasts as long as the session: a variable, another default schema, a
	 * temporary table, a lock that no transaction ends, a prepared statement.
	 */
	SESSION;

	private static final String[] PLAIN = { "SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH" };

	/**
	 * Tell what a text does. Takes no lock and keeps nothing; the time is linear in the
	 * length of the text.
	 * @param sql one statement or several, as they are sent
	 * @return the effect of all of them together
	 */
	static SqlEffect of(String sql) {
		return isPlain(sql) ? NONE : SqlScan.effect(sql);
	}

	/**
	 * Return the effect of this and another one together.
	 * @param other the other one
	 * @return the stronger one
	 */
	SqlEffect and(SqlEffect other) {
		return (compareTo(other) >= 0) ? this : other;
	}

	// A single query or write changes the session only where it assigns a user variable,
	// by := or INTO @, or calls a function that takes a lock, whose name holds _LOCK.
	// Where the text holds none of these, quoted or not, there is nothing to understand,
	// and these searches are several times as fast as reading it.
	/**
	 * Tell at a glance that a text changes nothing beyond the statement itself.
	 * @param sql one statement or several
	 * @return {@code false} where it has to be read
	 */
	static boolean isPlain(String sql) {
		int start = skipIntroduction(sql);
		return startsPlainly(sql, start) && isSingle(sql, start) && sql.indexOf(":=", start) < 0 && !assigns(sql, start)
				&& !namesLock(sql, 'K', start) && !namesLock(sql, 'k', start);
	}

	/**
	 * Return where the first statement of a text begins.
	 * @param sql the text
	 * @return index of what follows white space, plain comments and parentheses
	 */
	static int skipIntroduction(String sql) {
		int end = sql.length();
		int start = 0;
		while (start < end) {
			if (sql.charAt(start) <= ' ' || sql.charAt(start) == '(') {
				start++;
			}
			else if (sql.startsWith("/* ", start)) {
				int close = sql.indexOf("*/", start + 2);
				start = (close < 0) ? end : close + 2;
			}
			else {
				return start;
			}
		}
		return start;
	}

	private static boolean startsPlainly(String sql, int start) {
		for (String verb : PLAIN) {
			if (sql.regionMatches(true, start, verb, 0, verb.length())) {
				return true;
			}
		}
		return false;
	}

	private static boolean isSingle(String sql, int start) {
		int semicolon = sql.indexOf(';', start);
		return semicolon < 0 || isBlank(sql, semicolon + 1);
	}

	private static boolean isBlank(String sql, int start) {
		int rest = start;
		while (rest < sql.length() && sql.charAt(rest) <= ' ') {
			rest++;
		}
		return rest == sql.length();
	}

	// An at sign with another one behind it begins a system variable.
	private static boolean assigns(String sql, int start) {
		for (int at = sql.indexOf('@', start); at >= 0; at = sql.indexOf('@', at + 1)) {
			if (sql.startsWith("@", at + 1)) {
				at++;
			}
			else if (SqlLexer.mayAssign(sql, at)) {
				return true;
			}
		}
		return false;
	}

	private static boolean namesLock(String sql, char lastLetter, int start) {
		for (int at = sql.indexOf(lastLetter, start); at >= 0; at = sql.indexOf(lastLetter, at + 1)) {
			if ((sql.charAt(at - 1) & ~0x20) == 'C' && sql.regionMatches(true, at - 4, "_LOC", 0, 4)) {
				return true;
			}
		}
		return false;
	}

}
