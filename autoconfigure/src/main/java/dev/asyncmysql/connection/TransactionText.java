package dev.asyncmysql.connection;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dev.asyncmysql.connection.Exchange.Kind;
import org.jspecify.annotations.Nullable;

/**
 * What a text does to the transaction that it is in. What is not known may commit it:
 * then the transaction is not run again, and that is all. Of several statements in one
 * text the semicolons are looked for, also in what is quoted, which errs on the same
 * side.
 *
 * @param kind what it is to those who would stop or refuse it
 * @param committing its beginning, where it commits the transaction or may do so, without
 * values; otherwise {@code null}
 * @param surely whether it commits, also where it fails
 * @see <a href="https://dev.mysql.com/doc/refman/9.7/en/implicit-commit.html">Statements
 * That Cause an Implicit Commit</a>
 */
record TransactionText(Kind kind, @Nullable String committing, boolean surely) {

	/** For a plain query or write. */
	static final TransactionText PLAIN = new TransactionText(Kind.STATEMENT, null, false);

	private static final TransactionText UNDOING = new TransactionText(Kind.UNDO, null, false);

	private static final Pattern COMMENT = Pattern.compile("/\\*(?!!).*?\\*/|#[^\\n]*|--(?=\\s)[^\\n]*",
			Pattern.DOTALL);

	private static final Pattern WORDS = Pattern.compile("[\\s(]*(\\w+)(?:\\s+(\\w+))?(?:\\s+(\\w+))?.*",
			Pattern.DOTALL);

	private static final Set<String> COMMITTING = Set.of("BEGIN", "START", "CREATE", "ALTER", "DROP", "TRUNCATE",
			"RENAME", "GRANT", "REVOKE", "LOCK", "ANALYZE", "OPTIMIZE", "REPAIR", "CACHE", "INSTALL", "UNINSTALL");

	private static final Set<String> HARMLESS = Set.of("SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH",
			"SHOW", "SAVEPOINT", "RELEASE", "EXPLAIN", "DESCRIBE", "DESC", "SIGNAL", "DO", "VALUES", "TABLE", "USE",
			"HELP", "KILL");

	/**
	 * Tell what a text does.
	 * @param sql one statement or several
	 * @return what it does
	 */
	static TransactionText of(String sql) {
		if (SqlEffect.isPlain(sql)) {
			return PLAIN;
		}
		TransactionText all = PLAIN;
		for (String statement : COMMENT.matcher(sql).replaceAll(" ").split(";")) {
			Matcher words = WORDS.matcher(statement);
			if (words.matches()) {
				all = all.and(ofOne(word(words, 1), word(words, 2), word(words, 3), statement));
			}
			else if (!statement.isBlank()) {
				all = all.and(new TransactionText(Kind.STATEMENT, "…", false));
			}
		}
		return all;
	}

	private static String word(Matcher words, int group) {
		String word = words.group(group);
		return (word != null) ? word.toUpperCase(Locale.ROOT) : "";
	}

	private static TransactionText ofOne(String first, String second, String third, String statement) {
		boolean harmless = HARMLESS.contains(first) || second.equals("TEMPORARY")
				|| (first.equals("SET") && !statement.toUpperCase(Locale.ROOT).contains("AUTOCOMMIT"));
		if (harmless) {
			return PLAIN;
		}
		if (first.equals("ROLLBACK")) {
			return (second.equals("TO") || third.equals("TO")) ? UNDOING
					: new TransactionText(Kind.ROLLBACK, first, false);
		}
		String beginning = (first + " " + second).strip();
		return first.equals("COMMIT") ? new TransactionText(Kind.COMMIT, beginning, true)
				: new TransactionText(Kind.STATEMENT, beginning, COMMITTING.contains(first));
	}

	/**
	 * Return what this and another one do.
	 * @param other the other one
	 * @return the stronger of each
	 */
	TransactionText and(TransactionText other) {
		Kind stronger = (this.kind == Kind.COMMIT || other.kind == Kind.STATEMENT) ? this.kind
				: (this.kind == Kind.STATEMENT || other.kind == Kind.COMMIT) ? other.kind : this.kind;
		return new TransactionText(stronger, (this.committing != null) ? this.committing : other.committing,
				this.surely || other.surely);
	}

}
