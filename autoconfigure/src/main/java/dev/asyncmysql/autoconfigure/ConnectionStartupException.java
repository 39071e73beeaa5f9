package dev.asyncmysql.autoconfigure;

/**
 * Ends a start that has no connection, with what to do about it.
 */
class ConnectionStartupException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final String action;

	ConnectionStartupException(String message, String action, Throwable cause) {
		super(message, cause);
		this.action = action;
	}

	String getAction() {
		return this.action;
	}

}
