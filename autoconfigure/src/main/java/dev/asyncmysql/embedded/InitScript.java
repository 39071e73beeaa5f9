package dev.asyncmysql.embedded;

import java.util.ArrayList;
import java.util.List;

/**
 * What the server runs before it accepts connections: it makes the database and the
 * account. A statement has a line of its own, as the server's {@code --init-file}
 * demands.
 */
final class InitScript {

	private static final int LONGEST_NAME = 64;

	private InitScript() {
	}

	/**
	 * Return the name in quotes.
	 * @param databaseName the name of a database
	 * @return the name, quoted for SQL
	 * @throws IllegalArgumentException if a database cannot be named so
	 */
	static String quote(String databaseName) {
		if (databaseName.isEmpty() || databaseName.length() > LONGEST_NAME || databaseName.endsWith(" ")
				|| databaseName.chars().anyMatch(Character::isISOControl)
				|| databaseName.chars().anyMatch((character) -> Character.isSurrogate((char) character))) {
			throw new IllegalArgumentException("Not a name for a database: '%s'".formatted(databaseName));
		}
		return '`' + databaseName.replace("`", "``") + '`';
	}

	/**
	 * Return the script.
	 * @param databaseName the database to make where it does not exist
	 * @param account the account to make
	 * @param fresh whether the data folder is new
	 * @return the statements, by line
	 */
	static String of(String databaseName, Account account, boolean fresh) {
		List<String> statements = new ArrayList<>();
		if (fresh) {
			// On some platforms the installation makes administrators without a password.
			statements.add("DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1';");
		}
		statements.add("CREATE DATABASE IF NOT EXISTS %s CHARACTER SET utf8mb4;".formatted(quote(databaseName)));
		String user = "'%s'@'127.0.0.1'".formatted(account.username());
		statements.add("CREATE OR REPLACE USER %s IDENTIFIED BY '%s';".formatted(user, account.password()));
		statements.add("GRANT ALL PRIVILEGES ON *.* TO %s WITH GRANT OPTION;".formatted(user));
		return String.join("\n", statements) + "\n";
	}

}
