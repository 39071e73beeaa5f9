package dev.asyncmysql.connection;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Reads a text once, as the server's lexer does, and gathers the {@link SqlEffect} of its
 * statements. It knows how each statement begins, and of what follows only what can
 * change a session anywhere.
 */
final class SqlScan {

	/**
	 * How the statements of MySQL and MariaDB begin. What is not here is not known, and
	 * changes the session.
	 */
	private static final Map<String, Verb> VERBS = verbs();

	private static final String INTO = "INTO";

	private static final String LOCK = "GET_LOCK";

	/** The functions of MySQL's locking service and version tokens. */
	private static final Set<String> PLUGIN_LOCKS = Set.of("SERVICE_GET_READ_LOCKS", "SERVICE_GET_WRITE_LOCKS",
			"VERSION_TOKENS_LOCK_SHARED", "VERSION_TOKENS_LOCK_EXCLUSIVE");

	private static final int SHORTEST_PLUGIN_LOCK = "SERVICE_GET_READ_LOCKS".length();

	private static final int LONGEST_WORD = "VERSION_TOKENS_LOCK_EXCLUSIVE".length();

	private static final Set<String> GLOBAL_SCOPES = Set.of("GLOBAL", "PERSIST", "PERSIST_ONLY");

	/** What is defined by statements that do not run now. */
	private static final Set<String> PROGRAMS = Set.of("PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE",
			"LIBRARY");

	private static final Set<String> OTHER_OBJECTS = Set.of("TABLE", "VIEW", "INDEX", "DATABASE", "SCHEMA", "USER",
			"ROLE", "SEQUENCE", "SERVER", "TABLESPACE", "INSTANCE");

	/** What {@code END} ends that is not counted. */
	private static final Set<String> UNCOUNTED_BLOCKS = Set.of("IF", "LOOP", "WHILE", "REPEAT", "FOR");

	/** What a statement inside a compound one follows, besides a semicolon. */
	private static final Set<String> INTRODUCTIONS = Set.of("BEGIN", "ATOMIC", "THEN", "ELSE", "DO", "LOOP", "REPEAT");

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

	private final boolean backslashEscapes;

	private final boolean conditionalCodeRuns;

	/** Where reading goes on. */
	private int at;

	/** Where the word or the quoted text that was read last lies. */
	private int start;

	private int limit;

	private Token token = Token.SEMICOLON;

	/** Whether words are left out. */
	private boolean skimming;

	/** Whether reading is inside a comment that the server runs. */
	private boolean inCode;

	private boolean quotesDiffer;

	private boolean codeDiffers;

	private boolean broken;

	/** Whether a user variable would be assigned. */
	private boolean assigning;

	private boolean compound;

	private boolean defining;

	/** Whether another statement follows without a semicolon. */
	private boolean introduced;

	private SqlEffect effect = SqlEffect.NONE;

	/** The effect without that of the statement that is being read. */
	private SqlEffect earlier = SqlEffect.NONE;

	private SqlScan(String sql, boolean backslashEscapes, boolean conditionalCodeRuns) {
		this.sql = sql;
		this.end = sql.length();
		this.backslashEscapes = backslashEscapes;
		this.conditionalCodeRuns = conditionalCodeRuns;
	}

	/**
	 * Tell what a text does. Where that depends on the server (on
	 * {@code NO_BACKSLASH_ESCAPES}, for a backslash before a quote; on its version, for a
	 * comment that holds one), the text is read in each way, and those count in which it
	 * is complete.
	 * @param sql one statement or several
	 * @return the effect of all of them together
	 */
	static SqlEffect effect(String sql) {
		SqlScan usual = new SqlScan(sql, true, true);
		SqlEffect effect = usual.read();
		boolean understood = !usual.broken;
		boolean bothDiffer = false;
		if (usual.quotesDiffer) {
			SqlScan other = new SqlScan(sql, false, true);
			effect = effect.and(other.read());
			understood |= !other.broken;
			bothDiffer = other.codeDiffers;
		}
		if (usual.codeDiffers) {
			SqlScan other = new SqlScan(sql, true, false);
			effect = effect.and(other.read());
			understood |= !other.broken;
			bothDiffer |= other.quotesDiffer;
		}
		if (bothDiffer) {
			SqlScan other = new SqlScan(sql, false, false);
			effect = effect.and(other.read());
			understood |= !other.broken;
		}
		return understood ? effect : SqlEffect.SESSION;
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

	private static Map<String, Verb> verbs() {
		Map<String, Verb> verbs = new HashMap<>();
		for (Verb verb : Verb.values()) {
			for (String word : verb.words.split(" ")) {
				verbs.put(word, verb);
			}
		}
		return Map.copyOf(verbs);
	}

	// A text that ends inside quotes or a comment is a syntax error of its last
	// statement, which then does nothing; those in front of it have run.
	private SqlEffect read() {
		while (this.token != Token.END && this.earlier != SqlEffect.SESSION) {
			readStatement();
			if (!this.broken) {
				this.earlier = this.effect;
			}
		}
		return this.earlier;
	}

	private void readStatement() {
		this.assigning = false;
		this.skimming = false;
		do {
			next();
		}
		while (this.token == Token.OPEN);
		if (this.token == Token.WORD) {
			read(VERBS.getOrDefault(word(), Verb.OTHER));
		}
		else if (!isAtEnd()) {
			raise(SqlEffect.SESSION);
		}
		this.skimming = !this.compound;
		while (!isAtEnd()) {
			next();
		}
	}

	private void read(Verb verb) {
		switch (verb) {
			case QUERY -> {
				this.assigning = true;
			}
			case ACCOUNT -> {
			}
			case CALL -> {
				raise(SqlEffect.OPAQUE);
				this.assigning = true;
			}
			case SET -> readSet();
			case CREATE -> readCreate();
			case DROP -> {
				if (nextIs("TEMPORARY") || is("DATABASE") || is("SCHEMA")) {
					raise(SqlEffect.SESSION);
				}
			}
			case FLUSH -> raiseAt("LOCK", "EXPORT");
			case XA -> {
				if (nextIs("START") || is("BEGIN")) {
					raise(SqlEffect.SESSION);
				}
			}
			case BEGIN -> {
				if (!this.compound && nextIs("NOT")) {
					startCompound();
				}
			}
			case EXECUTE -> {
				raise(nextIs("IMMEDIATE") ? SqlEffect.OPAQUE : SqlEffect.SESSION);
				this.assigning = true;
			}
			case COMPOUND -> {
				startCompound();
				if (is("DECLARE")) {
					raiseAt("HANDLER");
				}
			}
			case OTHER -> raise(SqlEffect.SESSION);
		}
	}

	// MariaDB runs the body of a compound statement without a procedure around it.
	private void startCompound() {
		this.compound = true;
		this.introduced = isOneOf(INTRODUCTIONS);
		raise(SqlEffect.OPAQUE);
	}

	// Each assignment has to name a scope of its own: without one it takes that of the
	// one before, or the session's.
	private void readSet() {
		next();
		if (is("STATEMENT")) {
			readSetStatement();
		}
		else if (is("DEFAULT")) {
			if (!nextIs("ROLE")) {
				raise(SqlEffect.SESSION);
			}
		}
		else {
			readAssignments(is("PASSWORD"));
		}
	}

	private void readAssignments(boolean harmless) {
		while (harmless || isGlobal()) {
			harmless = false;
			if (nextIs("TRANSACTION")) {
				return;
			}
			readTo(Token.COMMA, "");
			if (isAtEnd()) {
				return;
			}
			next();
		}
		raise(SqlEffect.SESSION);
	}

	private boolean isGlobal() {
		if (this.token == Token.SYSTEM_VARIABLE) {
			next();
		}
		return isOneOf(GLOBAL_SCOPES);
	}

	// SET STATEMENT variable = value, ... FOR another statement (MariaDB).
	private void readSetStatement() {
		readTo(Token.WORD, "FOR");
		if (isAtEnd()) {
			raise(SqlEffect.SESSION);
		}
		this.introduced = true;
	}

	private void readTo(Token wanted, String word) {
		int depth = 0;
		while (!isAtEnd() && !(depth <= 0 && this.token == wanted && (word.isEmpty() || spells(word)))) {
			next();
			if (this.token == Token.OPEN) {
				depth++;
			}
			else if (this.token == Token.CLOSE) {
				depth--;
			}
		}
	}

	private void readCreate() {
		while (!isAtEnd() && !isOneOf(OTHER_OBJECTS)) {
			if (nextIs("TEMPORARY")) {
				raise(SqlEffect.SESSION);
				return;
			}
			if (isOneOf(PROGRAMS)) {
				readProgram();
				return;
			}
		}
	}

	// What a program does is not done now. Blocks are counted to find its end. Where they
	// do not balance, they were not understood: a column may be named begin or end.
	private void readProgram() {
		this.defining = true;
		int depth = 0;
		boolean ended = false;
		while (this.token != Token.END && !(this.token == Token.SEMICOLON && depth <= 0)) {
			next();
			boolean keyword = this.token == Token.WORD && this.sql.charAt(this.start - 1) != '.';
			if (keyword && (is("BEGIN") || (ended ? isOneOf(UNCOUNTED_BLOCKS) : is("CASE")))) {
				depth++;
			}
			ended = keyword && is("END");
			if (ended) {
				depth--;
			}
		}
		this.defining = false;
		if (depth > 0) {
			raise(SqlEffect.SESSION);
		}
	}

	private void raiseAt(String... words) {
		while (!isAtEnd()) {
			next();
			for (String word : words) {
				if (is(word)) {
					raise(SqlEffect.SESSION);
				}
			}
		}
	}

	private void raise(SqlEffect effect) {
		if (!this.defining) {
			this.effect = this.effect.and(effect);
		}
	}

	private boolean isAtEnd() {
		return this.token == Token.SEMICOLON || this.token == Token.END || this.introduced;
	}

	private boolean nextIs(String word) {
		next();
		return is(word);
	}

	private boolean is(String word) {
		return this.token == Token.WORD && spells(word);
	}

	private boolean isOneOf(Set<String> words) {
		return this.token == Token.WORD && words.contains(word());
	}

	private boolean spells(String word) {
		return this.limit - this.start == word.length()
				&& this.sql.regionMatches(true, this.start, word, 0, word.length());
	}

	private String word() {
		return (this.limit - this.start <= LONGEST_WORD)
				? this.sql.substring(this.start, this.limit).toUpperCase(Locale.ROOT) : "";
	}

	private void next() {
		Token next = readToken();
		this.token = next;
		if (next == Token.ASSIGNMENT
				|| next == Token.USER_VARIABLE && this.assigning && mayAssign(this.sql, this.at - 1)) {
			raise(SqlEffect.SESSION);
		}
		this.introduced = this.compound && isOneOf(INTRODUCTIONS);
	}

	private Token readToken() {
		while (this.at < this.end) {
			if (this.skimming) {
				skim();
				if (this.at == this.end) {
					break;
				}
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
					return skips('@') ? Token.SYSTEM_VARIABLE : Token.USER_VARIABLE;
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
					this.inCode = false;
				}
				default -> {
					if (first > ' ') {
						return Token.SYMBOL;
					}
				}
			}
		}
		this.broken |= this.inCode;
		return Token.END;
	}

	private static boolean isWordPart(char c) {
		return c >= ASCII || WORD_PARTS[c];
	}

	// Of the words only those matter that name a lock.
	private void skim() {
		int position = this.at;
		while (position < this.end) {
			char c = this.sql.charAt(position);
			if (c < ASCII && !FILLING[c]) {
				if ((c & ~0x20) != 'K') {
					break;
				}
				if (this.sql.regionMatches(true, position - 4, "_LOC", 0, 4)) {
					findLock(position);
				}
			}
			position++;
		}
		this.at = position;
	}

	private void findLock(int position) {
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
		raiseAtLock();
	}

	private void raiseAtLock() {
		if (spells(LOCK) || this.limit - this.start >= SHORTEST_PLUGIN_LOCK && PLUGIN_LOCKS.contains(word())) {
			raise(SqlEffect.SESSION);
		}
	}

	private Token readWord() {
		if (this.defining && startsDollarQuoted()) {
			return readDollarQuoted();
		}
		int position = this.at;
		while (position < this.end && isWordPart(this.sql.charAt(position))) {
			position++;
		}
		this.start = this.at;
		this.limit = position;
		this.at = position;
		raiseAtLock();
		return Token.WORD;
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
					if (quote != '\'') {
						raiseAtLock();
					}
					return Token.QUOTED;
				}
				position++;
			}
			else if (c == '\\' && quote != '`') {
				this.quotesDiffer |= position < this.end && this.sql.charAt(position) == quote;
				if (this.backslashEscapes) {
					position++;
				}
			}
		}
		return breakOff();
	}

	private Token breakOff() {
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
			skipTo(this.sql.indexOf("*/", this.at));
			return;
		}
		this.at += mariaDb ? 2 : 1;
		int digits = 0;
		while (digits < MOST_VERSION_DIGITS && this.at + digits < this.end
				&& Character.isDigit(this.sql.charAt(this.at + digits))) {
			digits++;
		}
		boolean conditional = mariaDb || digits >= FEWEST_VERSION_DIGITS;
		this.codeDiffers |= conditional;
		if (conditional && !this.conditionalCodeRuns) {
			skipCode();
		}
		else {
			this.inCode = true;
			this.at += (digits >= FEWEST_VERSION_DIGITS) ? digits : 0;
		}
	}

	// Code for another server may hold comments of its own.
	private void skipCode() {
		int close = this.sql.indexOf("*/", this.at);
		int inner = this.sql.indexOf("/*", this.at);
		while (inner >= 0 && inner < close) {
			int innerClose = this.sql.indexOf("*/", inner + 2);
			close = (innerClose < 0) ? -1 : this.sql.indexOf("*/", innerClose + 2);
			inner = (innerClose < 0) ? -1 : this.sql.indexOf("/*", innerClose + 2);
		}
		skipTo(close);
	}

	private void skipTo(int close) {
		if (close < 0) {
			breakOff();
		}
		else {
			this.at = close + 2;
		}
	}

	/**
	 * How a statement begins, by what it may do.
	 */
	private enum Verb {

		/** Changes the session where it holds a user variable. */
		QUERY("SELECT INSERT UPDATE DELETE REPLACE WITH TABLE VALUES DO LOAD EXPLAIN DESCRIBE DESC ANALYZE COMMIT "
				+ "ROLLBACK SAVEPOINT RELEASE START STOP UNLOCK DEALLOCATE HELP CHECK CHECKSUM OPTIMIZE REPAIR TRUNCATE "
				+ "CACHE CHANGE CLONE IMPORT INSTALL UNINSTALL PURGE RESET RESTART SHUTDOWN SIGNAL RESIGNAL END ELSE "
				+ "ELSEIF UNTIL LEAVE ITERATE OPEN FETCH CLOSE"),

		/** Changes no session; the at sign belongs to an account. */
		ACCOUNT("GRANT REVOKE RENAME SHOW KILL"),

		CALL("CALL"),

		SET("SET"),

		CREATE("CREATE ALTER"),

		DROP("DROP"),

		FLUSH("FLUSH"),

		XA("XA"),

		BEGIN("BEGIN"),

		EXECUTE("EXECUTE"),

		COMPOUND("IF CASE LOOP WHILE REPEAT FOR DECLARE"),

		/** Changes the session, or is not known. */
		OTHER("USE GET LOCK PREPARE HANDLER BACKUP BINLOG");

		private final String words;

		Verb(String words) {
			this.words = words;
		}

	}

	/**
	 * What a text consists of, as far as it matters here.
	 */
	private enum Token {

		WORD, QUOTED, USER_VARIABLE, SYSTEM_VARIABLE, ASSIGNMENT, OPEN, CLOSE, COMMA, SYMBOL, SEMICOLON, END

	}

}
