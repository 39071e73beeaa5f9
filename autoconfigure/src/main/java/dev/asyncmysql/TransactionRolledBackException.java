package dev.asyncmysql;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcRollbackException;

/**
 * Something was asked for in a transaction that can only be rolled back, and was not
 * done: a commit, or a further statement. The cause tells what has ended the transaction:
 * a {@link DeadlockException}, a {@link LockWaitException}, the driver's exception for
 * another error of the server (1206, MariaDB's 1020), or one without a number where the
 * server has ended the transaction and nothing tells how, as in a procedure; the commit
 * fails with an {@link UnknownOutcomeException} then. After a deadline there is a
 * {@link DeadlineException} instead of this. Spring translates it into a
 * {@code CannotAcquireLockException} after a deadlock, and into a
 * {@code PessimisticLockingFailureException} otherwise, of which this is the cause.
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
