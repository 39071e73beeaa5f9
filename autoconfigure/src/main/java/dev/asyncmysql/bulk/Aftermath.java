package dev.asyncmysql.bulk;

import dev.asyncmysql.bulk.BulkWriteException.Reason;
import dev.asyncmysql.bulk.FailingRow.Scope;
import org.jspecify.annotations.Nullable;

/**
 * What is left of a write that fails, and the exception that says so.
 *
 * @param target where the rows go
 * @param scope what they are written in
 * @param written what was written before
 */
record Aftermath(Target target, Scope scope, BulkProgress written) {

	/**
	 * Return what a write fails with of whose rows some are refused.
	 * @param first the first of the rows of which at least one is refused
	 * @param last the last of them
	 * @param column the column, or {@code null} where it is not known
	 * @param reason what is wrong
	 * @param cause what the server or the row said, or {@code null} for nothing
	 * @return the exception
	 */
	BulkWriteException refused(long first, long last, @Nullable String column, @Nullable String reason,
			@Nullable Throwable cause) {
		String rows = (first == last) ? "Row " + first : "One of the rows " + first + " to " + last;
		return new BulkWriteException(
				"%s (counted from 0) cannot be written to %s%s: %s. %s".formatted(rows, this.target.table(),
						(column != null) ? ", because of column '" + column + "'" : "", reason, text()),
				Reason.REFUSED, first, last, column, kept(), cause);
	}

	/**
	 * Return what a write fails with that has committed rows, for another reason than a
	 * row: to begin anew would write them twice.
	 * @param last the last row that was under way
	 * @param cause the reason
	 * @return the exception
	 */
	BulkWriteException stopped(long last, Throwable cause) {
		long next = this.written.rows();
		return new BulkWriteException(
				"It ended before the rows from %d on (counted from 0) were written to %s: %s. %s".formatted(next,
						this.target.table(), cause.getMessage(), text()),
				Reason.STOPPED, next, Math.max(next, last), null, kept(), cause);
	}

	/**
	 * Return what a write fails with that has sent rows to be committed, and has no
	 * answer: to send them again can write them twice.
	 * @param first the first of these rows
	 * @param last the last of them
	 * @param cause why there is no answer
	 * @return the exception
	 */
	BulkWriteException unknown(long first, long last, Throwable cause) {
		return new BulkWriteException(
				"Whether the rows %d to %d (counted from 0) were written to %s is not known: %s. %s".formatted(first,
						last, this.target.table(), cause.getMessage(),
						(this.scope == Scope.NONE) ? this.written.rows() + " rows before are committed, and none after"
								: "These are all that there are"),
				Reason.UNKNOWN, first, last, null, kept(), cause);
	}

	private BulkProgress kept() {
		return (this.scope == Scope.OWN_TRANSACTION) ? BulkProgress.NONE : this.written;
	}

	private String text() {
		return switch (this.scope) {
			case OWN_TRANSACTION -> "Nothing was written";
			case CALLERS_TRANSACTION -> this.written.rows()
					+ " rows before were written in the transaction, which is left to its owner to roll back";
			case NONE -> this.written.rows() + " rows before are committed, and none after";
		};
	}

}
