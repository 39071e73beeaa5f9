package dev.asyncmysql.connection;

import java.util.function.Consumer;
import java.util.stream.Collectors;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import io.r2dbc.spi.Statement;

/**
 * Asks how the server would execute a statement that the application has executed. The
 * text is the application's own, and its values are bound again.
 */
final class Explain {

	/** The other formats show values, and not every server knows each of them. */
	private static final String PREFIX = "EXPLAIN FORMAT=TRADITIONAL ";

	private Explain() {
	}

	/**
	 * Create the question.
	 * @param connection the driver's connection
	 * @param executed the statement, with its values
	 * @return a statement that gives a row for each step
	 */
	static Statement statement(Connection connection, ExecutedStatement executed) {
		Statement statement = connection.createStatement(PREFIX + executed.sql());
		Consumer<Statement> values = executed.values();
		if (values != null) {
			values.accept(statement);
		}
		return statement;
	}

	static String line(Row row, RowMetadata metadata) {
		return OwnSql.values(row, metadata)
			.entrySet()
			.stream()
			.filter((value) -> !"null".equals(value.getValue()))
			.map((value) -> value.getKey() + "=" + value.getValue())
			.collect(Collectors.joining(" "));
	}

}
