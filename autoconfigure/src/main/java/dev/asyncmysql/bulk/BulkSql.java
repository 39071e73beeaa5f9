package dev.asyncmysql.bulk;

import java.util.List;
import java.util.stream.Collectors;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Statement;
import org.jspecify.annotations.Nullable;

/**
 * The text of multi-row statements: quoted names, placeholders, and nothing else.
 */
final class BulkSql {

	private final String head;

	private final String row;

	private final String tail;

	// The text of the chunks that are full, and so of nearly all.
	private @Nullable String last;

	private int lastRows;

	private final long maxPacket;

	BulkSql(Target target, Connections.Limits limits) {
		this.maxPacket = limits.maxPacket();
		String table = Identifiers.quoteTable(target.table());
		String verb = (target.mode() == Mode.REPLACE) ? "REPLACE" : "INSERT";
		this.head = verb + " INTO " + table
				+ target.columns().stream().map(Identifiers::quote).collect(Collectors.joining(",", " (", ") VALUES "));
		this.row = target.columns().stream().map((column) -> "?").collect(Collectors.joining(",", "(", ")"));
		this.tail = (target.mode() == Mode.UPSERT) ? update(target, table, limits.dialect()) : "";
	}

	private static String update(Target target, String table, Dialect dialect) {
		String name = target.table().substring(target.table().lastIndexOf('.') + 1);
		String alias = Identifiers.quote(name.equalsIgnoreCase("incoming") ? "incoming_" : "incoming");
		List<String> updates = target.updated().stream().map((column) -> {
			String quoted = Identifiers.quote(column);
			return quoted + ((dialect == Dialect.ROW_ALIAS) ? "=" + alias + '.' + quoted : "=VALUES(" + quoted + ')');
		}).collect(Collectors.toList());
		if (target.version() != null) {
			String version = Identifiers.quote(target.version());
			updates.add(version + "=" + table + '.' + version + "+1");
		}
		if (updates.isEmpty()) {
			String first = Identifiers.quote(target.columns().get(0));
			updates.add(first + "=" + table + '.' + first);
		}
		return ((dialect == Dialect.ROW_ALIAS) ? " AS " + alias : "") + " ON DUPLICATE KEY UPDATE "
				+ String.join(",", updates);
	}

	/**
	 * Create the statement for a number of rows.
	 * @param connection the connection
	 * @param rows how many
	 * @return the statement, with a placeholder for each value
	 */
	Statement statement(Connection connection, int rows) {
		return connection.createStatement(text(rows));
	}

	/**
	 * Return the text for a number of rows. The same object comes for the same number as
	 * before, so that whoever looks it up compares no texts.
	 * @param rows how many
	 * @return the text
	 */
	synchronized String text(int rows) {
		String text = this.last;
		if (text == null || this.lastRows != rows) {
			StringBuilder sql = new StringBuilder(length() + rows * (this.row.length() + 1));
			sql.append(this.head).append(this.row);
			for (int i = 1; i < rows; i++) {
				sql.append(',').append(this.row);
			}
			text = sql.append(this.tail).toString();
			this.last = text;
			this.lastRows = rows;
		}
		return text;
	}

	/**
	 * Return how large a packet the server takes.
	 * @return the size in bytes
	 */
	long maxPacket() {
		return this.maxPacket;
	}

	/**
	 * Return the length of what does not grow with the rows.
	 * @return the length in characters
	 */
	int length() {
		return this.head.length() + this.tail.length();
	}

	/**
	 * Return the bytes that a row takes besides its values.
	 * @return parentheses and commas
	 */
	int bytesPerRow() {
		return this.row.length() + 1;
	}

}
