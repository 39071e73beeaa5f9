package dev.asyncmysql.connection.stress;

import java.util.List;

import dev.asyncmysql.MySqlServer;
import org.testcontainers.mysql.MySQLContainer;

/**
 * A server to test on, and the address by which the pool goes there.
 *
 * @param mysql the server
 * @param host host that the pool connects to
 * @param port port that the pool connects to
 */
record Mysqld(MySQLContainer mysql, String host, int port) {

	static Mysqld shared() {
		return of(MySqlServer.container());
	}

	static Mysqld of(MySQLContainer mysql) {
		return new Mysqld(mysql, mysql.getHost(), mysql.getFirstMappedPort());
	}

	Mysqld by(String host, int port) {
		return new Mysqld(this.mysql, host, port);
	}

	/**
	 * Run a statement past the pool, as root.
	 * @param sql the statement
	 * @return the first column of its rows
	 */
	List<String> execute(String sql) {
		return MySqlServer.execute(this.mysql, sql);
	}

}
