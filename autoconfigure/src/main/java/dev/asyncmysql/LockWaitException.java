package dev.asyncmysql;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcRollbackException;

/**
 * A lock could not be had: not within {@code innodb_lock_wait_timeout} (MySQL's error
 * 1205), or not at once where the statement says {@code NOWAIT} (3572). The server has
 * undone the statement and nothing else. After 1205 the starter lets the transaction only
 * be rolled back, as it would be committed by half otherwise; after {@code NOWAIT}, which
 * asks for the answer, it goes on. Spring translates it into a
 * {@code PessimisticLockingFailureException}, of which this is the cause.
 *
 * @see <a href=
 * "https://dev.mysql.com/doc/refman/9.7/en/innodb-error-handling.html">InnoDB Error
 * Handling</a>
 */
public final class LockWaitException extends R2dbcRollbackException {

	private static final long serialVersionUID = 1L;

	/**
	 * Create an exception.
	 * @param cause what the driver has told
	 */
	public LockWaitException(R2dbcException cause) {
		super(cause.getMessage(), cause.getSqlState(), cause.getErrorCode(), cause.getSql(), cause);
	}

}
