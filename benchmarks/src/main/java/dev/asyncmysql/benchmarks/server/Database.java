package dev.asyncmysql.benchmarks.server;

import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;

/**
 * A database, and a connection of its own for what is not measured.
 *
 * @param host name of the server
 * @param port its port
 * @param name of the database
 * @param user whom to log in as
 * @param password the password
 */
public record Database(String host, int port, String name, String user, String password) {

	/**
	 * Return the database at a URL.
	 * @param url such as {@code mysql://user:password@host:3306/database}
	 * @return the database
	 */
	public static Database of(String url) {
		URI uri = URI.create(url);
		String[] user = (uri.getUserInfo() != null) ? uri.getUserInfo().split(":", 2) : new String[0];
		if (uri.getHost() == null || uri.getPath() == null || uri.getPath().length() < 2 || user.length < 2) {
			throw new IllegalArgumentException(
					"A URL looks like mysql://user:password@host:3306/database, and not like " + url);
		}
		return new Database(uri.getHost(), (uri.getPort() > 0) ? uri.getPort() : 3306, uri.getPath().substring(1),
				user[0], user[1]);
	}

	/**
	 * Connect. As the first to log in, the connection makes the server know the password:
	 * after that, those who come without TLS need no key for it.
	 * @return the connection
	 * @throws SQLException if there is none
	 */
	public Connection connect() throws SQLException {
		Properties properties = new Properties();
		properties.setProperty("user", this.user);
		properties.setProperty("password", this.password);
		properties.setProperty("allowPublicKeyRetrieval", "true");
		properties.setProperty("sslMode", "PREFERRED");
		return DriverManager.getConnection("jdbc:mysql://%s:%d/%s".formatted(this.host, this.port, this.name),
				properties);
	}

	static String queryOne(Connection connection, String sql) throws SQLException {
		try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
			rows.next();
			return rows.getString(1);
		}
	}

	static void execute(Connection connection, String sql) throws SQLException {
		try (Statement statement = connection.createStatement()) {
			statement.execute(sql);
		}
	}

}
