package dev.asyncmysql;

/**
 * Thrown at start when the configuration of a connection is missing, wrong or contradicts
 * itself. The message names the property and what is wrong with it and never holds a
 * secret; {@link #getAction()} says what to do.
 */
public class InvalidSettingsException extends IllegalStateException {

	private static final long serialVersionUID = 1L;

	private final String property;

	private final String problem;

	private final String action;

	/**
	 * Create an exception.
	 * @param property name of the property, such as {@code async-mysql.pool.max-size}
	 * @param problem what is wrong, as a sentence without the name of the property
	 * @param action what to do, as a sentence
	 */
	public InvalidSettingsException(String property, String problem, String action) {
		super(property + ": " + problem);
		this.property = property;
		this.problem = problem;
		this.action = action;
	}

	/**
	 * Return this failure under the name by which the user knows the property.
	 * @param name the name
	 * @return a failure with the same problem, action and cause
	 */
	public InvalidSettingsException as(String name) {
		InvalidSettingsException renamed = new InvalidSettingsException(name, this.problem, this.action);
		renamed.setStackTrace(getStackTrace());
		renamed.initCause(getCause());
		return renamed;
	}

	/**
	 * Return the property that is wrong.
	 * @return the name of the property
	 */
	public String getProperty() {
		return this.property;
	}

	/**
	 * Return what to do about it.
	 * @return a sentence
	 */
	public String getAction() {
		return this.action;
	}

}
