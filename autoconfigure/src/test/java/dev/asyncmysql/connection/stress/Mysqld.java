package dev.asyncmysql.connection.stress;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import dev.asyncmysql.MySqlServer;
import org.jspecify.annotations.Nullable;
import org.testcontainers.mysql.MySQLContainer;

/**
 * A server to test on, and the address by which the pool goes there.
 *
 * @param mysql the server
 * @param host host that the pool connects to
 * @param port port that the pool connects to
 */
record Mysqld(MySQLContainer mysql, String host, int port) {

	private static final Map<MySQLContainer, Connection> ADMINISTRATORS = new ConcurrentHashMap<>();

	static Mysqld shared() {
		return of(MySqlServer.container());
	}

	static Mysqld of(MySQLContainer mysql) {
		return new Mysqld(mysql, mysql.getHost(), mysql.getFirstMappedPort());
	}

	Mysqld by(FaultyProxy proxy) {
		return new Mysqld(this.mysql, proxy.host(), proxy.port());
	}

	FaultyProxy proxy() {
		return new FaultyProxy(this.host, this.port);
	}

	/**
	 * Run a statement past the pool, as root.
	 * @param sql the statement
	 * @return the first column of its rows
	 */
	List<String> execute(String sql) {
		try {
			return execute(administrator(), sql);
		}
		catch (SQLException ex) {
			throw new IllegalStateException(sql, ex);
		}
	}

	private static List<String> execute(Connection connection, String sql) throws SQLException {
		List<String> values = new ArrayList<>();
		try (Statement statement = connection.createStatement()) {
			if (statement.execute(sql)) {
				ResultSet rows = statement.getResultSet();
				while (rows.next()) {
					values.add(rows.getString(1));
				}
			}
		}
		return values;
	}

	// Opened anew where the server has closed it.
	private synchronized Connection administrator() throws SQLException {
		@Nullable Connection connection = ADMINISTRATORS.get(this.mysql);
		if (connection == null || !connection.isValid(1)) {
			connection = DriverManager.getConnection(this.mysql.getJdbcUrl(), "root", this.mysql.getPassword());
			ADMINISTRATORS.put(this.mysql, connection);
		}
		return connection;
	}

}
