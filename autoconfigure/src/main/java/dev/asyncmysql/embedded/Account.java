package dev.asyncmysql.embedded;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Properties;

/**
 * The account that the application uses. It may do everything, and others on the same
 * machine can reach the port too, so its password is random.
 *
 * @param username the name
 * @param password the password
 */
record Account(String username, String password) {

	private static final String USERNAME = "dev";

	private static final int PASSWORD_BYTES = 16;

	private static final SecureRandom random = new SecureRandom();

	/**
	 * Take the password that is kept in a home, so that other tools can keep it too, or
	 * makes one.
	 * @param clientOptions the file that the password is kept in
	 * @return the account
	 * @throws IOException if the file cannot be read
	 */
	static Account keptIn(Path clientOptions) throws IOException {
		Properties kept = new Properties();
		if (Files.isRegularFile(clientOptions)) {
			kept.load(new StringReader(Files.readString(clientOptions)));
		}
		String password = kept.getProperty("password", "");
		if (!password.matches("[0-9a-f]{%d}".formatted(2 * PASSWORD_BYTES))) {
			byte[] bytes = new byte[PASSWORD_BYTES];
			random.nextBytes(bytes);
			password = HexFormat.of().formatHex(bytes);
		}
		return new Account(USERNAME, password);
	}

	/**
	 * Return an options file for MySQL's and MariaDB's command line clients.
	 * @param host the host
	 * @param port the port
	 * @return the content of the file
	 */
	String clientOptions(String host, int port) {
		return """
				# Rewritten at each start. Use: mariadb --defaults-file=<this file>
				[client]
				protocol=tcp
				host=%s
				port=%d
				user=%s
				password=%s
				[client-mariadb]
				ssl=0
				""".formatted(host, port, this.username, this.password);
	}

}
