package dev.asyncmysql.connection;

import java.io.IOException;
import java.time.Duration;
import java.util.function.BooleanSupplier;

import dev.asyncmysql.ConnectionLostException;
import dev.asyncmysql.DeadlineException;
import dev.asyncmysql.LockWaitException;
import dev.asyncmysql.ReadOnlyServerException;
import dev.asyncmysql.TransactionOptions;
import dev.asyncmysql.TransactionRolledBackException;
import dev.asyncmysql.UnknownOutcomeException;
import dev.asyncmysql.connection.ConnectionListener.TransactionOutcome;
import dev.asyncmysql.connection.Exchange.Kind;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.TransactionDefinition;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Sees to it that a transaction takes effect as a whole or not at all. What the server
 * has undone in part, or has ended, or what has taken too long, can only be rolled back:
 * until then nothing else reaches the server, as the rest would be committed by half, or
 * would run without a transaction. Safe for use by several threads.
 */
final class TransactionGuard {

	private static final Log logger = LogFactory.getLog(TransactionGuard.class);

	/** From the MySQL error message reference. */
	private static final int SYNTAX = 1064;

	/** From the same: the statement cannot be prepared. */
	private static final int NOT_PREPARABLE = 1295;

	private final BooleanSupplier underWay;

	private final BooleanSupplier lost;

	private final ConnectionListeners listeners;

	private volatile @Nullable Transaction transaction;

	private volatile @Nullable R2dbcException doom;

	private volatile boolean writesRefused;

	private volatile int epoch;

	/**
	 * Create a guard.
	 * @param underWay whether the session is in a transaction, as the server has told
	 * last
	 * @param lost whether the connection is known to have ended
	 * @param listeners who is told how transactions end
	 */
	TransactionGuard(BooleanSupplier underWay, BooleanSupplier lost, ConnectionListeners listeners) {
		this.underWay = underWay;
		this.lost = lost;
		this.listeners = listeners;
	}

	/**
	 * Note that a transaction has begun. To begin one in another has no effect, as with
	 * the driver.
	 * @param definition what was asked for, or {@code null} for nothing in particular
	 * @param since when it was asked for, as of {@link System#nanoTime()}
	 */
	synchronized void begun(@Nullable TransactionDefinition definition, long since) {
		if (this.transaction == null) {
			this.epoch = this.epoch + 1;
			this.transaction = (definition != null)
					? new Transaction(definition.getAttribute(TransactionDefinition.NAME), since,
							definition.getAttribute(TransactionOptions.TIMEOUT),
							definition.getAttribute(TransactionOptions.COMMITTED_INSIDE))
					: new Transaction(null, since, null, null);
		}
	}

	/**
	 * Note that a transaction is about to begin: of one that a text has ended nothing is
	 * left, such as its deadline.
	 */
	void begins() {
		Transaction current = this.transaction;
		R2dbcException reason = this.doom;
		TransactionOutcome outcome = (current != null) ? current.endedInside : null;
		if (outcome != null && (reason == null || reason instanceof DeadlineException)) {
			forget(outcome);
		}
	}

	/**
	 * Return a number that changes with each transaction, so that what is learned late of
	 * one does not concern the next.
	 * @return the number of the present one
	 */
	int epoch() {
		return this.epoch;
	}

	/**
	 * Return the name of the transaction.
	 * @return the name, or {@code null} where there is no transaction, or it has none
	 */
	@Nullable String name() {
		Transaction current = this.transaction;
		return (current != null) ? current.name() : null;
	}

	/**
	 * Return whether there is nothing to be forgotten when the connection is given back.
	 * @return {@code true} where no transaction was begun that has not been ended
	 */
	boolean isIdle() {
		return this.transaction == null && this.doom == null;
	}

	/**
	 * Return why a command must not be sent.
	 * @param kind what it is
	 * @return the reason, or {@code null} where it may be
	 */
	@Nullable R2dbcException refusal(Kind kind) {
		Transaction current = this.transaction;
		if (current != null && current.timeout() != null && this.doom == null) {
			expire(System.nanoTime());
		}
		R2dbcException reason = this.doom;
		if (reason == null) {
			return (kind == Kind.COMMIT && this.lost.getAsBoolean()) ? notSent() : null;
		}
		if (kind == Kind.ROLLBACK || kind == Kind.UNDO || kind == Kind.PROBE) {
			return null;
		}
		if (kind == Kind.COMMIT && reason instanceof UnseenEnd) {
			return new UnknownOutcomeException("The commit was not sent: " + reason.getMessage(), reason);
		}
		String refused = ((kind == Kind.COMMIT) ? "The transaction was rolled back rather than committed: "
				: "The statement was not run, as its transaction can only be rolled back: ") + reason.getMessage();
		return (reason instanceof DeadlineException) ? new DeadlineException(refused)
				: new TransactionRolledBackException(refused, reason);
	}

	/**
	 * Let the transaction be rolled back only where its time is over, and tell so once.
	 * @param now the time, as of {@link System#nanoTime()}
	 * @return the reason, or {@code null} where it may go on, or was told before
	 */
	@Nullable R2dbcException overdue(long now) {
		Transaction current = this.transaction;
		if (current == null || current.timeout() == null || current.overdue) {
			return null;
		}
		R2dbcException reason = expire(now);
		current.overdue = reason != null;
		return reason;
	}

	private @Nullable R2dbcException expire(long now) {
		Transaction current = this.transaction;
		Duration timeout = (current != null) ? current.timeout() : null;
		if (current == null || timeout == null || now - current.since() < timeout.toNanos()) {
			return null;
		}
		synchronized (this) {
			if (this.transaction != current) {
				// It has ended meanwhile, and the next one must not pay for it.
				return null;
			}
			if (this.doom == null) {
				this.doom = new DeadlineException(
						"The transaction%s took longer than %s (its timeout, or spring.transaction.default-timeout)"
							.formatted((current.name() != null) ? " " + current.name() : "", timeout));
			}
			return this.doom;
		}
	}

	/**
	 * Translate what the driver has told of a command, and note what it means for the
	 * transaction.
	 * @param ex the driver's exception
	 * @param kind what the command is
	 * @param epoch the number of the transaction that the command was begun in
	 * @return the exception for the caller
	 */
	Throwable failed(Throwable ex, Kind kind, int epoch) {
		if (isLoss(ex)) {
			return lost(kind, ex);
		}
		if (!(ex instanceof R2dbcException failure)) {
			return ex;
		}
		R2dbcException translated = ServerError.translate(failure);
		if (translated instanceof ConnectionLostException && kind == Kind.COMMIT) {
			return lost(kind, ex);
		}
		if (translated instanceof ReadOnlyServerException) {
			this.writesRefused = true;
		}
		if (ServerError.dooms(translated) && this.underWay.getAsBoolean()) {
			doom(translated, epoch);
		}
		return translated;
	}

	private synchronized void doom(R2dbcException reason, int epoch) {
		if (this.doom == null && epoch == this.epoch) {
			this.doom = reason;
		}
	}

	// The driver uses an exception that Spring does not know for what is sent to a
	// connection that closes at that moment.
	private boolean isLoss(Throwable ex) {
		return (ex instanceof IllegalStateException closed
				&& String.valueOf(closed.getMessage()).startsWith("Request queue"))
				|| (this.lost.getAsBoolean()
						&& (ex instanceof IOException || (ex instanceof R2dbcNonTransientResourceException failure
								&& failure.getErrorCode() == 0 && !(ex instanceof ConnectionLostException))));
	}

	/**
	 * Return what a command fails with whose connection has ended.
	 * @param kind what the command is
	 * @param cause the reason, or {@code null} where nobody has told
	 * @return the exception
	 */
	static R2dbcException lost(Kind kind, @Nullable Throwable cause) {
		return (kind == Kind.COMMIT) ? new UnknownOutcomeException(
				"The connection was lost after the commit was sent. Whether it had an effect is not known: find out by what the transaction writes before it is repeated",
				cause)
				: new ConnectionLostException(
						"The connection was lost while a statement was under way on it. Whether it had an effect is not known, unless it was in a transaction, which the server rolls back",
						cause);
	}

	/**
	 * Return what a command fails with that waited while its connection ended.
	 * @return the exception
	 */
	static R2dbcException notSent() {
		return new ConnectionLostException(
				"The connection was lost before the statement was sent. The server rolls back what was done before in the same transaction",
				null);
	}

	/**
	 * Return whether the server has refused a write because it takes none.
	 * @return {@code true} where a new connection may lead to one that does
	 */
	boolean areWritesRefused() {
		return this.writesRefused;
	}

	/**
	 * Return whether only a roll-back helps.
	 * @return {@code true} until it is rolled back
	 */
	boolean isDoomed() {
		return this.doom != null;
	}

	/**
	 * Return whether the server still has the savepoints of the transaction. None is
	 * created in one that can only be rolled back.
	 * @return {@code false} where it was rolled back as a whole, and they with it
	 */
	boolean hasSavepoints() {
		R2dbcException reason = this.doom;
		return reason == null || reason instanceof LockWaitException;
	}

	/**
	 * Note that all since a savepoint is undone, and so is what the server had undone in
	 * part.
	 */
	synchronized void rolledBackToSavepoint() {
		if (hasSavepoints()) {
			this.doom = null;
		}
	}

	/**
	 * Note that a statement is going to the server. Whether it has committed cannot be
	 * told where it fails.
	 * @param text what its text does
	 */
	void started(TransactionText text) {
		Transaction current = this.transaction;
		if (current != null && text.committing() != null) {
			current.mayBeCommitted();
		}
	}

	/**
	 * Look what a statement has done to the transaction that it was in.
	 * @param text what its text does
	 * @param failure what it has failed with, or {@code null} where it has not
	 * @param epoch the number of the transaction that it was begun in
	 */
	void statementEnded(TransactionText text, @Nullable Throwable failure, int epoch) {
		if (failure == null && text.kind() == Kind.ROLLBACK) {
			rolledBackByText();
		}
		else if (failure == null && text.kind() == Kind.UNDO) {
			rolledBackToSavepoint();
		}
		Transaction current = this.transaction;
		if (current == null || current.endedInside != null || this.lost.getAsBoolean() || this.doom != null
				|| epoch != this.epoch) {
			return;
		}
		if (text.surely() && !isNotCommitted(failure)) {
			committed(current, text);
		}
		else if (failure == null && !this.underWay.getAsBoolean()) {
			if (text.opaque()) {
				endedUnseen(current, text, epoch);
			}
			else if (text.committing() != null) {
				committed(current, text);
			}
			else {
				current.mayBeCommitted();
				doom(new UnseenEnd(
						"The server has ended the transaction before the statement, which ran outside it. Nothing tells why, nor whether what was done before was committed. Roll back, and find out by what it writes"),
						epoch);
			}
		}
	}

	// What cannot be parsed or prepared commits nothing. A server that takes no writes
	// refuses the statement before it commits, or the commit itself, and rolls back. A
	// transaction that is read-only (1792) is committed before the statement is refused.
	private static boolean isNotCommitted(@Nullable Throwable failure) {
		return failure instanceof ReadOnlyServerException
				|| (failure instanceof R2dbcBadGrammarException wrong && wrong.getErrorCode() == SYNTAX)
				|| (failure instanceof R2dbcException refused && refused.getErrorCode() == NOT_PREPARABLE);
	}

	private synchronized void rolledBackByText() {
		this.doom = null;
		if (this.transaction != null) {
			this.transaction.endedInside = TransactionOutcome.ROLLED_BACK;
		}
	}

	private static void committed(Transaction current, TransactionText text) {
		current.endedInside = TransactionOutcome.COMMITTED;
		current.mayBeCommitted();
		logger.warn(
				"The transaction%s was committed by a statement inside it (%s …), as MySQL does for DDL and some others: what was done before cannot be rolled back, and what follows runs outside a transaction. Move that statement out of it"
					.formatted((current.name() != null) ? " " + current.name() : "", text.committing()));
	}

	// A deadlock that a handler of the procedure has swallowed looks like a commit in it.
	private void endedUnseen(Transaction current, TransactionText text, int epoch) {
		current.mayBeCommitted();
		String ended = "The transaction%s was ended by a statement inside it (%s …). Whether what was done before was committed, as by a commit in a procedure, or rolled back, as by a deadlock that a procedure's handler has swallowed, is not known"
			.formatted((current.name() != null) ? " " + current.name() : "", text.committing());
		logger.warn(ended
				+ ": what follows is refused, as it would run outside a transaction. Run that statement outside a transaction, or let the procedure neither end the transaction nor swallow such errors");
		doom(new UnseenEnd(
				ended + ". Roll back, find out by what it writes, and run that statement outside a transaction"),
				epoch);
	}

	/**
	 * Note that the command which ends a transaction has ended.
	 * @param kind a commit or a roll-back
	 * @param failed whether it has failed
	 */
	void ended(Kind kind, boolean failed) {
		if (!failed) {
			forget((kind == Kind.COMMIT) ? TransactionOutcome.COMMITTED : TransactionOutcome.ROLLED_BACK);
		}
		else if (kind == Kind.COMMIT && this.lost.getAsBoolean()) {
			forget(TransactionOutcome.UNKNOWN);
		}
	}

	/**
	 * Note that the connection is given back, or ends: what was not committed is rolled
	 * back.
	 */
	void released() {
		forget(TransactionOutcome.ROLLED_BACK);
	}

	private void forget(TransactionOutcome asked) {
		Transaction current;
		TransactionOutcome outcome;
		synchronized (this) {
			current = this.transaction;
			// A commit after a roll-back by a text commits nothing of the transaction.
			TransactionOutcome ended = (current != null) ? current.endedInside : null;
			outcome = (this.doom instanceof UnseenEnd) ? TransactionOutcome.UNKNOWN : (ended != null) ? ended : asked;
			this.transaction = null;
			this.doom = null;
			this.epoch = this.epoch + 1;
		}
		if (current != null && !this.listeners.isEmpty()) {
			long nanos = System.nanoTime() - current.since();
			this.listeners.tell((listener) -> listener.transactionEnded(current.name(), outcome, nanos));
		}
	}

	/**
	 * A statement has ended the transaction, and nobody knows how.
	 */
	private static final class UnseenEnd extends R2dbcRollbackException {

		private static final long serialVersionUID = 1L;

		UnseenEnd(String message) {
			super(message);
		}

	}

	/**
	 * A transaction that was begun through the API.
	 */
	private static final class Transaction {

		private final @Nullable String name;

		private final long since;

		private final @Nullable Duration timeout;

		private final @Nullable Runnable listener;

		private volatile @Nullable TransactionOutcome endedInside;

		private volatile boolean overdue;

		Transaction(@Nullable String name, long since, @Nullable Duration timeout, @Nullable Runnable listener) {
			this.name = name;
			this.since = since;
			this.timeout = timeout;
			this.listener = listener;
		}

		@Nullable String name() {
			return this.name;
		}

		long since() {
			return this.since;
		}

		@Nullable Duration timeout() {
			return this.timeout;
		}

		void mayBeCommitted() {
			if (this.listener != null) {
				this.listener.run();
			}
		}

	}

}
