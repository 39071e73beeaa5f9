package dev.asyncmysql.bulk;

import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dev.asyncmysql.ConnectionLostException;
import dev.asyncmysql.UnknownOutcomeException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import org.jspecify.annotations.Nullable;

/**
 * What the server's message tells of a failure.
 *
 * @param exception what the statement failed with
 */
record Failure(R2dbcException exception) {

	/**
	 * Errors of a row where the driver drops the SQL state, or where there is none that
	 * tells: values out of range, too long or wrong (1264, 1265, 1292, 1365, 1366, 1367,
	 * 1406, 1411, 1416, 1441, 1525, 1690, 3020, 3751), partitions (1526, 1748), views
	 * (1369), triggers (1644), generated columns (3105), spatial data (3037, 3616 to
	 * 3618), checks (3819; 4025 of MariaDB). From the error references of both.
	 */
	private static final Set<Integer> OF_A_ROW = Set.of(1264, 1265, 1292, 1365, 1366, 1367, 1369, 1406, 1411, 1416,
			1441, 1525, 1526, 1644, 1690, 1748, 3020, 3037, 3105, 3616, 3617, 3618, 3751, 3819, 4025);

	private static final int FIRST_OF_JSON = 3140;

	private static final int LAST_OF_JSON = 3158;

	private static final int FIRST_OF_REGULAR_EXPRESSIONS = 3684;

	private static final int LAST_OF_REGULAR_EXPRESSIONS = 3699;

	/**
	 * From here on, those are hardly used that are not an application's, by SIGNAL, or of
	 * a proxy (ProxySQL, RDS Proxy). The driver drops the SQL state of both.
	 */
	private static final int FIRST_OF_APPLICATIONS = 5000;

	private static final int FIRST_OF_PROXIES = 9000;

	private static final int LAST_OF_PROXIES = 9999;

	/** What clients say of a lost connection, and proxies of that behind them. */
	private static final int FIRST_OF_CLIENTS = 2000;

	private static final int LAST_OF_CLIENTS = 2999;

	/**
	 * A column has no default, and the statement does not give it, whatever is in its
	 * rows. The driver takes it for a violated constraint.
	 */
	private static final int NO_DEFAULT = 1364;

	/**
	 * Classes of SQL states: wrong data, a violated constraint, and what a user's own
	 * SIGNAL says. From the SQL standard, and the MySQL manual for the last.
	 */
	private static final Set<String> STATES_OF_A_ROW = Set.of("22", "23", "45");

	private static final Pattern ROW = Pattern.compile("\\s*at row (\\d+)$");

	private static final Pattern COLUMN = Pattern.compile("[Cc]olumn (?:`[^`]*`\\.)*[`']([^`']+)[`']");

	/**
	 * Return whether a row is to blame.
	 * @return {@code false} for what the connection, the server, or other transactions
	 * are to blame for
	 */
	boolean isOfARow() {
		int code = this.exception.getErrorCode();
		return code != NO_DEFAULT && (this.exception instanceof R2dbcDataIntegrityViolationException
				|| isCodeOfARow(code) || isStateOfARow() || row() > 0);
	}

	/**
	 * Return whether the statement may have had an effect. A server that answers with an
	 * error has undone it; it is not known where no answer has come, or one from
	 * somewhere between.
	 * @return {@code false} where it has had none
	 */
	boolean isOutcomeUnknown() {
		int code = this.exception.getErrorCode();
		return code == 0 || this.exception instanceof ConnectionLostException
				|| (code >= FIRST_OF_CLIENTS && code <= LAST_OF_CLIENTS) || isOfAProxy(code);
	}

	/**
	 * Return whether a commit may have had an effect.
	 * @return {@code false} where it was not sent, or was refused
	 */
	boolean isCommitUnknown() {
		return (this.exception instanceof ConnectionLostException) ? this.exception instanceof UnknownOutcomeException
				: isOutcomeUnknown();
	}

	private static boolean isOfAProxy(int code) {
		return code >= FIRST_OF_PROXIES && code <= LAST_OF_PROXIES;
	}

	private static boolean isCodeOfARow(int code) {
		return OF_A_ROW.contains(code) || (code >= FIRST_OF_JSON && code <= LAST_OF_JSON)
				|| (code >= FIRST_OF_REGULAR_EXPRESSIONS && code <= LAST_OF_REGULAR_EXPRESSIONS)
				|| (code >= FIRST_OF_APPLICATIONS && !isOfAProxy(code));
	}

	private boolean isStateOfARow() {
		String state = this.exception.getSqlState();
		return state != null && state.length() > 2 && STATES_OF_A_ROW.contains(state.substring(0, 2));
	}

	/**
	 * Return the row that the server names.
	 * @return its number in the statement, counted from 1, or 0 where none is named
	 */
	int row() {
		Matcher row = ROW.matcher(message());
		// Ten digits may be more than an int holds.
		return (row.find() && row.group(1).length() < 10) ? Integer.parseInt(row.group(1)) : 0;
	}

	/**
	 * Return the column that the server names. Values come before it in messages, and may
	 * look as if they named one.
	 * @param target the columns that there are
	 * @return its name, or {@code null} where none is named that the rows give
	 */
	@Nullable String column(Target target) {
		Matcher column = COLUMN.matcher(message());
		String last = null;
		while (column.find()) {
			last = column.group(1).substring(column.group(1).lastIndexOf('.') + 1);
		}
		return (last != null && target.gives(last)) ? last : null;
	}

	/**
	 * Return what is wrong.
	 * @return the server's message without the number of the row, which counts within its
	 * statement
	 */
	String reason() {
		return ROW.matcher(message()).replaceFirst("");
	}

	private String message() {
		String message = this.exception.getMessage();
		return (message != null) ? message : "";
	}

}
