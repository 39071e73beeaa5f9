package dev.asyncmysql;

import java.time.Duration;

import io.asyncer.r2dbc.mysql.api.MySqlTransactionDefinition;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.TransactionDefinition;

/**
 * What can be asked of a transaction beyond R2DBC's own attributes, by the
 * {@link TransactionDefinition} that {@link Connection#beginTransaction} takes. Spring's
 * attributes of a transaction lead here by themselves.
 */
public final class TransactionOptions {

	/**
	 * The time that the transaction may take as a whole, from its begin. After it the
	 * statement under way is stopped, all is rolled back, and what follows is refused
	 * with a {@link DeadlineException} until the caller has rolled back as well. It is
	 * noticed within some 50 ms. A commit that was sent is let be.
	 */
	public static final Option<Duration> TIMEOUT = Option.valueOf("async-mysql.timeout");

	/**
	 * Whether the snapshot that a transaction reads from is taken at its begin, rather
	 * than at its first read ({@code WITH CONSISTENT SNAPSHOT}). It has an effect in
	 * {@code REPEATABLE READ}.
	 */
	public static final Option<Boolean> CONSISTENT_SNAPSHOT = MySqlTransactionDefinition.WITH_CONSISTENT_SNAPSHOT;

	/**
	 * Called when a statement inside the transaction has committed it, as DDL does: to
	 * run the transaction again would do twice what came before. It is called by an event
	 * loop and must not block.
	 */
	public static final Option<Runnable> COMMITTED_INSIDE = Option.valueOf("async-mysql.committed-inside");

	private TransactionOptions() {
	}

}
