package dev.asyncmysql.connection;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A statement in one line and without its values, as MySQL's own digests: literals become
 * {@code ?}, lists of them shrink, comments go. What looks like a literal is hidden, also
 * where the server's {@code sql_mode} has it otherwise; behind a literal whose end
 * depends on that mode, nothing is told.
 */
public final class SqlDigest {

	/** Enough of a statement to find it. */
	private static final int LIMIT = 1000;

	/** How far a long statement is read; the rest of a bulk insert tells nothing. */
	private static final int READ = 16 * 1024;

	/** What would begin another line in a log, or rule the terminal that shows it. */
	private static final Pattern BLANKS = Pattern.compile("[\\s\\p{Cc}\\p{Zl}\\p{Zp}]++");

	/** What servers and this class may see the end of a comment differently for. */
	private static final Pattern DELIMITER = Pattern.compile("['\"`#]|--|/\\*");

	private static final Pattern LIST = Pattern.compile("\\?(?: ?, ?\\?)++");

	private static final Pattern ROWS = Pattern.compile("(\\(\\?(?:, …)?\\))(?: ?, ?\\1)++");

	private final String sql;

	private final int end;

	private final StringBuilder out = new StringBuilder();

	private int at;

	private boolean several;

	private boolean ambiguous;

	private boolean conditional;

	private SqlDigest(String sql) {
		this.sql = sql;
		this.end = Math.min(sql.length(), READ);
	}

	/**
	 * Hide the values of a statement.
	 * @param sql the statement
	 * @return its text in one line, cut after 1000 characters
	 */
	public static String of(String sql) {
		SqlDigest digest = new SqlDigest(sql);
		digest.read();
		if (digest.ambiguous) {
			digest.out.append(" …");
		}
		String text = ROWS.matcher(LIST.matcher(digest.out.toString().strip()).replaceAll("?, …")).replaceAll("$1, …");
		boolean cut = text.length() > LIMIT || sql.length() > READ;
		return cut ? text.substring(0, Math.min(text.length(), LIMIT)) + "…" : text;
	}

	/**
	 * Return whether a text holds more than one statement, or may do so.
	 * @param sql the text
	 * @return {@code false} where nothing but blanks and comments follows a semicolon,
	 * and none of the comments is one that servers execute
	 */
	public static boolean isSeveral(String sql) {
		SqlDigest digest = new SqlDigest(sql);
		digest.read();
		return digest.several || digest.ambiguous || digest.conditional || sql.length() > READ;
	}

	/**
	 * Make one line of a text, whatever its author or the server has put in.
	 * @param text the text
	 * @return the text with a blank for each run of white space and control characters
	 */
	public static String oneLine(String text) {
		return BLANKS.matcher(text.strip()).replaceAll(" ");
	}

	/**
	 * Return the word that a statement begins with.
	 * @param digest the statement, without comments
	 * @return the word in capitals
	 */
	public static String operation(String digest) {
		int start = 0;
		while (start < digest.length() && !Character.isLetter(digest.charAt(start))) {
			start++;
		}
		int stop = start;
		while (stop < digest.length() && Character.isLetter(digest.charAt(stop))) {
			stop++;
		}
		return digest.substring(start, stop).toUpperCase(Locale.ROOT);
	}

	private void read() {
		boolean over = false;
		while (this.at < this.end && !this.ambiguous) {
			int before = this.out.length();
			char c = this.sql.charAt(this.at);
			if (isBlank(c)) {
				this.at++;
				blank();
			}
			else if (isComment(c)) {
				comment(c);
				blank();
			}
			else if (c == '\'' || c == '"') {
				quoted(c);
				value();
			}
			else if (c == '`') {
				name();
			}
			else if (isDigit(c) || (c == '.' && isDigit(peek(1)) && !isWordPart(last()))) {
				number();
				value();
			}
			else if (isWordPart(c)) {
				word();
			}
			else {
				this.at++;
				this.out.append(c);
			}
			boolean nothing = this.out.length() == before || this.sql.charAt(this.at - 1) == ';';
			this.several |= over && !nothing && !Character.isWhitespace(last());
			over |= c == ';';
		}
	}

	private void blank() {
		if (this.out.length() > 0 && last() != ' ') {
			this.out.append(' ');
		}
	}

	private void value() {
		this.out.append('?');
	}

	private boolean isComment(char c) {
		return c == '#' || (c == '/' && peek(1) == '*')
				|| (c == '-' && peek(1) == '-' && (this.at + 2 >= this.end || peek(2) <= ' '));
	}

	private void comment(char c) {
		boolean executed = c == '/' && (peek(2) == '!' || (peek(2) == 'M' && peek(3) == '!'));
		int start = this.at;
		int stop = (c == '/') ? this.sql.indexOf("*/", this.at + 2) : this.sql.indexOf('\n', this.at);
		this.at = (stop < 0) ? this.end : Math.min(this.end, stop + ((c == '/') ? 2 : 1));
		if (executed) {
			this.conditional = true;
			// Where a server executes it, what looks like its end may be in a literal.
			this.ambiguous |= DELIMITER.matcher(this.sql).region(Math.min(start + 2, this.at), this.at).find();
		}
	}

	private void name() {
		int start = this.at;
		quoted('`');
		for (int i = start; i < this.at; i++) {
			char c = this.sql.charAt(i);
			this.out.append(isBlank(c) ? ' ' : c);
		}
	}

	private void quoted(char quote) {
		this.at++;
		while (this.at < this.end) {
			char c = this.sql.charAt(this.at++);
			if (c == '\\' && quote != '`') {
				// Where sql_mode has NO_BACKSLASH_ESCAPES, the literal ends here.
				this.ambiguous |= peek(0) == quote;
				this.at = Math.min(this.end, this.at + 1);
			}
			else if (c == quote) {
				if (peek(0) != quote) {
					return;
				}
				this.at++;
			}
		}
	}

	private void number() {
		char before = 0;
		while (this.at < this.end) {
			char c = this.sql.charAt(this.at);
			boolean sign = (c == '+' || c == '-') && (before == 'e' || before == 'E');
			if (!isWordPart(c) && c != '.' && !sign) {
				return;
			}
			before = c;
			this.at++;
		}
	}

	// Of x'1F', b'1', n'text' and _utf8mb4'text' the first part is a literal's as well.
	private void word() {
		int start = this.at;
		while (this.at < this.end && isWordPart(this.sql.charAt(this.at))) {
			this.at++;
		}
		String word = this.sql.substring(start, this.at);
		boolean prefix = peek(0) == '\'' && ("xbn".indexOf(Character.toLowerCase(word.charAt(0))) >= 0)
				&& word.length() == 1;
		if (!prefix) {
			this.out.append(word);
		}
	}

	private char peek(int ahead) {
		return (this.at + ahead < this.end) ? this.sql.charAt(this.at + ahead) : 0;
	}

	private char last() {
		return this.out.isEmpty() ? 0 : this.out.charAt(this.out.length() - 1);
	}

	private static boolean isBlank(char c) {
		return Character.isWhitespace(c) || Character.isISOControl(c);
	}

	private static boolean isDigit(char c) {
		return c >= '0' && c <= '9';
	}

	private static boolean isWordPart(char c) {
		return Character.isLetterOrDigit(c) || c == '_' || c == '$' || c == '@';
	}

}
