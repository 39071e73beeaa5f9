package dev.asyncmysql.bulk;

import org.jspecify.annotations.Nullable;

/**
 * A row that cannot be sent: the way from where that is found to where it is known what
 * was written before.
 */
class RefusedRowException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final long row;

	private final @Nullable String column;

	RefusedRowException(long row, @Nullable String column, String reason, @Nullable Throwable cause) {
		super(reason, cause);
		this.row = row;
		this.column = column;
	}

	long row() {
		return this.row;
	}

	@Nullable String column() {
		return this.column;
	}

}
