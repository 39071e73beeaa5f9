package dev.asyncmysql.connection;

import java.util.Locale;
import java.util.Set;

/**
 * Divides a text into what matters for its {@link SqlEffect}, as the lexers of MySQL and
 * MariaDB do: what is between quotes or in a comment is no code, unless the server runs
 * the comment.
 *
 * @see <a href="https://dev.mysql.com/doc/refman/9.7/en/language-structure.html">Language
 * Structure</a>
 */
final class SqlLexer {

	private static final String INTO = "INTO";

	private static final String LOCK = "GET_LOCK";

	/** The functions of MySQL's locking service and version tokens. */
	private static final Set<String> PLUGIN_LOCKS = Set.of("SERVICE_GET_READ_LOCKS", "SERVICE_GET_WRITE_LOCKS",
			"VERSION_TOKENS_LOCK_SHARED", "VERSION_TOKENS_LOCK_EXCLUSIVE");

	private static final int SHORTEST_PLUGIN_LOCK = "SERVICE_GET_READ_LOCKS".length();

	private static final int LONGEST_WORD = "VERSION_TOKENS_LOCK_EXCLUSIVE".length();

	private static final int FEWEST_VERSION_DIGITS = 5;

	private static final int MOST_VERSION_DIGITS = 6;

	private static final char DELETE = 0x7F;

	private static final int ASCII = 128;

	/** Whether a character is part of a word. */
	private static final boolean[] WORD_PARTS = new boolean[ASCII];

	/** Whether a character means nothing behind a statement's first words. */
	private static final boolean[] FILLING = new boolean[ASCII];

	static {
		for (char c = 0; c < ASCII; c++) {
			WORD_PARTS[c] = Character.isLetterOrDigit(c) || c == '_' || c == '$';
			FILLING[c] = "'\"`;@:#-/*kK".indexOf(c) < 0;
		}
	}

	private final String sql;

	private final int end;

	private final String escaping;

	/** Where reading goes on. */
	private int at;

	/** Where the word or the quoted text that was read last lies. */
	private int start;

	private int limit;

	private boolean skimming;

	private boolean dollarQuotes;

	/** Whether reading is inside a comment that the server runs. */
	private boolean inCode;

	/** Where that comment ends for a server that does not run it, or 0. */
	private int codeEnd;

	private boolean quotesDiffer;

	private boolean broken;

	private boolean doubtful;

	/**
	 * Create a lexer at the beginning of a text.
	 * @param sql the text
	 * @param escaping the quotes between which a backslash escapes the next character
	 */
	SqlLexer(String sql, String escaping) {
		this.sql = sql;
		this.end = sql.length();
		this.escaping = escaping;
	}

	/**
	 * Return whether an at sign in a query may begin a user variable that is assigned
	 * without {@code :=}.
	 * @param sql the text
	 * @param at where the at sign is
	 * @return {@code false} right behind a word other than {@code INTO}: most likely it
	 * is that of an address
	 */
	static boolean mayAssign(String sql, int at) {
		return at == 0 || !Character.isLetterOrDigit(sql.charAt(at - 1))
				|| sql.regionMatches(true, at - INTO.length(), INTO, 0, INTO.length());
	}

	/**
	 * Set whether to leave out what means nothing behind a statement's first words: all
	 * words but the names of locks, and signs.
	 * @param skimming whether to
	 */
	void skim(boolean skimming) {
		this.skimming = skimming;
	}

	/**
	 * Set whether text may be between dollar signs, as the body of a program in another
	 * language is.
	 * @param dollarQuotes whether it may
	 */
	void readDollarQuotes(boolean dollarQuotes) {
		this.dollarQuotes = dollarQuotes;
	}

	/**
	 * Return whether a backslash stands before a quote: what the text means depends on
	 * where backslashes escape.
	 * @return whether it does so far
	 */
	boolean quotesDiffer() {
		return this.quotesDiffer;
	}

	/**
	 * Return whether the text ended inside quotes or a comment. The server does not run
	 * the statement that is incomplete.
	 * @return whether it did
	 */
	boolean isBroken() {
		return this.broken;
	}

	/**
	 * Return whether what the text means depends on the server's version, because of a
	 * comment that some versions run.
	 * @return whether it does so far
	 */
	boolean isDoubtful() {
		return this.doubtful;
	}

	/**
	 * Return whether the word that was read last is spelt like another one, in any case.
	 * @param other the other one
	 * @return whether it is
	 */
	boolean spells(String other) {
		return this.limit - this.start == other.length()
				&& this.sql.regionMatches(true, this.start, other, 0, other.length());
	}

	/**
	 * Return the word that was read last.
	 * @return the word in upper case, or an empty one where it is too long for a keyword
	 */
	String word() {
		return (this.limit - this.start <= LONGEST_WORD)
				? this.sql.substring(this.start, this.limit).toUpperCase(Locale.ROOT) : "";
	}

	/**
	 * Return whether the word that was read last is the name of something in something
	 * else, and no keyword.
	 * @return whether there is a point right before it
	 */
	boolean isMember() {
		return this.start > 0 && this.sql.charAt(this.start - 1) == '.';
	}

	/**
	 * Read on.
	 * @return what comes next
	 */
	Token next() {
		while (this.at < this.end) {
			if (this.skimming && !skipsFilling()) {
				return Token.LOCK;
			}
			if (this.at == this.end) {
				break;
			}
			char first = this.sql.charAt(this.at);
			if (isWordPart(first)) {
				return readWord();
			}
			this.at++;
			switch (first) {
				case '\'', '"', '`' -> {
					return readQuoted(first);
				}
				case ';' -> {
					if (this.codeEnd > 0) {
						doubt();
					}
					return Token.SEMICOLON;
				}
				case '(' -> {
					return Token.OPEN;
				}
				case ')' -> {
					return Token.CLOSE;
				}
				case ',' -> {
					return Token.COMMA;
				}
				case '@' -> {
					return skips('@') ? Token.SYSTEM_VARIABLE
							: mayAssign(this.sql, this.at - 1) ? Token.USER_VARIABLE : Token.AT;
				}
				case ':' -> {
					return skips('=') ? Token.ASSIGNMENT : Token.SYMBOL;
				}
				case '#' -> skipLine();
				case '-' -> {
					if (!isDashComment()) {
						return Token.SYMBOL;
					}
					skipLine();
				}
				case '/' -> {
					if (!skips('*')) {
						return Token.SYMBOL;
					}
					skipComment();
				}
				case '*' -> {
					if (!this.inCode || !skips('/')) {
						return Token.SYMBOL;
					}
					endCode();
				}
				default -> {
					if (first > ' ') {
						return Token.SYMBOL;
					}
				}
			}
		}
		return this.inCode ? breakOff() : Token.END;
	}

	private static boolean isWordPart(char c) {
		return c >= ASCII || WORD_PARTS[c];
	}

	private boolean skipsFilling() {
		int position = this.at;
		while (position < this.end) {
			char c = this.sql.charAt(position);
			if (c < ASCII && !FILLING[c]) {
				if ((c & ~0x20) != 'K') {
					break;
				}
				if (this.sql.regionMatches(true, position - 4, "_LOC", 0, 4) && isInLock(position)) {
					this.at = position + 1;
					return false;
				}
			}
			position++;
		}
		this.at = position;
		return true;
	}

	private boolean isInLock(int position) {
		int from = position;
		while (from > 0 && position - from < LONGEST_WORD && isWordPart(this.sql.charAt(from - 1))) {
			from--;
		}
		int to = position;
		while (to < this.end && to - position < LONGEST_WORD && isWordPart(this.sql.charAt(to))) {
			to++;
		}
		this.start = from;
		this.limit = to;
		return isLock();
	}

	private boolean isLock() {
		return spells(LOCK) || this.limit - this.start >= SHORTEST_PLUGIN_LOCK && PLUGIN_LOCKS.contains(word());
	}

	private Token readWord() {
		if (this.dollarQuotes && startsDollarQuoted()) {
			return readDollarQuoted();
		}
		int position = this.at;
		while (position < this.end && isWordPart(this.sql.charAt(position))) {
			position++;
		}
		this.start = this.at;
		this.limit = position;
		this.at = position;
		return isLock() ? Token.LOCK : Token.WORD;
	}

	// The body of a program in another language: $$ ... $$ or $tag$ ... $tag$.
	private boolean startsDollarQuoted() {
		if (this.sql.charAt(this.at) != '$') {
			return false;
		}
		int tag = this.at + 1;
		while (tag < this.end && this.sql.charAt(tag) != '$' && isWordPart(this.sql.charAt(tag))) {
			tag++;
		}
		return tag < this.end && this.sql.charAt(tag) == '$';
	}

	private Token readDollarQuoted() {
		int body = this.sql.indexOf('$', this.at + 1) + 1;
		String delimiter = this.sql.substring(this.at, body);
		int close = this.sql.indexOf(delimiter, body);
		if (close < 0) {
			return breakOff();
		}
		this.at = close + delimiter.length();
		return Token.SYMBOL;
	}

	// A name in quotes calls a function too.
	private Token readQuoted(char quote) {
		int position = this.at;
		while (position < this.end) {
			char c = this.sql.charAt(position++);
			if (c == quote) {
				if (position == this.end || this.sql.charAt(position) != quote) {
					this.start = this.at;
					this.limit = position - 1;
					this.at = position;
					return (quote != '\'' && isLock()) ? Token.LOCK : Token.QUOTED;
				}
				position++;
			}
			else if (c == '\\' && quote != '`') {
				this.quotesDiffer |= position < this.end && this.sql.charAt(position) == quote;
				if (this.escaping.indexOf(quote) >= 0) {
					position++;
				}
			}
		}
		return breakOff();
	}

	private Token breakOff() {
		if (this.codeEnd > 0) {
			doubt();
		}
		this.broken = true;
		this.at = this.end;
		return Token.END;
	}

	private boolean skips(char expected) {
		if (this.at < this.end && this.sql.charAt(this.at) == expected) {
			this.at++;
			return true;
		}
		return false;
	}

	// Two dashes alone are operators: 5--1.
	private boolean isDashComment() {
		int next = this.at + 1;
		return this.at < this.end && this.sql.charAt(this.at) == '-'
				&& (next == this.end || this.sql.charAt(next) <= ' ' || this.sql.charAt(next) == DELETE);
	}

	private void skipLine() {
		int lineEnd = this.sql.indexOf('\n', this.at);
		this.at = (lineEnd < 0) ? this.end : lineEnd + 1;
	}

	private void skipComment() {
		boolean mariaDb = this.sql.startsWith("M!", this.at);
		if (!mariaDb && !this.sql.startsWith("!", this.at)) {
			int close = this.sql.indexOf("*/", this.at);
			if (close < 0) {
				breakOff();
			}
			else {
				this.at = close + 2;
			}
			return;
		}
		this.at += mariaDb ? 2 : 1;
		int digits = 0;
		while (digits < MOST_VERSION_DIGITS && this.at + digits < this.end
				&& Character.isDigit(this.sql.charAt(this.at + digits))) {
			digits++;
		}
		boolean nested = this.inCode;
		this.inCode = true;
		if (mariaDb || digits >= FEWEST_VERSION_DIGITS) {
			if (nested || !this.skimming) {
				doubt();
			}
			else {
				this.codeEnd = codeEnd();
			}
			this.at += digits;
		}
	}

	// Code that only some servers run leaves no doubt about the statement as long as it
	// comes behind what decides, is no other statement, and ends at one place for all.
	private void endCode() {
		if (this.codeEnd > 0 && this.codeEnd != this.at) {
			doubt();
		}
		this.inCode = false;
		this.codeEnd = 0;
	}

	// Code for another server may hold comments of its own.
	private int codeEnd() {
		int close = this.sql.indexOf("*/", this.at);
		int inner = this.sql.indexOf("/*", this.at);
		while (inner >= 0 && inner < close) {
			int innerClose = this.sql.indexOf("*/", inner + 2);
			close = (innerClose < 0) ? -1 : this.sql.indexOf("*/", innerClose + 2);
			inner = (innerClose < 0) ? -1 : this.sql.indexOf("/*", innerClose + 2);
		}
		return (close < 0) ? this.end + 1 : close + 2;
	}

	private void doubt() {
		this.doubtful = true;
	}

	/**
	 * What a text consists of, as far as it matters.
	 */
	enum Token {

		/** A keyword, a name or a number. */
		WORD,

		/** A string, or a name in quotes. */
		QUOTED,

		/** The name of a function that takes a lock. */
		LOCK,

		/** An at sign before a name. */
		AT,

		/**
		 * An at sign before a name, where it may be that of a variable that is assigned.
		 */
		USER_VARIABLE,

		/** Two at signs. */
		SYSTEM_VARIABLE,

		/** A colon and an equals sign. */
		ASSIGNMENT,

		/** An opening parenthesis. */
		OPEN,

		/** A closing parenthesis. */
		CLOSE,

		/** A comma. */
		COMMA,

		/** Any other sign. */
		SYMBOL,

		/** The end of a statement. */
		SEMICOLON,

		/** The end of the text. */
		END

	}

}
