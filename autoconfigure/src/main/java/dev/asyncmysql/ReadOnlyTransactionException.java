package dev.asyncmysql;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;

/**
 * A statement would write in a transaction that was begun as read-only (MySQL's error
 * 1792). Spring translates it into a {@code DataAccessResourceFailureException}, of which
 * this is the cause.
 */
public final class ReadOnlyTransactionException extends R2dbcNonTransientResourceException {

	private static final long serialVersionUID = 1L;

	/**
	 * Create an exception.
	 * @param cause what the driver has told
	 */
	public ReadOnlyTransactionException(R2dbcException cause) {
		super(cause.getMessage()
				+ " The transaction was begun as read-only: write in one that is not, as by @Transactional without readOnly",
				cause.getSqlState(), cause.getErrorCode(), cause.getSql(), cause);
	}

}
