package dev.asyncmysql.bulk;

import org.jspecify.annotations.Nullable;

import org.springframework.dao.NonTransientDataAccessException;

/**
 * A bulk write that failed. Its cause is what Spring makes of the server's error, such as
 * a {@link org.springframework.dao.DuplicateKeyException}, where the server refused.
 */
public class BulkWriteException extends NonTransientDataAccessException {

	private static final long serialVersionUID = 1L;

	private final Reason reason;

	private final long firstRow;

	private final long lastRow;

	private final @Nullable String column;

	private final BulkProgress written;

	BulkWriteException(String message, Reason reason, long firstRow, long lastRow, @Nullable String column,
			BulkProgress written, @Nullable Throwable cause) {
		super(message, cause);
		this.reason = reason;
		this.firstRow = firstRow;
		this.lastRow = lastRow;
		this.column = column;
		this.written = written;
	}

	/**
	 * Return the row that was refused.
	 * @return its index in the source, counted from 0, or -1 where it could not be told
	 * which of {@link #getFirstRow()} to {@link #getLastRow()} it is, or where another
	 * reason than a row ended the write
	 */
	public long getRow() {
		return (this.reason == Reason.REFUSED && this.firstRow == this.lastRow) ? this.firstRow : -1;
	}

	/**
	 * Return the first of the rows of which at least one was refused, or which were not
	 * written, or of which that is not known.
	 * @return its index in the source, counted from 0
	 */
	public long getFirstRow() {
		return this.firstRow;
	}

	/**
	 * Return the last of the rows of which at least one was refused, or which were not
	 * written, or of which that is not known.
	 * @return its index in the source, counted from 0
	 */
	public long getLastRow() {
		return this.lastRow;
	}

	/**
	 * Return whether it is not known what became of the rows from {@link #getFirstRow()}
	 * to {@link #getLastRow()}: they were sent to be committed, and no answer has come.
	 * All of them are written or none, and to write them again can write them twice.
	 * @return {@code false} where they are not written for sure
	 */
	public boolean isOutcomeUnknown() {
		return this.reason == Reason.UNKNOWN;
	}

	/**
	 * Return the column whose value was refused.
	 * @return its name, or {@code null} where the server does not tell
	 */
	public @Nullable String getColumn() {
		return this.column;
	}

	/**
	 * Return what was written for sure and stays: the chunks that were committed one by
	 * one, or in a transaction of the caller's, which may still roll back, those before
	 * the failure.
	 * @return the progress, zero where all was rolled back
	 */
	public BulkProgress getWritten() {
		return this.written;
	}

	/**
	 * What became of the rows that it tells.
	 */
	enum Reason {

		/** One of them was refused. */
		REFUSED,

		/** They were not written, for another reason than a row. */
		STOPPED,

		/** They were sent, and no answer has come. */
		UNKNOWN

	}

}
