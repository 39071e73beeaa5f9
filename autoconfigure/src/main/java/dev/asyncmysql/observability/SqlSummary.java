package dev.asyncmysql.observability;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dev.asyncmysql.connection.SqlDigest;

/**
 * What a statement does, in a few words: its operation, and its operations with the
 * tables that they work on. As OpenTelemetry's semantic conventions for database spans
 * have it ({@code db.operation.name}, {@code db.query.summary}), it holds no values.
 *
 * @param operation the first word in capitals, or {@code OTHER} for one that is not known
 * @param summary such as {@code SELECT account JOIN entry}, of 255 characters at most
 */
record SqlSummary(String operation, String summary) {

	static final String OTHER = "OTHER";

	private static final int LIMIT = 255;

	/** So that a tag of metrics has no more values than these. */
	private static final Set<String> OPERATIONS = Set.of("ALTER", "ANALYZE", "BEGIN", "CALL", "CHECK", "COMMIT",
			"CREATE", "DELETE", "DESC", "DESCRIBE", "DO", "DROP", "EXPLAIN", "FLUSH", "GRANT", "HANDLER", "INSERT",
			"KILL", "LOAD", "LOCK", "OPTIMIZE", "RELEASE", "RENAME", "REPLACE", "REVOKE", "ROLLBACK", "SAVEPOINT",
			"SELECT", "SET", "SHOW", "START", "TABLE", "TRUNCATE", "UNLOCK", "UPDATE", "USE", "VALUES", "WITH", "XA");

	/** What begins a part of a statement that has tables of its own. */
	private static final Set<String> VERBS = Set.of("DELETE", "INSERT", "REPLACE", "SELECT", "UPDATE");

	private static final Set<String> BEFORE_TABLES = Set.of("CALL", "DESC", "DESCRIBE", "FROM", "INSERT", "INTO",
			"JOIN", "REPLACE", "STRAIGHT_JOIN", "TABLE", "TRUNCATE", "UPDATE");

	/** What may stand between those and a table. */
	private static final Set<String> MODIFIERS = Set.of("DELAYED", "EXISTS", "FROM", "HIGH_PRIORITY", "IF", "IGNORE",
			"INTO", "LATERAL", "LOW_PRIORITY", "NOT", "ONLY", "QUICK", "TABLE");

	private static final Set<String> FILES = Set.of("OUTFILE", "DUMPFILE");

	private static final Pattern TOKEN = Pattern
		.compile("(?:`[^`]*+`|[\\w$@]++)(?:\\.(?:`[^`]*+`|[\\w$]++))*+|[^\\s\\w`]");

	/**
	 * Say what a statement does.
	 * @param sql the statement
	 * @return what can be told from its words
	 */
	static SqlSummary of(String sql) {
		String digest = SqlDigest.of(sql);
		String first = SqlDigest.operation(digest);
		String operation = OPERATIONS.contains(first) ? first : OTHER;
		return new SqlSummary(operation, new Reader(operation).read(digest));
	}

	/**
	 * Goes through the words of a statement.
	 */
	private static final class Reader {

		private final StringBuilder summary;

		/** For each open parenthesis whether it holds a query, rather than arguments. */
		private final Deque<Boolean> queries = new ArrayDeque<>();

		private boolean start = true;

		private boolean table;

		private String last = "";

		Reader(String operation) {
			this.summary = new StringBuilder(operation);
		}

		String read(String digest) {
			Matcher matcher = TOKEN.matcher(digest);
			String token = matcher.find() ? matcher.group() : "";
			while (!token.isEmpty()) {
				String next = matcher.find() ? matcher.group() : "";
				read(token, token.toUpperCase(Locale.ROOT), next);
				token = next;
			}
			return (this.summary.length() <= LIMIT) ? this.summary.toString() : this.summary.substring(0, LIMIT);
		}

		private void read(String token, String word, String next) {
			if ("(".equals(token)) {
				this.queries.push("SELECT".equalsIgnoreCase(next) || "(".equals(next) || this.start);
				this.table = false;
			}
			else if (")".equals(token)) {
				this.queries.poll();
			}
			else if (Character.isLetterOrDigit(token.charAt(0)) || "`_$@".indexOf(token.charAt(0)) >= 0) {
				word(token, word, next);
			}
			this.last = word;
		}

		private void word(String token, String word, String next) {
			boolean function = "(".equals(next) && !"INTO".equals(this.last);
			boolean verb = VERBS.contains(word) && !function && !"FOR".equals(this.last) && !"KEY".equals(this.last);
			if (verb && !this.start) {
				add(word);
			}
			if (BEFORE_TABLES.contains(word)) {
				this.table = verb || !VERBS.contains(word) && isQuery();
			}
			else if (FILES.contains(word)) {
				this.table = false;
			}
			else if (this.table && !MODIFIERS.contains(word)) {
				this.table = false;
				if (token.charAt(0) != '@') {
					add(token.replace("`", ""));
				}
			}
			this.start = false;
		}

		private boolean isQuery() {
			return !Boolean.FALSE.equals(this.queries.peek());
		}

		private void add(String word) {
			if (this.summary.length() <= LIMIT) {
				this.summary.append(' ').append(word);
			}
		}

	}

}
