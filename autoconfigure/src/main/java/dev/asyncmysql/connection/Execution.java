package dev.asyncmysql.connection;

import java.util.function.Consumer;

import dev.asyncmysql.connection.ExecutedStatement.Outcome;
import io.r2dbc.spi.Statement;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * What is measured of a statement while it is under way, for those who listen.
 */
final class Execution {

	private final String sql;

	private final @Nullable Consumer<Statement> values;

	private final long waited;

	private final @Nullable String transaction;

	private final ConnectionListeners listeners;

	private volatile long started;

	private volatile long answered;

	private volatile long rows;

	private volatile @Nullable Throwable failure;

	private boolean told;

	/**
	 * Create an execution.
	 * @param sql the text
	 * @param values what binds its values to another statement, or {@code null} where
	 * that is not known
	 * @param waited how long its caller had waited for the connection
	 * @param transaction name of the transaction that it is in, if it has one
	 * @param listeners who is told of its end
	 */
	Execution(String sql, @Nullable Consumer<Statement> values, long waited, @Nullable String transaction,
			ConnectionListeners listeners) {
		this.sql = sql;
		this.values = values;
		this.waited = waited;
		this.transaction = transaction;
		this.listeners = listeners;
	}

	void start() {
		this.started = System.nanoTime();
	}

	void answered() {
		this.answered = System.nanoTime();
	}

	/**
	 * Note what the caller is told.
	 * @param ex the error; the first counts
	 */
	void fail(Throwable ex) {
		if (this.failure == null) {
			this.failure = ex;
		}
	}

	synchronized void add(long more) {
		this.rows = this.rows + more;
	}

	/**
	 * Tell of the end, once.
	 * @param cancelled whether the caller has gone before
	 * @param context the context of the caller
	 */
	void tell(boolean cancelled, ContextView context) {
		synchronized (this) {
			if (this.told) {
				return;
			}
			this.told = true;
		}
		Throwable ex = this.failure;
		Outcome outcome = (ex != null) ? Outcome.ERROR : cancelled ? Outcome.CANCELLED : Outcome.SUCCESS;
		ExecutedStatement statement = new ExecutedStatement(this.sql, this.answered - this.started, this.waited,
				this.rows, outcome, ex, context, this.transaction, this.values);
		this.listeners.tell((listener) -> listener.executed(statement));
	}

}
