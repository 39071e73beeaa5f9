package dev.asyncmysql.autoconfigure;

import java.util.Locale;
import java.util.Set;

import dev.asyncmysql.InvalidSettingsException;
import io.r2dbc.spi.ConnectionFactoryOptions;

/**
 * Reads the URL of a connection and says what to write in place of one that cannot be
 * used. No message repeats a URL's credentials or options.
 */
final class R2dbcUrl {

	private static final Set<String> DRIVERS = Set.of("mysql", "mariadb");

	private final String property;

	private final String url;

	R2dbcUrl(String property, String url) {
		this.property = property;
		this.url = url.trim();
	}

	/**
	 * Return whether this URL is the starter's business: it names MySQL, if only in the
	 * wrong form.
	 * @return {@code false} for another database, or for MariaDB by a driver of its own
	 */
	boolean isForMySql() {
		String lower = this.url.toLowerCase(Locale.ROOT);
		return lower.matches("(r2dbcs?:)?(pool:)?mysql:.*") || lower.matches("jdbc:(mysql|mariadb)[:+].*")
				|| lower.startsWith("mariadb:");
	}

	/**
	 * Parse the URL.
	 * @return the options that it holds, with the driver in place of a pool around it
	 */
	ConnectionFactoryOptions parse() {
		if (!this.url.startsWith("r2dbc:") && !this.url.startsWith("r2dbcs:")) {
			throw invalid("not an R2DBC URL", "Write " + this.property + ": " + suggestion());
		}
		ConnectionFactoryOptions options;
		try {
			options = ConnectionFactoryOptions.parse(this.url);
		}
		catch (IllegalArgumentException ex) {
			// The parser's message repeats the whole URL, with the password.
			throw invalid("not a valid URL",
					"Write r2dbc:mysql://host:3306/database, and user and password in properties of their own or "
							+ "percent-encoded.");
		}
		String driver = String.valueOf(options.getRequiredValue(ConnectionFactoryOptions.DRIVER));
		if (driver.equals("pool")) {
			driver = String.valueOf(options.getValue(ConnectionFactoryOptions.PROTOCOL));
		}
		if (!DRIVERS.contains(driver)) {
			throw invalid("the URL is for '" + driver + "', and this starter connects to MySQL and MariaDB",
					"Configure another database by spring.r2dbc.url, or write " + this.property + ": " + suggestion());
		}
		if (!options.hasOption(ConnectionFactoryOptions.HOST)) {
			throw invalid("the URL names no host", "Write " + this.property + ": " + suggestion());
		}
		String host = String.valueOf(options.getRequiredValue(ConnectionFactoryOptions.HOST));
		if (host.contains(",") || host.contains(":") && !host.startsWith("[")) {
			throw invalid("the URL does not name one host and a numeric port",
					"Write " + this.property
							+ ": r2dbc:mysql://host:3306/database. The driver connects to one host; behind several, "
							+ "use a name or a proxy that leads to the right one.");
		}
		return options;
	}

	private String suggestion() {
		String rest = withoutSecrets();
		int start = rest.indexOf("//");
		return "r2dbc:mysql:"
				+ ((start >= 0 && rest.length() > start + 2) ? rest.substring(start) : "//localhost:3306/database");
	}

	private String withoutSecrets() {
		int end = this.url.length();
		for (char delimiter : new char[] { '?', ';', '#' }) {
			int index = this.url.indexOf(delimiter);
			end = (index >= 0) ? Math.min(end, index) : end;
		}
		String rest = this.url.substring(0, end);
		int start = rest.indexOf("//");
		int user = this.url.lastIndexOf('@');
		if (start < 0 || user < 0) {
			return rest;
		}
		// Everything before the last @ may belong to a password that was not encoded.
		return (user >= end) ? rest.substring(0, start) : rest.substring(0, start + 2) + rest.substring(user + 1);
	}

	private InvalidSettingsException invalid(String problem, String action) {
		return new InvalidSettingsException(this.property, problem, action);
	}

}
