package dev.asyncmysql.connection;

import dev.asyncmysql.connection.Exchange.Kind;
import org.jspecify.annotations.Nullable;

/**
 * What a text does to the transaction that it is in. What is not known may commit it:
 * then the transaction is not run again.
 *
 * @param kind what it is to those who would stop or refuse it
 * @param committing its first words, where it commits the transaction or may do so,
 * without values; otherwise {@code null}
 * @param surely whether it commits, also where it fails
 * @param opaque whether it may roll back as well, and does not show which
 * @see <a href="https://dev.mysql.com/doc/refman/9.7/en/implicit-commit.html">Statements
 * That Cause an Implicit Commit</a>
 */
record TransactionText(Kind kind, @Nullable String committing, boolean surely, boolean opaque) {

	/** For a plain query or write. */
	static final TransactionText PLAIN = new TransactionText(Kind.STATEMENT, null, false, false);

	/** For a roll-back to a savepoint. */
	static final TransactionText UNDOING = new TransactionText(Kind.UNDO, null, false, false);

	/**
	 * Tell what a text does. Takes no lock and keeps nothing; the time is linear in the
	 * length of the text.
	 * @param sql one statement or several
	 * @return what it does
	 */
	static TransactionText of(String sql) {
		return SqlEffect.isPlain(sql) ? PLAIN : TransactionScan.text(sql);
	}

	/**
	 * Return what a statement does that commits before anything else.
	 * @param beginning its first words
	 * @return what it does
	 */
	static TransactionText committing(String beginning) {
		return new TransactionText(Kind.STATEMENT, beginning, true, false);
	}

	/**
	 * Return what a statement does that may commit, and has where the transaction is over
	 * after it.
	 * @param beginning its first words
	 * @return what it does
	 */
	static TransactionText perhaps(String beginning) {
		return new TransactionText(Kind.STATEMENT, beginning, false, false);
	}

	/**
	 * Return what a statement does that may commit, roll back, or neither.
	 * @param beginning its first words
	 * @return what it does
	 */
	static TransactionText unknown(String beginning) {
		return new TransactionText(Kind.STATEMENT, beginning, false, true);
	}

	/**
	 * Return what this and another one do. A roll-back beside something else is let
	 * through no more than that.
	 * @param other the other one
	 * @return the stronger of each
	 */
	TransactionText and(TransactionText other) {
		boolean commits = this.kind == Kind.COMMIT || other.kind == Kind.COMMIT;
		boolean rollsBack = this.kind == Kind.ROLLBACK || other.kind == Kind.ROLLBACK;
		return new TransactionText(commits ? Kind.COMMIT : Kind.STATEMENT,
				(this.committing != null) ? this.committing : other.committing, this.surely || other.surely,
				rollsBack || this.opaque || other.opaque);
	}

}
