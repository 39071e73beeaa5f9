package dev.asyncmysql.bulk;

import java.util.ArrayList;
import java.util.List;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Statement;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.dao.InvalidDataAccessApiUsageException;

/**
 * How a table generates keys. MySQL tells the first one of a statement; the others follow
 * in steps of {@code auto_increment_increment}, since InnoDB takes the keys of a
 * statement whose number of rows is known beforehand in one go, in each of its lock
 * modes. Other engines promise nothing, and are not recognised. The step is that of the
 * session that is asked, and is taken to be that of all. MariaDB returns all.
 *
 * @param column the column
 * @param step the distance of two keys
 * @see <a href=
 * "https://dev.mysql.com/doc/refman/9.7/en/innodb-auto-increment-handling.html">AUTO_INCREMENT
 * Handling in InnoDB</a>
 */
record GeneratedKeys(String column, long step) {

	/**
	 * Ask the server about a table, and check that it generates the keys.
	 * @param connection the connection
	 * @param target the table and the columns that rows give
	 * @return a mono that fails where the keys would not be known
	 */
	static Mono<GeneratedKeys> read(Connection connection, Target target) {
		int dot = target.table().indexOf('.');
		@Nullable String schema = (dot < 0) ? null : target.table().substring(0, dot);
		return Flux.from(bind(connection, schema, target.table().substring(dot + 1)).execute())
			.concatMap((result) -> result.map(GeneratedKeys::of))
			.next()
			.switchIfEmpty(Mono.error(() -> new InvalidDataAccessApiUsageException("The table " + target.table()
					+ " generates no keys: it does not exist, or none of its columns is AUTO_INCREMENT")))
			.doOnNext((keys) -> keys.check(target));
	}

	private static Statement bind(Connection connection, @Nullable String schema, String table) {
		Statement statement = OwnSql.generatedKeys(connection).bind(1, table);
		return (schema != null) ? statement.bind(0, schema) : statement.bindNull(0, String.class);
	}

	private static GeneratedKeys of(Readable row) {
		String column = row.get(0, String.class);
		Long step = row.get(1, Long.class);
		return new GeneratedKeys((column != null) ? column : "", (step != null) ? step : 1);
	}

	private void check(Target target) {
		if (target.gives(this.column)) {
			throw new InvalidDataAccessApiUsageException("The rows give the key '" + this.column + "' of "
					+ target.table() + " themselves, so that the server generates none, or only some: "
					+ "leave the column out, or do without generated keys");
		}
		if (target.key() != null && !Identifiers.isSameColumn(target.key(), this.column)) {
			throw new InvalidDataAccessApiUsageException("The server generates '" + this.column + "' of "
					+ target.table() + ", and not the key '" + target.key() + "'");
		}
	}

	/**
	 * Work out the keys of a statement.
	 * @param told the keys that the server told: all, or the first
	 * @param rows how many rows it inserted
	 * @return as many keys
	 */
	List<Long> complete(List<Long> told, int rows) {
		if (told.size() == rows) {
			return told;
		}
		List<Long> keys = new ArrayList<>(rows);
		for (int i = 0; i < rows; i++) {
			keys.add(told.get(0) + i * this.step);
		}
		return keys;
	}

}
