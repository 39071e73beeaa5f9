package dev.asyncmysql.connection;

import java.util.function.Consumer;

import io.r2dbc.spi.Statement;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * A statement, a batch or the end of a transaction that the server has answered, or will
 * not answer any more.
 *
 * @param sql its text; of a batch, the first. Values are not part of it unless its author
 * has written them there
 * @param nanos nanoseconds from the time that it was sent to the server's last word,
 * which may have waited for its consumer
 * @param waited nanoseconds that its caller had waited for the connection
 * @param rows rows that were handed to the caller, or rows that were changed where it
 * asked for their number
 * @param outcome how it has ended
 * @param failure what the caller was told, or {@code null} where it did not fail
 * @param context the context of the caller
 * @param transaction name of the transaction that it was in, or {@code null} where there
 * was none, or it has no name
 * @param values what binds the values of its first execution to another statement, or
 * {@code null} where nobody {@linkplain ConnectionListener#needsValues() needs} them, or
 * they can be read only once
 */
public record ExecutedStatement(String sql, long nanos, long waited, long rows, Outcome outcome,
		@Nullable Throwable failure, ContextView context, @Nullable String transaction,
		@Nullable Consumer<Statement> values) {

	/**
	 * How a statement has ended.
	 */
	public enum Outcome {

		/** The server has done it. */
		SUCCESS,

		/** The caller has an error. */
		ERROR,

		/** The caller has gone before the end of the answer. */
		CANCELLED

	}

}
