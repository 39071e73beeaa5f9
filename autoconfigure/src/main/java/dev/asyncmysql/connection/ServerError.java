package dev.asyncmysql.connection;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import dev.asyncmysql.ConnectionLostException;
import dev.asyncmysql.ConstraintViolationException;
import dev.asyncmysql.DeadlineException;
import dev.asyncmysql.DeadlockException;
import dev.asyncmysql.DuplicateKeyViolationException;
import dev.asyncmysql.LockWaitException;
import dev.asyncmysql.ReadOnlyServerException;
import dev.asyncmysql.ReadOnlyTransactionException;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import org.jspecify.annotations.Nullable;

/**
 * Errors of the server that become an exception of R2DBC's SPI which Spring translates
 * into what a user of JDBC knows. Spring looks at the type, and of roll-backs at the SQL
 * state; the driver's types lead elsewhere for some. An error that is not here stays as
 * the driver has made it.
 *
 * @see <a href=
 * "https://dev.mysql.com/doc/mysql-errors/9.7/en/server-error-reference.html">Server
 * Error Message Reference</a>
 */
enum ServerError {

	/** A victim of a deadlock. */
	DEADLOCK(DeadlockException::new, 1213),

	/** A lock that did not come in time, or not at once for {@code NOWAIT}. */
	LOCK_WAIT(LockWaitException::new, 1205, 3572),

	/** A limit of the server's; 1969 is MariaDB's. */
	DEADLINE(DeadlineException::new, 3024, 1969),

	/** Another row has the same key. */
	DUPLICATE_KEY((ex) -> new DuplicateKeyViolationException(ex, Names.key(ex)), 1062),

	/** NOT NULL, foreign keys, CHECK; 4025 is MariaDB's. */
	CONSTRAINT((ex) -> new ConstraintViolationException(ex, Names.constraint(ex)), 1048, 1451, 1452, 3819, 4025),

	/** The server takes no writes; 1015 and 1836 where {@code innodb_read_only} is on. */
	READ_ONLY_SERVER((ex) -> Names.isOfReadOnly(ex) ? new ReadOnlyServerException(ex) : ex, 1290, 1015, 1836),

	/** The transaction takes no writes. */
	READ_ONLY_TRANSACTION(ReadOnlyTransactionException::new, 1792),

	/** The server ends the connection; 1927 is MariaDB's. */
	CONNECTION_LOST((ex) -> new ConnectionLostException(Names.message(ex), ex), 1053, 4031, 1927),

	/** The user may not do that. */
	PERMISSION_DENIED((ex) -> (ex instanceof R2dbcPermissionDeniedException) ? ex
			: new R2dbcPermissionDeniedException(ex.getMessage(), ex.getSqlState(), ex.getErrorCode(), ex.getSql(), ex),
			1044, 1045, 1142),

	/** The statement is wrong. */
	BAD_GRAMMAR((ex) -> (ex instanceof R2dbcBadGrammarException) ? ex
			: new R2dbcBadGrammarException(ex.getMessage(), ex.getSqlState(), ex.getErrorCode(), ex.getSql(), ex), 1064,
			1146, 1054);

	/**
	 * What undoes the statement alone, which its author need not know (1205), or the
	 * whole transaction: 1213, 1206 for a table of locks that is full, and MariaDB's 1020
	 * for a row that has changed since the snapshot.
	 */
	private static final Set<Integer> DOOMING = Set.of(1205, 1213, 1206, 1020);

	private static final Map<Integer, ServerError> BY_CODE = byCode();

	private final UnaryOperator<R2dbcException> translation;

	private final List<Integer> codes;

	ServerError(UnaryOperator<R2dbcException> translation, Integer... codes) {
		this.translation = translation;
		this.codes = List.of(codes);
	}

	private static Map<Integer, ServerError> byCode() {
		Map<Integer, ServerError> all = new HashMap<>();
		Arrays.stream(values()).forEach((error) -> error.codes.forEach((code) -> all.put(code, error)));
		return Map.copyOf(all);
	}

	/**
	 * Return the numbers by which the server tells of the error.
	 * @return the numbers
	 */
	List<Integer> codes() {
		return this.codes;
	}

	/**
	 * Translate what the driver has told.
	 * @param ex the driver's exception
	 * @return an exception that Spring leads to where a user of JDBC would look, or the
	 * same where there is none
	 */
	static R2dbcException translate(R2dbcException ex) {
		ServerError error = BY_CODE.get(ex.getErrorCode());
		return (error != null) ? error.translation.apply(ex) : ex;
	}

	/**
	 * Return whether a transaction can only be rolled back after an error.
	 * @param ex the exception, translated
	 * @return {@code true} where the server has ended the transaction, or has undone a
	 * part of it that the caller may not know of
	 */
	static boolean dooms(R2dbcException ex) {
		return DOOMING.contains(ex.getErrorCode());
	}

	/**
	 * Finds in the server's messages what they name. The texts are those of the English
	 * messages; in another language names are not found.
	 */
	private static final class Names {

		private static final Pattern KEY = Pattern.compile(".* for key '(.+)'", Pattern.DOTALL);

		private static final List<Pattern> CONSTRAINTS = Stream
			.of("CONSTRAINT `((?:[^`]|``)+)` (?:FOREIGN KEY|failed)", "^Check constraint '(.+)' is violated",
					"^Column '(.+)' cannot be null")
			.map(Pattern::compile)
			.toList();

		static String message(R2dbcException ex) {
			return String.valueOf(ex.getMessage());
		}

		// A value may hold these words as well: the last ones count.
		static @Nullable String key(R2dbcException ex) {
			Matcher matcher = KEY.matcher(message(ex));
			return matcher.lookingAt() ? matcher.group(1) : null;
		}

		static @Nullable String constraint(R2dbcException ex) {
			return CONSTRAINTS.stream()
				.map((pattern) -> pattern.matcher(message(ex)))
				.filter(Matcher::find)
				.map((matcher) -> matcher.group(1).replace("``", "`"))
				.findFirst()
				.orElse(null);
		}

		// The server says 1290 of several options, and 1015 of several reasons (165 is
		// HA_ERR_TABLE_READONLY), and names the one.
		static boolean isOfReadOnly(R2dbcException ex) {
			return switch (ex.getErrorCode()) {
				case 1290 -> message(ex).contains("read-only");
				case 1015 -> message(ex).contains("errno: 165");
				default -> true;
			};
		}

	}

}
