package dev.asyncmysql.benchmarks.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

import javax.sql.DataSource;

import dev.asyncmysql.benchmarks.workload.Entry;
import dev.asyncmysql.benchmarks.workload.Item;
import dev.asyncmysql.benchmarks.workload.Task;
import dev.asyncmysql.benchmarks.workload.Transfer;

/**
 * The work through JDBC alone.
 */
final class JdbcOperations {

	private final DataSource pool;

	JdbcOperations(DataSource pool) {
		this.pool = pool;
	}

	void select(long key) throws SQLException {
		try (Connection connection = this.pool.getConnection();
				PreparedStatement statement = connection.prepareStatement(Item.SELECT)) {
			statement.setLong(1, key);
			try (ResultSet rows = statement.executeQuery()) {
				Entry.expect(1, rows.next() ? 1 : 0);
				item(rows).expect(key);
			}
		}
	}

	void page(long key) throws SQLException {
		try (Connection connection = this.pool.getConnection();
				PreparedStatement statement = connection.prepareStatement(Item.PAGE)) {
			statement.setLong(1, key);
			readAll(statement, key, Task.PAGE_SIZE);
		}
	}

	void rows() throws SQLException {
		try (Connection connection = this.pool.getConnection();
				PreparedStatement statement = connection.prepareStatement(Item.ROWS)) {
			readAll(statement, 1, Task.MANY);
		}
	}

	void stream(int rows) throws SQLException {
		try (Connection connection = this.pool.getConnection();
				PreparedStatement statement = connection.prepareStatement(Item.STREAM)) {
			// How Connector/J is told to read row by row.
			statement.setFetchSize(Integer.MIN_VALUE);
			readAll(statement, 1, rows);
		}
	}

	void insert(long key) throws SQLException {
		try (Connection connection = this.pool.getConnection();
				PreparedStatement statement = connection.prepareStatement(Entry.INSERT)) {
			bind(statement, Entry.of(key));
			Entry.expect(1, statement.executeUpdate());
		}
	}

	void transfer(long key) throws SQLException {
		Transfer transfer = Transfer.of(key);
		inTransaction((connection) -> {
			update(connection, Transfer.DEBIT, transfer.low());
			update(connection, Transfer.CREDIT, transfer.high());
			update(connection, Transfer.INSERT, transfer.low(), transfer.high());
		});
	}

	void bulk(long key) throws SQLException {
		inTransaction((connection) -> {
			try (PreparedStatement statement = connection.prepareStatement(Entry.INSERT)) {
				for (Entry entry : Entry.many(key)) {
					bind(statement, entry);
					statement.addBatch();
				}
				for (int count : statement.executeBatch()) {
					// The driver rewrites the batch and does not know the rows of each
					// entry.
					Entry.expect(1, (count == Statement.SUCCESS_NO_INFO) ? 1 : count);
				}
			}
		});
	}

	void acquire() throws SQLException {
		this.pool.getConnection().close();
	}

	private void inTransaction(Work work) throws SQLException {
		try (Connection connection = this.pool.getConnection()) {
			connection.setAutoCommit(false);
			try {
				work.run(connection);
				connection.commit();
			}
			catch (SQLException | RuntimeException ex) {
				connection.rollback();
				throw ex;
			}
			finally {
				connection.setAutoCommit(true);
			}
		}
	}

	private static void update(Connection connection, String sql, long... parameters) throws SQLException {
		try (PreparedStatement statement = connection.prepareStatement(sql)) {
			for (int i = 0; i < parameters.length; i++) {
				statement.setLong(i + 1, parameters[i]);
			}
			Entry.expect(1, statement.executeUpdate());
		}
	}

	private static void bind(PreparedStatement statement, Entry entry) throws SQLException {
		statement.setString(1, entry.name());
		statement.setInt(2, entry.quantity());
		statement.setBigDecimal(3, entry.price());
	}

	private static void readAll(PreparedStatement statement, long first, long expected) throws SQLException {
		long count = 0;
		try (ResultSet rows = statement.executeQuery()) {
			while (rows.next()) {
				item(rows).expect(first + count);
				count++;
			}
		}
		if (count != expected) {
			throw new IllegalStateException("There were %d rows and not %d".formatted(count, expected));
		}
	}

	static Item item(ResultSet row) throws SQLException {
		return Item.of(row.getLong(1), row.getString(2), row.getInt(3), row.getBigDecimal(4));
	}

	/**
	 * What is done in a transaction.
	 */
	private interface Work {

		void run(Connection connection) throws SQLException;

	}

}
