package dev.asyncmysql.bulk;

import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Where rows go and how.
 *
 * @param mode what is done with them
 * @param table table, and before a dot its schema
 * @param columns columns that the rows give
 * @param updated columns that an upsert overwrites; none means that it leaves a row that
 * is there as it is
 * @param version column that an upsert counts up, or {@code null} for none
 * @param key column whose value the server is to generate, or {@code null} for whichever
 * it is
 */
record Target(Mode mode, String table, List<String> columns, List<String> updated, @Nullable String version,
		@Nullable String key) {

	/**
	 * As many as the protocol can count in a statement that is prepared on the server.
	 */
	static final int MOST_PLACEHOLDERS = 65_535;

	Target {
		Assert.notEmpty(columns, () -> "No columns are named for the rows of " + table);
		Assert.isTrue(columns.size() <= MOST_PLACEHOLDERS, "There are more columns than a statement can have values");
		for (int i = 0; i < columns.size(); i++) {
			for (int j = 0; j < i; j++) {
				String column = columns.get(i);
				Assert.isTrue(!Identifiers.isSameColumn(column, columns.get(j)),
						() -> "The column '" + column + "' of " + table + " is named twice");
			}
		}
		for (String column : updated) {
			Assert.isTrue(columns.stream().anyMatch((given) -> Identifiers.isSameColumn(given, column)),
					() -> "The column '" + column + "' of " + table + " is updated, but the rows do not give it");
		}
	}

	boolean gives(String column) {
		return this.columns.stream().anyMatch((given) -> Identifiers.isSameColumn(given, column));
	}

}
