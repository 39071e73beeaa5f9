package dev.asyncmysql;

import org.jspecify.annotations.Nullable;

/**
 * A commit was sent, and no answer has come, or a statement such as the call of a
 * procedure had ended the transaction before, and nothing tells how: the transaction may
 * have taken effect or may not. To run it again can do everything twice. Find out by what
 * it writes, such as a key of the caller's choice, before it is repeated.
 */
public final class UnknownOutcomeException extends ConnectionLostException {

	private static final long serialVersionUID = 1L;

	/**
	 * Create an exception.
	 * @param message why it is not known
	 * @param cause what has led to it, or {@code null} where nobody has
	 */
	public UnknownOutcomeException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}
