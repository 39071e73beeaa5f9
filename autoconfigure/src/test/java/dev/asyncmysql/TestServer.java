package dev.asyncmysql;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import dev.asyncmysql.embedded.EmbeddedMariaDb;
import dev.asyncmysql.embedded.EmbeddedSettings;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.testcontainers.mysql.MySQLContainer;

/**
 * A server that tests share, for those that run on more than one, and what they ask it
 * past the code under test. Each is started at the first use and ends with the JVM.
 */
public enum TestServer {

	/** The real MySQL. */
	MYSQL {

		@Override
		public String[] properties() {
			return MySqlServer.properties();
		}

		@Override
		public Connection connect() throws SQLException {
			MySQLContainer mysql = MySqlServer.container();
			return DriverManager.getConnection(mysql.getJdbcUrl(), "root", mysql.getPassword());
		}

	},

	/** The development database. */
	MARIADB {

		@Override
		public String[] properties() {
			EmbeddedMariaDb maria = Holder.MARIADB;
			return new String[] { "async-mysql.host=" + maria.getHost(), "async-mysql.port=" + maria.getPort(),
					"async-mysql.database=" + maria.getDatabaseName(), "async-mysql.username=" + maria.getUsername(),
					"async-mysql.password=" + maria.getPassword() };
		}

		@Override
		public Connection connect() throws SQLException {
			EmbeddedMariaDb maria = Holder.MARIADB;
			return DriverManager.getConnection(
					"jdbc:mysql://" + maria.getHost() + ":" + maria.getPort() + "/" + maria.getDatabaseName(),
					maria.getUsername(), maria.getPassword());
		}

	};

	/**
	 * Return properties of a connection to it.
	 * @return host, port, database, user and password
	 */
	public abstract String[] properties();

	/**
	 * Connect to it past the code under test, with all rights.
	 * @return a connection, to be closed by the caller
	 * @throws SQLException if the server refuses
	 */
	public abstract Connection connect() throws SQLException;

	/**
	 * Make a schema anew, to be copied for tests.
	 * @param name its name
	 * @param statements what makes its tables and the rest
	 * @return options of a connection to it
	 */
	public ConnectionFactoryOptions template(String name, String... statements) {
		List<String> all = new ArrayList<>(
				List.of("DROP DATABASE IF EXISTS " + name, "CREATE DATABASE " + name, "USE " + name));
		all.addAll(List.of(statements));
		try (Connection connection = connect(); Statement statement = connection.createStatement()) {
			for (String sql : all) {
				statement.execute(sql);
			}
		}
		catch (SQLException ex) {
			throw new IllegalStateException(ex);
		}
		return ConnectionFactoryOptions.builder()
			.option(ConnectionFactoryOptions.DRIVER, "mysql")
			.option(ConnectionFactoryOptions.HOST, property("host"))
			.option(ConnectionFactoryOptions.PORT, Integer.valueOf(property("port")))
			.option(ConnectionFactoryOptions.DATABASE, name)
			.option(ConnectionFactoryOptions.USER, property("username"))
			.option(ConnectionFactoryOptions.PASSWORD, property("password"))
			.build();
	}

	private String property(String name) {
		String start = "async-mysql." + name + "=";
		return Stream.of(properties())
			.filter((property) -> property.startsWith(start))
			.map((property) -> property.substring(start.length()))
			.findFirst()
			.orElseThrow();
	}

	/**
	 * Run a statement past the code under test.
	 * @param sql the statement
	 * @return the first column of its rows
	 */
	public List<String> execute(String sql) {
		List<String> values = new ArrayList<>();
		try (Connection connection = connect(); Statement statement = connection.createStatement()) {
			if (statement.execute(sql)) {
				ResultSet rows = statement.getResultSet();
				while (rows.next()) {
					values.add(rows.getString(1));
				}
			}
			return values;
		}
		catch (SQLException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static final class Holder {

		private static final EmbeddedMariaDb MARIADB = EmbeddedMariaDb
			.start(new EmbeddedSettings(true, null, null, 0, Duration.ofSeconds(60)));

	}

}
