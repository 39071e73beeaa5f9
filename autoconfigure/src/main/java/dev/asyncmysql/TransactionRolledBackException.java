package dev.asyncmysql;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcRollbackException;

/**
 * Something was asked for in a transaction that can only be rolled back, and was not
 * done: a commit, or a further statement. The cause tells what has ended the transaction:
 * a {@link DeadlockException}, a {@link LockWaitException} or a
 * {@link DeadlineException}. Spring translates it into a
 * {@code PessimisticLockingFailureException}, of which this is the cause.
 */
public final class TransactionRolledBackException extends R2dbcRollbackException {

	private static final long serialVersionUID = 1L;

	/**
	 * Create an exception.
	 * @param message what was not done
	 * @param cause what has ended the transaction
	 */
	public TransactionRolledBackException(String message, R2dbcException cause) {
		super(message, cause.getSqlState(), cause.getErrorCode(), cause);
	}

}
