package dev.asyncmysql.test;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Copies a schema on its server, by statements that the server itself tells.
 */
final class SchemaCopy {

	private static final String TABLES = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = ? ORDER BY TABLE_NAME";

	private static final String TRIGGERS = "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ? ORDER BY ACTION_ORDER";

	/** What is generated cannot be written. */
	private static final String COLUMNS = "SELECT GROUP_CONCAT(CONCAT('`', REPLACE(COLUMN_NAME, '`', '``'), '`')) FROM information_schema.COLUMNS "
			+ "WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND COALESCE(GENERATION_EXPRESSION, '') = ''";

	private static final String CHARACTERS = "SELECT CONCAT('CHARACTER SET ', DEFAULT_CHARACTER_SET_NAME, ' COLLATE ', DEFAULT_COLLATION_NAME) "
			+ "FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?";

	private final Connection connection;

	private final String original;

	private final String copy;

	/**
	 * Create a copier.
	 * @param connection a connection whose schema is the original
	 * @param original the schema that is copied
	 * @param copy the schema that is made
	 */
	SchemaCopy(Connection connection, String original, String copy) {
		this.connection = connection;
		this.original = original;
		this.copy = copy;
	}

	/**
	 * Make the copy, in the place of one that an earlier run has left.
	 * @return a mono that completes when it is there
	 */
	Mono<Void> create() {
		Mono<Void> schema = ask(CHARACTERS, this.original)
			.flatMap((characters) -> run("CREATE DATABASE " + quote(this.copy) + " " + characters))
			.then();
		// As it is found in the original, without its name: it is created in the copy.
		Mono<Void> tables = ask(TABLES, this.original, "BASE TABLE").collectList()
			.flatMapMany(Flux::fromIterable)
			.concatMap(this::table)
			.then();
		Mono<Void> views = ask(TABLES, this.original, "VIEW").collectList()
			.flatMapMany(Flux::fromIterable)
			.concatMap((view) -> inCopy(told("SHOW CREATE VIEW " + quote(view), 1)))
			.then();
		Mono<Void> triggers = ask(TRIGGERS, this.original).collectList()
			.flatMapMany(Flux::fromIterable)
			.concatMap((trigger) -> inCopy(told("SHOW CREATE TRIGGER " + quote(trigger), 2)))
			.then();
		return drop().then(schema)
			.then(run("SET foreign_key_checks = 0, group_concat_max_len = 1000000"))
			.then(tables)
			.then(views)
			.then(triggers);
	}

	private Mono<Void> table(String name) {
		Mono<Void> rows = ask(COLUMNS, this.original, name).single()
			.flatMap((columns) -> run("INSERT INTO " + quote(this.copy) + "." + quote(name) + " (" + columns
					+ ") SELECT " + columns + " FROM " + quote(name)));
		return inCopy(told("SHOW CREATE TABLE " + quote(name), 1)).then(rows);
	}

	private Mono<Void> inCopy(Mono<String> statement) {
		return statement.flatMap((sql) -> run("USE " + quote(this.copy)).then(run(sql)))
			.then(run("USE " + quote(this.original)));
	}

	/**
	 * Drop the copy.
	 * @return a mono that completes when it is gone
	 */
	Mono<Void> drop() {
		return run("DROP DATABASE IF EXISTS " + quote(this.copy));
	}

	private Mono<String> told(String sql, int column) {
		return Flux.from(this.connection.createStatement(sql).execute())
			.concatMap((result) -> result.map((row) -> String.valueOf(row.get(column, String.class))))
			.single();
	}

	private Flux<String> ask(String sql, String... values) {
		return Flux.defer(() -> {
			Statement statement = this.connection.createStatement(sql);
			for (int index = 0; index < values.length; index++) {
				statement.bind(index, values[index]);
			}
			return Flux.from(statement.execute())
				.concatMap((result) -> result.map((row) -> String.valueOf(row.get(0, String.class))));
		});
	}

	private Mono<Void> run(String sql) {
		return Mono.defer(() -> Flux.from(this.connection.createStatement(sql).execute())
			.concatMap(Result::getRowsUpdated)
			.then());
	}

	private static String quote(String name) {
		return "`" + name.replace("`", "``") + "`";
	}

}
