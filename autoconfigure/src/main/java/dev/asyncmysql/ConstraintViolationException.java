package dev.asyncmysql;

import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import org.jspecify.annotations.Nullable;

/**
 * A row was refused by a constraint: {@code NOT NULL} (MySQL's error 1048), a foreign key
 * (1451, 1452), or {@code CHECK} (3819; MariaDB's 4025). Spring translates it into a
 * {@code DataIntegrityViolationException}, of which this is the cause.
 */
public final class ConstraintViolationException extends R2dbcDataIntegrityViolationException {

	private static final long serialVersionUID = 1L;

	private final @Nullable String constraint;

	/**
	 * Create an exception.
	 * @param cause what the driver has told
	 * @param constraint name of the constraint, or {@code null} where the server does not
	 * tell
	 */
	public ConstraintViolationException(R2dbcException cause, @Nullable String constraint) {
		super(cause.getMessage(), cause.getSqlState(), cause.getErrorCode(), cause.getSql(), cause);
		this.constraint = constraint;
	}

	/**
	 * Return the constraint.
	 * @return its name, of {@code NOT NULL} that of the column; {@code null} where the
	 * server does not tell, as where the user may not see the table
	 */
	public @Nullable String getConstraint() {
		return this.constraint;
	}

}
