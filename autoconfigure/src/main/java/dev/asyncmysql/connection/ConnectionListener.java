package dev.asyncmysql.connection;

import dev.asyncmysql.ConnectionSettings.RetryOn;
import org.jspecify.annotations.Nullable;

/**
 * Hears what becomes of the connections to one server. Its methods are called by event
 * loops and by callers' threads, several at the same time: they must return at once. What
 * they throw is logged and goes no further. Times are in nanoseconds.
 */
public interface ConnectionListener {

	/**
	 * A caller's wait for a connection of the pool has ended.
	 * @param outcome how
	 * @param nanos how long it waited
	 */
	default void acquired(AcquireOutcome outcome, long nanos) {
	}

	/**
	 * A connection was opened for the application, and is logged in.
	 * @param nanos how long that took
	 */
	default void opened(long nanos) {
	}

	/**
	 * An attempt to open a connection for the application has failed.
	 * @param nanos how long it took
	 */
	default void notOpened(long nanos) {
	}

	/**
	 * A caller has given a connection of the pool back.
	 * @param nanos how long it had it
	 */
	default void used(long nanos) {
	}

	/**
	 * A connection of the application has ended.
	 * @param reason why
	 */
	default void ended(EndReason reason) {
	}

	/**
	 * The server was asked to end a statement, by KILL QUERY.
	 * @param acknowledged whether it has said that it did
	 */
	default void killed(boolean acknowledged) {
	}

	/**
	 * A connection was found dead, and all that were opened before are replaced.
	 */
	default void serverLost() {
	}

	/**
	 * A statement has ended.
	 * @param statement the statement
	 */
	default void executed(ExecutedStatement statement) {
	}

	/**
	 * A transaction that was begun through the API has ended.
	 * @param name its name, or {@code null} where it has none
	 * @param outcome how
	 * @param nanos how long it took, from its begin
	 */
	default void transactionEnded(@Nullable String name, TransactionOutcome outcome, long nanos) {
	}

	/**
	 * A transaction has failed in a way that another attempt may not.
	 * @param reason how
	 * @param outcome whether there is another attempt
	 */
	default void retried(RetryOn reason, RetryOutcome outcome) {
	}

	/**
	 * Return whether the values that are bound to statements have to be kept until their
	 * end.
	 * @return {@code true} to be told of them with each statement
	 */
	default boolean needsValues() {
		return false;
	}

	/**
	 * How a wait for a connection has ended.
	 */
	enum AcquireOutcome {

		/** The caller has a connection. */
		SUCCESS,

		/** There was none within {@code pool.max-acquire-time}. */
		TIMEOUT,

		/** As many callers waited as {@code pool.max-pending-acquire} allows. */
		REJECTED,

		/** None could be opened, or the pool is closed. */
		ERROR,

		/** The caller has gone. */
		CANCELLED

	}

	/**
	 * How a transaction has ended.
	 */
	enum TransactionOutcome {

		/** The server has taken it. */
		COMMITTED,

		/** It has had no effect. */
		ROLLED_BACK,

		/** A commit was sent, and no answer has come. */
		UNKNOWN

	}

	/**
	 * What has become of the wish to run a transaction again.
	 */
	enum RetryOutcome {

		/** It is run again. */
		RETRIED,

		/** It was run as often as it may be. */
		EXHAUSTED,

		/** Too many others were run again. */
		REFUSED

	}

	/**
	 * Why a connection has ended.
	 */
	enum EndReason {

		/** It was idle for {@code pool.max-idle-time}. */
		IDLE,

		/** It was as old as {@code pool.max-life-time}, less its jitter, allows. */
		LIFE_TIME,

		/** The server was about to close it, by its {@code wait_timeout}. */
		WAIT_TIMEOUT,

		/** The server or the network has ended it. */
		LOST,

		/**
		 * Another one was found dead, or was refused a write, so that those of its time
		 * are replaced.
		 */
		REPLACED,

		/** Its server has refused a write, as one does that is no primary any more. */
		READ_ONLY,

		/** Its session was changed in a way that cannot be set back. */
		SESSION_CHANGED,

		/** It could not be made fit for the next caller, or did not end what it did. */
		STUCK,

		/** Somebody has asked for new connections. */
		REQUESTED,

		/** Its user, where there is no pool, or the pool at its end has closed it. */
		CLOSED

	}

}
