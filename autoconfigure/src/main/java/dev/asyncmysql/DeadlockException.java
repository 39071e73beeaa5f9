package dev.asyncmysql;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcRollbackException;

/**
 * The server has chosen the transaction as the victim of a deadlock and has rolled all of
 * it back (MySQL's error 1213). To run the whole transaction again is what the server
 * asks for. Spring translates it into a {@code CannotAcquireLockException}, of which this
 * is the cause.
 *
 * @see <a href=
 * "https://dev.mysql.com/doc/refman/9.7/en/innodb-deadlocks-handling.html">How to
 * Minimize and Handle Deadlocks</a>
 */
public final class DeadlockException extends R2dbcRollbackException {

	private static final long serialVersionUID = 1L;

	/** Serialization failure, by which Spring tells a deadlock from other roll-backs. */
	private static final String SQL_STATE = "40001";

	/**
	 * Create an exception.
	 * @param cause what the driver has told
	 */
	public DeadlockException(R2dbcException cause) {
		super(cause.getMessage() + ". The server has rolled the whole transaction back: run it again", SQL_STATE,
				cause.getErrorCode(), cause.getSql(), cause);
	}

}
