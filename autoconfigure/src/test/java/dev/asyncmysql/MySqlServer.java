package dev.asyncmysql;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.util.List;

import io.r2dbc.spi.ConnectionFactoryOptions;
import org.testcontainers.mysql.MySQLContainer;

/**
 * The real MySQL that all integration tests share, and what they ask it about itself past
 * the code under test.
 */
public final class MySqlServer {

	/** The version that the tests run on. */
	public static final String IMAGE = "mysql:9.7";

	private MySqlServer() {
	}

	/**
	 * Return the server, started at the first call and stopped with the JVM.
	 * @return the container
	 */
	public static MySQLContainer container() {
		return Holder.CONTAINER;
	}

	/**
	 * Make a server for one test, which may stop it and start it again: its port stays,
	 * where what Docker chooses is another after a restart.
	 * @return the container, to be started and stopped by the caller
	 */
	@SuppressWarnings("resource")
	public static MySQLContainer onAPortThatStays() {
		try (ServerSocket free = new ServerSocket(0)) {
			MySQLContainer mysql = new MySQLContainer(IMAGE);
			mysql.setPortBindings(List.of(free.getLocalPort() + ":" + MySQLContainer.MYSQL_PORT));
			return mysql;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Return properties of a connection to it.
	 * @return host, port, database, user and password
	 */
	public static String[] properties() {
		return properties(container());
	}

	/**
	 * Return properties of a connection to a server.
	 * @param mysql the server
	 * @return host, port, database, user and password
	 */
	public static String[] properties(MySQLContainer mysql) {
		return new String[] { "async-mysql.host=" + mysql.getHost(), "async-mysql.port=" + mysql.getFirstMappedPort(),
				"async-mysql.database=" + mysql.getDatabaseName(), "async-mysql.username=root",
				"async-mysql.password=" + mysql.getPassword() };
	}

	/**
	 * Return the URL of a connection to it.
	 * @return the URL without user and password
	 */
	public static String url() {
		MySQLContainer mysql = container();
		return "r2dbc:mysql://" + mysql.getHost() + ":" + mysql.getFirstMappedPort() + "/" + mysql.getDatabaseName();
	}

	/**
	 * Make a schema anew, to be copied for tests.
	 * @param name its name
	 * @param statements what makes its tables and the rest
	 * @return options of a connection to it
	 */
	public static ConnectionFactoryOptions template(String name, String... statements) {
		return TestServer.MYSQL.template(name, statements);
	}

	/**
	 * Run a statement past the code under test.
	 * @param sql the statement
	 * @return the first column of its rows
	 */
	public static List<String> execute(String sql) {
		return TestServer.MYSQL.execute(sql);
	}

	private static final class Holder {

		private static final MySQLContainer CONTAINER = start();

		private static MySQLContainer start() {
			MySQLContainer container = new MySQLContainer(IMAGE);
			container.start();
			return container;
		}

	}

}
