package dev.asyncmysql.test;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Copies schemas on their server, by statements that the server itself tells.
 */
final class SchemaCopy {

	private static final String TABLES = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = ? ORDER BY TABLE_NAME";

	private static final String TRIGGERS = "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ? ORDER BY ACTION_ORDER";

	/** What is generated cannot be written. */
	private static final String COLUMNS = "SELECT GROUP_CONCAT(CONCAT('`', REPLACE(COLUMN_NAME, '`', '``'), '`')) FROM information_schema.COLUMNS "
			+ "WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND COALESCE(GENERATION_EXPRESSION, '') = ''";

	private static final String CHARACTERS = "SELECT CONCAT('CHARACTER SET ', DEFAULT_CHARACTER_SET_NAME, ' COLLATE ', DEFAULT_COLLATION_NAME) "
			+ "FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?";

	private static final String UNUSED = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN "
			+ "(SELECT DB FROM information_schema.PROCESSLIST WHERE DB IS NOT NULL)";

	/** So that a row is copied as it is, with a key of 0 or a date of zeros. */
	private static final String AS_IT_IS = "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0, group_concat_max_len = 1000000";

	private final Connection connection;

	/**
	 * Create a copier.
	 * @param connection a connection of its own, whose settings it changes
	 */
	SchemaCopy(Connection connection) {
		this.connection = connection;
	}

	/**
	 * Make a copy, or leave nothing of it.
	 * @param original the schema that is copied, which is the connection's own
	 * @param copy the schema that is made
	 * @return a mono that completes when it is there
	 */
	Mono<Void> create(String original, String copy) {
		Mono<Void> schema = ask(CHARACTERS, original)
			.flatMap((characters) -> run("CREATE DATABASE " + quote(copy) + " " + characters))
			.then();
		// As it is found in the original, without its name: it is created in the copy.
		Mono<Void> filled = run(AS_IT_IS)
			.thenMany(ask(TABLES, original, "SEQUENCE").collectList().flatMapIterable((names) -> names))
			.concatMap((name) -> sequence(name, original, copy))
			.thenMany(Flux.just("BASE TABLE", "SYSTEM VERSIONED"))
			.concatMap((type) -> ask(TABLES, original, type))
			.collectList()
			.flatMapIterable((names) -> names)
			.concatMap((name) -> table(name, original, copy))
			.thenMany(ask(TABLES, original, "VIEW"))
			.collectList()
			.flatMap((names) -> views(names, original, copy))
			.thenMany(ask(TRIGGERS, original).collectList().flatMapIterable((names) -> names))
			.concatMap((name) -> trigger(name, original, copy))
			.then();
		return schema.then(filled.onErrorResume((ex) -> drop(copy).then(Mono.error(ex))));
	}

	private Mono<Void> sequence(String name, String original, String copy) {
		Mono<Void> position = ask("SELECT CAST(next_not_cached_value AS CHAR) FROM " + quote(name)).single()
			.flatMap((next) -> run("DO SETVAL(" + quote(copy) + "." + quote(name) + ", " + next + ", 0)"));
		return in(copy, original, told("SHOW CREATE SEQUENCE " + quote(name), 1)).then(position);
	}

	private Mono<Void> table(String name, String original, String copy) {
		Mono<Void> rows = ask(COLUMNS, original, name).single()
			.flatMap((columns) -> run("INSERT INTO " + quote(copy) + "." + quote(name) + " (" + columns + ") SELECT "
					+ columns + " FROM " + quote(name)));
		return in(copy, original, told("SHOW CREATE TABLE " + quote(name), 1)).then(rows);
	}

	// One that reads another can only be created after it, and the server does not tell
	// in which order they were.
	private Mono<Void> views(List<String> names, String original, String copy) {
		List<String> early = new ArrayList<>();
		return Flux.fromIterable(names)
			.concatMap((name) -> in(copy, original, told("SHOW CREATE VIEW " + quote(name), 1)).onErrorResume(
					R2dbcException.class,
					(ex) -> (early.add(name) && early.size() == names.size()) ? Mono.error(ex)
							: run("USE " + quote(original))))
			.then(Mono.defer(() -> early.isEmpty() ? Mono.empty() : views(early, original, copy)));
	}

	private Mono<Void> trigger(String name, String original, String copy) {
		String shown = "SHOW CREATE TRIGGER " + quote(name);
		return told(shown, 1).flatMap((mode) -> ask("SET sql_mode = ?", mode).then())
			.then(in(copy, original, told(shown, 2)));
	}

	private Mono<Void> in(String copy, String original, Mono<String> statement) {
		return statement.flatMap((sql) -> run("USE " + quote(copy)).then(run(sql))).then(run("USE " + quote(original)));
	}

	/**
	 * Drop copies that nobody uses. One that cannot be dropped stays.
	 * @param condition tells by the name which
	 * @return a mono that completes when they are gone
	 */
	Mono<Void> dropUnused(Predicate<String> condition) {
		return ask(UNUSED).filter(condition)
			.collectList()
			.flatMapIterable((names) -> names)
			.concatMap((name) -> drop(name).onErrorComplete(R2dbcException.class))
			.then();
	}

	/**
	 * Drop a copy.
	 * @param copy its name
	 * @return a mono that completes when it is gone
	 */
	Mono<Void> drop(String copy) {
		return run("DROP DATABASE IF EXISTS " + quote(copy));
	}

	private Mono<String> told(String sql, int column) {
		return ask(sql, column).single();
	}

	private Flux<String> ask(String sql, String... values) {
		return ask(sql, 0, values);
	}

	private Flux<String> ask(String sql, int column, String... values) {
		return Flux.defer(() -> {
			Statement statement = this.connection.createStatement(sql);
			for (int index = 0; index < values.length; index++) {
				statement.bind(index, values[index]);
			}
			return Flux.from(statement.execute())
				.concatMap((result) -> result.map((row) -> String.valueOf(row.get(column, String.class))));
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
