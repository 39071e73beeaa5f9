package dev.asyncmysql.bulk;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Statement;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What bulk writing asks the server about itself.
 */
final class OwnSql {

	private static final String MAX_ALLOWED_PACKET = "SELECT CAST(@@max_allowed_packet AS SIGNED)";

	private static final String GENERATED_KEYS = "SELECT COLUMN_NAME, CAST(@@auto_increment_increment AS SIGNED) "
			+ "FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ? "
			+ "AND EXTRA LIKE '%auto_increment%'";

	private OwnSql() {
	}

	/**
	 * Ask how large a packet the server takes.
	 * @param connection the connection
	 * @return a mono of the size in bytes
	 */
	static Mono<Long> maxAllowedPacket(Connection connection) {
		return Flux.from(connection.createStatement(MAX_ALLOWED_PACKET).execute())
			.concatMap((result) -> result.map((Readable row) -> row.get(0, Long.class)))
			.single();
	}

	/**
	 * Ask for the column of a table that the server generates, and for the distance of
	 * two of its values.
	 * @param connection the connection
	 * @return the statement, which takes schema and table
	 */
	static Statement generatedKeys(Connection connection) {
		return connection.createStatement(GENERATED_KEYS);
	}

}
