package dev.asyncmysql;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTimeoutException;

/**
 * A statement or a transaction has taken longer than it may, and was stopped: by the
 * server ({@code max_execution_time}, MySQL's error 3024; MariaDB's
 * {@code max_statement_time}, 1969) or by the starter, which has the server end it.
 * Spring translates it into a {@code QueryTimeoutException}, of which this is the cause.
 */
public final class DeadlineException extends R2dbcTimeoutException {

	private static final long serialVersionUID = 1L;

	/**
	 * Create an exception for a limit of the server.
	 * @param cause what the driver has told
	 */
	public DeadlineException(R2dbcException cause) {
		super(cause.getMessage(), cause.getSqlState(), cause.getErrorCode(), cause.getSql(), cause);
	}

	/**
	 * Create an exception for a limit of the application.
	 * @param message which limit, and where it is set
	 */
	public DeadlineException(String message) {
		super(message);
	}

}
