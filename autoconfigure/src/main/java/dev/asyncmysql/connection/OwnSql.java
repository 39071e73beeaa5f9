package dev.asyncmysql.connection;

import java.util.LinkedHashMap;
import java.util.Map;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/**
 * The SQL of connections' own: constant texts and a number. {@link Explain} and the
 * package of bulk writing have theirs. Batches, because the driver sends them as text
 * always: KILL cannot be prepared on the server (error 1295).
 */
final class OwnSql {

	private static final String MYSQL_SESSION = "SELECT CAST(CONNECTION_ID() AS SIGNED), @@server_uuid, "
			+ "CAST(@@wait_timeout AS SIGNED), CAST(@@innodb_lock_wait_timeout AS SIGNED), "
			+ "CAST(@@max_execution_time AS SIGNED)";

	/** MariaDB has no server_uuid; max_statement_time is in seconds. */
	private static final String MARIADB_SESSION = "SELECT CAST(CONNECTION_ID() AS SIGNED), "
			+ "CONCAT(@@hostname, ':', @@port, ':', @@server_id), CAST(@@wait_timeout AS SIGNED), "
			+ "CAST(@@innodb_lock_wait_timeout AS SIGNED), CAST(@@max_statement_time * 1000 AS SIGNED)";

	/** As texts: newer versions of MariaDB have more than two values of read_only. */
	private static final String READ_ONLY = "SELECT CONCAT_WS(' ', @@global.read_only, @@global.innodb_read_only)";

	private static final String VARIABLES = "SELECT @@global.max_connections AS max_connections, "
			+ "@@global.wait_timeout AS wait_timeout, @@global.max_allowed_packet AS max_allowed_packet, "
			+ "@@global.time_zone AS time_zone, @@system_time_zone AS system_time_zone, @@global.sql_mode AS sql_mode, "
			+ "@@session.time_zone AS session_time_zone, "
			+ "@@global.innodb_lock_wait_timeout AS innodb_lock_wait_timeout, "
			+ "TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(), NOW()) AS session_offset_minutes, "
			+ "TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(), CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', @@global.time_zone)) "
			+ "AS server_offset_minutes";

	private OwnSql() {
	}

	/**
	 * Ask for what {@link Session} holds.
	 * @param connection the driver's connection
	 * @param mariaDb whether the server is a MariaDB
	 * @return a flux of one result with one row: identifier, server, idle limit in
	 * seconds, lock limit in seconds, statement limit in milliseconds
	 */
	static Flux<Result> session(Connection connection, boolean mariaDb) {
		return execute(connection, mariaDb ? MARIADB_SESSION : MYSQL_SESSION);
	}

	/**
	 * Ask whether the server takes writes.
	 * @param connection the driver's connection
	 * @return a flux of one result with one row of both variables as a text
	 */
	static Flux<Result> readOnly(Connection connection) {
		return execute(connection, READ_ONLY);
	}

	/**
	 * Ask for the server's variables that matter to its clients.
	 * @param connection the driver's connection
	 * @return a flux of one result with one row, a column for each
	 */
	static Flux<Result> variables(Connection connection) {
		return execute(connection, VARIABLES);
	}

	static Map<String, String> values(Row row, RowMetadata metadata) {
		Map<String, String> values = new LinkedHashMap<>();
		metadata.getColumnMetadatas()
			.forEach((column) -> values.put(column.getName(), String.valueOf(row.get(column.getName()))));
		return values;
	}

	/**
	 * End what another session runs.
	 * @param connection the driver's connection
	 * @param id identifier of the other session
	 * @return a flux of one result without rows
	 */
	static Flux<Result> killQuery(Connection connection, long id) {
		return execute(connection, "KILL QUERY " + id);
	}

	private static Flux<Result> execute(Connection connection, String sql) {
		Publisher<? extends Result> results = connection.createBatch().add(sql).execute();
		return Flux.from(results);
	}

}
