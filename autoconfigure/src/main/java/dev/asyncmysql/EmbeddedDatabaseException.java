package dev.asyncmysql;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when the development database cannot be started. Its message says what happened,
 * what to do about it, and ends with the last lines that the server wrote.
 */
public final class EmbeddedDatabaseException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final String description;

	private final String action;

	private final String[] output;

	/**
	 * Create a failure in which no server had its say.
	 * @param description what happened, as a sentence
	 * @param action what the user can do about it, as a sentence
	 * @param cause what caused it, or {@code null}
	 */
	public EmbeddedDatabaseException(String description, String action, @Nullable Throwable cause) {
		this(description, action, List.of(), cause);
	}

	/**
	 * Create a failure.
	 * @param description what happened, as a sentence
	 * @param action what the user can do about it, as a sentence
	 * @param output the last lines that the server wrote
	 * @param cause what caused it, or {@code null}
	 */
	public EmbeddedDatabaseException(String description, String action, List<String> output,
			@Nullable Throwable cause) {
		super(message(description, action, output), cause);
		this.description = description;
		this.action = action;
		this.output = output.toArray(String[]::new);
	}

	/**
	 * Return what happened.
	 * @return what happened, as a sentence
	 */
	public String getDescription() {
		return this.description;
	}

	/**
	 * Return what the user can do about it.
	 * @return what to do, as a sentence
	 */
	public String getAction() {
		return this.action;
	}

	/**
	 * Return the last lines that the server wrote.
	 * @return the lines, which may be none
	 */
	public List<String> getOutput() {
		return List.of(this.output);
	}

	private static String message(String description, String action, List<String> output) {
		String message = description + " " + action;
		return output.isEmpty() ? message : message + "\nIts last lines were:\n\t" + String.join("\n\t", output);
	}

}
