package dev.asyncmysql;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;

/**
 * The server takes no writes: {@code read_only} or {@code super_read_only} is on (MySQL's
 * error 1290), or it is in read-only mode (1836). After a failover the connection leads
 * to what was the primary; a new connection may lead to the one that is now. Spring
 * translates it into a {@code DataAccessResourceFailureException}, of which this is the
 * cause.
 */
public final class ReadOnlyServerException extends R2dbcNonTransientResourceException {

	private static final long serialVersionUID = 1L;

	/**
	 * Create an exception.
	 * @param cause what the driver has told
	 */
	public ReadOnlyServerException(R2dbcException cause) {
		super(cause.getMessage()
				+ ". The server takes no writes. After a failover another attempt gets a new connection; otherwise connect to the primary",
				cause.getSqlState(), cause.getErrorCode(), cause.getSql(), cause);
	}

}
