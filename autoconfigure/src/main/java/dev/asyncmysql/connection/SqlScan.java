package dev.asyncmysql.connection;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

import dev.asyncmysql.connection.SqlLexer.Token;

/**
 * Gathers the {@link SqlEffect} of a text's statements. It knows how each statement
 * begins, and of what follows only what can change a session anywhere.
 */
final class SqlScan {

	/**
	 * How the statements of MySQL and MariaDB begin. What is not here is not known, and
	 * changes the session.
	 */
	private static final Map<String, Verb> VERBS = verbs();

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

	private final SqlLexer lexer;

	private Token token = Token.SEMICOLON;

	/** Whether a user variable would be assigned. */
	private boolean assigning;

	private boolean compound;

	private boolean defining;

	/** Whether another statement follows without a semicolon. */
	private boolean introduced;

	private SqlEffect effect = SqlEffect.NONE;

	private SqlScan(SqlLexer lexer) {
		this.lexer = lexer;
	}

	/**
	 * Tell what a text does. Where a backslash stands before a quote, that depends on
	 * {@code NO_BACKSLASH_ESCAPES} and {@code ANSI_QUOTES}: then the text is read in each
	 * way, and those count in which it is complete.
	 * @param sql one statement or several
	 * @return the effect of all of them together
	 */
	static SqlEffect effect(String sql) {
		SqlLexer usual = new SqlLexer(sql, "'\"");
		SqlEffect effect = new SqlScan(usual).read();
		boolean understood = !usual.isBroken();
		if (usual.quotesDiffer()) {
			for (String escaping : new String[] { "", "'" }) {
				SqlLexer other = new SqlLexer(sql, escaping);
				effect = effect.and(new SqlScan(other).read());
				understood |= !other.isBroken();
			}
		}
		return understood ? effect : SqlEffect.SESSION;
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

	// What is incomplete at the end of the text is a syntax error and does nothing; the
	// statements in front of it have run.
	private SqlEffect read() {
		SqlEffect complete = SqlEffect.NONE;
		while (this.token != Token.END && complete != SqlEffect.SESSION && !this.lexer.isDoubtful()) {
			readStatement();
			complete = this.lexer.isBroken() ? complete : this.effect;
		}
		return this.lexer.isDoubtful() ? SqlEffect.SESSION : complete;
	}

	private void readStatement() {
		this.assigning = false;
		this.lexer.skim(false);
		do {
			next();
		}
		while (this.token == Token.OPEN);
		if (this.token == Token.WORD) {
			read(VERBS.getOrDefault(this.lexer.word(), Verb.OTHER));
		}
		else if (!isAtEnd()) {
			raise(SqlEffect.SESSION);
		}
		this.lexer.skim(!this.compound);
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
		while (!isAtEnd() && !(depth <= 0 && this.token == wanted && (word.isEmpty() || is(word)))) {
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
		this.lexer.readDollarQuotes(true);
		int depth = 0;
		boolean ended = false;
		while (this.token != Token.END && !(this.token == Token.SEMICOLON && depth <= 0)) {
			next();
			boolean keyword = this.token == Token.WORD && !this.lexer.isMember();
			if (keyword && (is("BEGIN") || (ended ? isOneOf(UNCOUNTED_BLOCKS) : is("CASE")))) {
				depth++;
			}
			ended = keyword && is("END");
			if (ended) {
				depth--;
			}
		}
		this.defining = false;
		this.lexer.readDollarQuotes(false);
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
		return this.token == Token.WORD && this.lexer.spells(word);
	}

	private boolean isOneOf(Set<String> words) {
		return this.token == Token.WORD && words.contains(this.lexer.word());
	}

	private void next() {
		Token next = this.lexer.next();
		this.token = next;
		if (next == Token.LOCK || next == Token.ASSIGNMENT || next == Token.USER_VARIABLE && this.assigning) {
			raise(SqlEffect.SESSION);
		}
		this.introduced = this.compound && isOneOf(INTRODUCTIONS);
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

}
