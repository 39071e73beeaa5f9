package dev.asyncmysql.benchmarks.server;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

import dev.asyncmysql.benchmarks.workload.Task;
import dev.asyncmysql.benchmarks.workload.Transfer;

import org.springframework.core.io.FileSystemResource;
import org.springframework.jdbc.datasource.init.ScriptUtils;

/**
 * A connection that prepares the data and looks at the server, beside those that are
 * measured.
 */
public final class Admin implements AutoCloseable {

	private static final String DIGITS = "(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 "
			+ "UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 "
			+ "UNION ALL SELECT 9)";

	private static final String NUMBERS = "SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d "
			+ "+ 100000 * g.d AS n FROM %1$s a, %1$s b, %1$s c, %1$s e, %1$s f, %1$s g".formatted(DIGITS);

	private final Connection connection;

	/**
	 * Connect.
	 * @param database where to
	 * @throws SQLException if that fails
	 */
	public Admin(Database database) throws SQLException {
		this.connection = database.connect();
	}

	/**
	 * Return which server it is.
	 * @return its version
	 * @throws SQLException if it does not answer
	 */
	public String version() throws SQLException {
		return Database.queryOne(this.connection, "SELECT VERSION()");
	}

	/**
	 * Create the tables anew and fill them.
	 * @param rows how many the table {@code benchmark_item} has, a million at most
	 * @throws SQLException if that fails
	 */
	public void load(int rows) throws SQLException {
		execute("DROP TABLE IF EXISTS benchmark_item, benchmark_entry, benchmark_account, benchmark_transfer");
		execute("CREATE TABLE benchmark_item (id BIGINT PRIMARY KEY, name VARCHAR(100) NOT NULL, quantity INT NOT NULL, "
				+ "price DECIMAL(12, 2) NOT NULL)");
		execute("CREATE TABLE benchmark_entry (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100) NOT NULL, "
				+ "quantity INT NOT NULL, price DECIMAL(19, 2) NOT NULL)");
		execute("CREATE TABLE benchmark_account (id BIGINT PRIMARY KEY, balance BIGINT NOT NULL)");
		execute("CREATE TABLE benchmark_transfer (id BIGINT AUTO_INCREMENT PRIMARY KEY, from_account BIGINT NOT NULL, "
				+ "to_account BIGINT NOT NULL, amount BIGINT NOT NULL)");
		execute("INSERT INTO benchmark_item SELECT n, CONCAT('item number ', LPAD(n, 10, '0')), n % 1000, n / 100 FROM ("
				+ NUMBERS + ") numbers WHERE n <= " + rows + " ORDER BY n");
		execute("INSERT INTO benchmark_account SELECT id, 0 FROM benchmark_item WHERE id <= " + Transfer.ACCOUNTS);
		execute("ANALYZE TABLE benchmark_item, benchmark_account");
	}

	/**
	 * Bring the tables into the state that a task begins with.
	 * @param task the task
	 * @throws SQLException if that fails
	 */
	public void prepare(Task task) throws SQLException {
		for (String sql : task.preparation()) {
			execute(sql);
		}
	}

	/**
	 * Complain unless the tables hold what has been reported.
	 * @param task the task
	 * @param operations how often it was done
	 * @throws SQLException if the server does not answer
	 */
	public void verify(Task task, long operations) throws SQLException {
		if (!task.written().isEmpty()) {
			long expected = operations * task.rowsPerOperation(0);
			long found = Long.parseLong(Database.queryOne(this.connection, task.written()));
			if (found != expected) {
				throw new IllegalStateException(
						"%s was reported %d times, and there are %d rows".formatted(task, operations, found));
			}
		}
	}

	/**
	 * Complain where a connection beside this one uses TLS.
	 * @throws SQLException if the server does not answer
	 */
	public void verifyNoTls() throws SQLException {
		String encrypted = Database.queryOne(this.connection,
				"SELECT COUNT(*) FROM performance_schema.status_by_thread s "
						+ "JOIN performance_schema.threads t USING (thread_id) WHERE s.variable_name = 'Ssl_cipher' "
						+ "AND s.variable_value <> '' AND t.processlist_id <> CONNECTION_ID()");
		if (!"0".equals(encrypted)) {
			throw new IllegalStateException(encrypted + " connections use TLS, and none should");
		}
	}

	/**
	 * Return how many commands the server has answered, with those of this connection.
	 * {@code Questions} are the statements, {@code Com_admin_commands} among others the
	 * pings, and the two others what statements prepared on the server need besides.
	 * @return a number that grows
	 * @throws SQLException if the server does not answer
	 */
	public long commands() throws SQLException {
		List<String> counters = List.of("Questions", "Com_admin_commands", "Com_stmt_prepare", "Com_stmt_reset");
		long sum = 0;
		try (Statement statement = this.connection.createStatement();
				ResultSet rows = statement.executeQuery(
						"SHOW GLOBAL STATUS WHERE Variable_name IN ('" + String.join("', '", counters) + "')")) {
			while (rows.next()) {
				sum += rows.getLong(2);
			}
		}
		return sum;
	}

	/**
	 * Create and fill the tables of the sample application, where they are not there yet.
	 * @throws SQLException if that fails
	 */
	public void createSample() throws SQLException {
		ScriptUtils.executeSqlScript(this.connection,
				new FileSystemResource("../sample-app/src/main/resources/schema.sql"));
		execute("INSERT IGNORE INTO account (id, version, owner, balance) "
				+ "SELECT id, 0, name, 1000000 FROM benchmark_item WHERE id <= " + Transfer.ACCOUNTS);
	}

	private void execute(String sql) throws SQLException {
		Database.execute(this.connection, sql);
	}

	@Override
	public void close() throws SQLException {
		this.connection.close();
	}

}
