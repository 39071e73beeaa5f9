package dev.asyncmysql.connection;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * How one connection of the application stood at a moment.
 *
 * @param id the server's identifier of the connection, as in its process list, or
 * {@code null} where it is not known
 * @param state what it was doing
 * @param since how long it had been lent, or not lent
 * @param age how long it had been open
 * @param eventLoop name of the event loop that serves it, or {@code null} where it is not
 * known
 */
public record ConnectionInfo(@Nullable Long id, State state, Duration since, Duration age, @Nullable String eventLoop) {

	/**
	 * What a connection is doing.
	 */
	public enum State {

		/** It is in the pool. */
		IDLE,

		/** It is lent, and nothing is under way on it. */
		LENT,

		/** It is lent, and a statement is under way on it. */
		BUSY,

		/** It was given back, and is made fit for the next caller. */
		RETURNING

	}

}
