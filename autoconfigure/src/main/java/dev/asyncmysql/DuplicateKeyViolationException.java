package dev.asyncmysql;

import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import org.jspecify.annotations.Nullable;

/**
 * A row was refused because another one has the same key (MySQL's error 1062). Spring
 * translates it into a {@code DuplicateKeyException}, of which this is the cause.
 */
public final class DuplicateKeyViolationException extends R2dbcDataIntegrityViolationException {

	private static final long serialVersionUID = 1L;

	private final @Nullable String key;

	/**
	 * Create an exception.
	 * @param cause what the driver has told
	 * @param key name of the key, or {@code null} where the server does not tell
	 */
	public DuplicateKeyViolationException(R2dbcException cause, @Nullable String key) {
		super(cause.getMessage(), cause.getSqlState(), cause.getErrorCode(), cause.getSql(), cause);
		this.key = key;
	}

	/**
	 * Return the key that two rows would have in common.
	 * @return the key as the server names it, which MySQL does with its table
	 * ({@code account.PRIMARY}) and MariaDB without; {@code null} where it does not tell
	 */
	public @Nullable String getKey() {
		return this.key;
	}

}
