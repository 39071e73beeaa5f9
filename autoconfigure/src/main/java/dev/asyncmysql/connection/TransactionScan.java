package dev.asyncmysql.connection;

import java.util.HashSet;
import java.util.Set;

import dev.asyncmysql.connection.Exchange.Kind;
import dev.asyncmysql.connection.SqlLexer.Token;
import org.jspecify.annotations.Nullable;

/**
 * Gathers what a text's statements do to their transaction, by how each of them begins.
 */
final class TransactionScan {

	/** What both servers do before anything else of the statement. */
	private static final Set<String> COMMITTING = Set.of("ALTER", "TRUNCATE", "RENAME", "GRANT", "REVOKE", "OPTIMIZE",
			"REPAIR", "INSTALL", "UNINSTALL");

	private static final Set<String> HARMLESS = Set.of("SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH",
			"SHOW", "SAVEPOINT", "RELEASE", "EXPLAIN", "DESCRIBE", "DESC", "SIGNAL", "DO", "VALUES", "TABLE", "USE",
			"HELP", "KILL", "PREPARE", "DEALLOCATE", "CHECKSUM", "HANDLER", "GET");

	/**
	 * What commits on one server only, or in one of its forms. Where the transaction is
	 * over afterwards, it has.
	 */
	private static final Set<String> SOMETIMES = Set.of("FLUSH", "RESET", "STOP", "CHANGE", "BACKUP", "UNLOCK", "LOAD",
			"IMPORT", "CLONE", "CACHE", "PURGE", "XA", "BINLOG");

	/** What runs code that the text does not show. */
	private static final Set<String> RUNNING = Set.of("CALL", "EXECUTE");

	private static final Set<String> COMPOUND = Set.of("IF", "CASE", "LOOP", "WHILE", "REPEAT", "FOR", "DECLARE");

	private static final Set<String> PROGRAMS = Set.of("PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE",
			"LIBRARY");

	private static final Set<String> OTHER_OBJECTS = Set.of("TABLE", "VIEW", "INDEX", "DATABASE", "SCHEMA", "USER",
			"ROLE", "SEQUENCE", "SERVER", "TABLESPACE", "INSTANCE");

	private static final Set<String> OF_TABLES = Set.of("TABLE", "TABLES", "LOCAL", "NO_WRITE_TO_BINLOG");

	private static final TransactionText UNKNOWN = TransactionText.unknown("…");

	private final SqlLexer lexer;

	private Token token = Token.SEMICOLON;

	/** Whether what follows is the body of a program or of a compound statement. */
	private boolean inBody;

	private TransactionScan(SqlLexer lexer) {
		this.lexer = lexer;
	}

	/**
	 * Tell what a text does. Where a backslash stands before a quote, that depends on
	 * {@code NO_BACKSLASH_ESCAPES} and {@code ANSI_QUOTES}: then the text is read in each
	 * way, and those count in which it is complete.
	 * @param sql one statement or several
	 * @return what it does, unknown where it depends on something
	 */
	static TransactionText text(String sql) {
		SqlLexer usual = new SqlLexer(sql, "'\"");
		TransactionText text = new TransactionScan(usual).read();
		if (!usual.quotesDiffer()) {
			return usual.isBroken() ? UNKNOWN : text;
		}
		Set<TransactionText> readings = new HashSet<>();
		for (String escaping : new String[] { "'\"", "", "'" }) {
			SqlLexer lexer = new SqlLexer(sql, escaping);
			TransactionText reading = new TransactionScan(lexer).read();
			if (!lexer.isBroken()) {
				readings.add(reading);
			}
		}
		return (readings.size() == 1) ? readings.iterator().next() : UNKNOWN;
	}

	private TransactionText read() {
		TransactionText all = null;
		while (this.token != Token.END && !this.inBody) {
			TransactionText one = readStatement();
			if (this.lexer.isDoubtful()) {
				return UNKNOWN;
			}
			if (one != null) {
				all = (all != null) ? all.and(one) : one;
			}
		}
		return (all != null) ? all : TransactionText.PLAIN;
	}

	private @Nullable TransactionText readStatement() {
		this.lexer.skim(false);
		do {
			this.token = this.lexer.next();
		}
		while (this.token == Token.OPEN);
		if (isAtEnd()) {
			return null;
		}
		TransactionText text = (this.token == Token.WORD) ? read(this.lexer.word()) : UNKNOWN;
		this.lexer.skim(true);
		while (!isAtEnd()) {
			this.token = this.lexer.next();
		}
		return text;
	}

	private TransactionText read(String first) {
		if (HARMLESS.contains(first)) {
			return TransactionText.PLAIN;
		}
		if (first.equals("SET")) {
			return readSet();
		}
		String second = nextWord();
		String beginning = (first + " " + second).strip();
		return switch (first) {
			case "COMMIT" -> new TransactionText(Kind.COMMIT, beginning, true, false);
			case "ROLLBACK" -> readRollback(second);
			case "BEGIN" ->
				(isAtEnd() || second.equals("WORK")) ? TransactionText.committing(beginning) : readBody(beginning);
			case "START" -> second.equals("TRANSACTION") ? TransactionText.committing(beginning)
					: TransactionText.perhaps(beginning);
			case "CREATE" -> readCreate(beginning, second);
			case "DROP" -> (second.equals("TEMPORARY") || second.equals("PREPARE")) ? TransactionText.PLAIN
					: TransactionText.committing(beginning);
			case "LOCK" -> second.equals("INSTANCE") ? TransactionText.PLAIN : TransactionText.committing(beginning);
			case "ANALYZE" ->
				OF_TABLES.contains(second) ? TransactionText.committing(beginning) : TransactionText.PLAIN;
			case "CHECK" ->
				OF_TABLES.contains(second) ? TransactionText.committing(beginning) : TransactionText.perhaps(beginning);
			default -> readOther(first, beginning);
		};
	}

	private TransactionText readOther(String first, String beginning) {
		if (first.equals("ALTER")) {
			skipToObject();
		}
		if (COMMITTING.contains(first)) {
			return TransactionText.committing(beginning);
		}
		if (COMPOUND.contains(first)) {
			return readBody(beginning);
		}
		if (SOMETIMES.contains(first)) {
			return TransactionText.perhaps(beginning);
		}
		return RUNNING.contains(first) ? TransactionText.unknown(beginning) : UNKNOWN;
	}

	private TransactionText readRollback(String second) {
		boolean toSavepoint = second.equals("TO") || (second.equals("WORK") && nextWord().equals("TO"));
		return toSavepoint ? TransactionText.UNDOING : new TransactionText(Kind.ROLLBACK, "ROLLBACK", false, false);
	}

	private TransactionText readCreate(String beginning, String second) {
		String modifier = second;
		if (second.equals("OR") && nextWord().equals("REPLACE")) {
			modifier = nextWord();
		}
		// A temporary sequence commits.
		if (modifier.equals("TEMPORARY")) {
			return nextWord().equals("TABLE") ? TransactionText.PLAIN : TransactionText.committing(beginning);
		}
		skipToObject();
		return TransactionText.committing(beginning);
	}

	// The semicolons of a program's body end no statement that runs now.
	private void skipToObject() {
		while (!isAtEnd() && !isOneOf(OTHER_OBJECTS)) {
			if (isOneOf(PROGRAMS)) {
				this.inBody = true;
				return;
			}
			this.token = this.lexer.next();
		}
	}

	private TransactionText readBody(String beginning) {
		this.inBody = true;
		return TransactionText.unknown(beginning);
	}

	// SET STATEMENT variable = value, ... FOR another statement is MariaDB's.
	private TransactionText readSet() {
		String second = nextWord();
		if (second.equals("PASSWORD")) {
			return TransactionText.committing("SET PASSWORD");
		}
		if (second.equals("DEFAULT")) {
			return TransactionText.perhaps("SET DEFAULT");
		}
		boolean statement = second.equals("STATEMENT");
		int depth = 0;
		while (!isAtEnd()) {
			if (statement && depth == 0 && isWord("FOR")) {
				return nextWord().isEmpty() ? UNKNOWN : read(this.lexer.word());
			}
			if ((this.token == Token.WORD || this.token == Token.QUOTED) && this.lexer.spells("AUTOCOMMIT")) {
				return TransactionText.perhaps("SET AUTOCOMMIT");
			}
			depth += (this.token == Token.OPEN) ? 1 : (this.token == Token.CLOSE) ? -1 : 0;
			this.token = this.lexer.next();
		}
		return TransactionText.PLAIN;
	}

	private boolean isAtEnd() {
		return this.token == Token.SEMICOLON || this.token == Token.END;
	}

	private String nextWord() {
		this.token = isAtEnd() ? this.token : this.lexer.next();
		return (this.token == Token.WORD) ? this.lexer.word() : "";
	}

	private boolean isWord(String word) {
		return this.token == Token.WORD && this.lexer.spells(word);
	}

	private boolean isOneOf(Set<String> words) {
		return this.token == Token.WORD && words.contains(this.lexer.word());
	}

}
