package dev.asyncmysql;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.jspecify.annotations.Nullable;

/**
 * The connection was lost while a statement was under way, and no commit had been sent.
 * The server rolls back what was done in a transaction; what a single statement did
 * outside one is not known. Where a commit had been sent, it is an
 * {@link UnknownOutcomeException}. Spring translates both into a
 * {@code DataAccessResourceFailureException}, of which they are the cause. Number and SQL
 * state are the server's where it has told why.
 */
public class ConnectionLostException extends R2dbcNonTransientResourceException {

	private static final long serialVersionUID = 1L;

	/**
	 * Create an exception.
	 * @param message what has become of the statement
	 * @param cause what the driver has told, or {@code null} where nobody has
	 */
	public ConnectionLostException(String message, @Nullable Throwable cause) {
		super(message, (cause instanceof R2dbcException told) ? told.getSqlState() : null,
				(cause instanceof R2dbcException told) ? told.getErrorCode() : 0, cause);
	}

}
