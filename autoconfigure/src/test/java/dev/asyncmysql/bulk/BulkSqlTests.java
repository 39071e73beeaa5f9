package dev.asyncmysql.bulk;

import java.util.List;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link BulkSql} and what it is made of.
 */
class BulkSqlTests {

	@Test
	void inserts() {
		BulkSql sql = sql(target(Mode.INSERT, "shop.item", List.of(), null), Dialect.ROW_ALIAS);
		assertThat(sql.text(1)).isEqualTo("INSERT INTO `shop`.`item` (`id`,`name`) VALUES (?,?)");
		assertThat(sql.text(3)).isEqualTo("INSERT INTO `shop`.`item` (`id`,`name`) VALUES (?,?),(?,?),(?,?)")
			.isSameAs(sql.text(3));
	}

	@Test
	void replaces() {
		assertThat(sql(target(Mode.REPLACE, "item", List.of(), null), Dialect.ROW_ALIAS).text(2))
			.isEqualTo("REPLACE INTO `item` (`id`,`name`) VALUES (?,?),(?,?)");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			"ROW_ALIAS | item | (?,?) AS `incoming` ON DUPLICATE KEY UPDATE `name`=`incoming`.`name`,`v`=`item`.`v`+1",
			"ROW_ALIAS | Incoming | (?,?) AS `incoming_` ON DUPLICATE KEY UPDATE `name`=`incoming_`.`name`,`v`=`Incoming`.`v`+1",
			"VALUES_FUNCTION | item | (?,?) ON DUPLICATE KEY UPDATE `name`=VALUES(`name`),`v`=`item`.`v`+1" })
	void upserts(Dialect dialect, String table, String end) {
		assertThat(sql(target(Mode.UPSERT, table, List.of("name"), "v"), dialect).text(1)).endsWith(end);
	}

	@Test
	void upsertOfNoColumnLeavesARowAsItIs() {
		assertThat(sql(target(Mode.UPSERT, "item", List.of(), null), Dialect.VALUES_FUNCTION).text(1))
			.endsWith("(?,?) ON DUPLICATE KEY UPDATE `id`=`item`.`id`");
	}

	@Test
	void quotesNames() {
		assertThat(Identifiers.quote("a`b ?'\"")).isEqualTo("`a``b ?'\"`");
		assertThat(Identifiers.quoteTable("a.b.c")).isEqualTo("`a`.`b.c`");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "a ", "a\u0000b", "\ud83d\ude00",
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" })
	void refusesWhatIsNoName(String name) {
		assertThatIllegalArgumentException().isThrownBy(() -> Identifiers.quote(name));
		assertThatIllegalArgumentException().isThrownBy(() -> Identifiers.quoteTable("schema." + name));
	}

	@ParameterizedTest
	@CsvSource({ "9.7.4, ROW_ALIAS", "8.0.19, ROW_ALIAS", "8.0.18, VALUES_FUNCTION", "5.7.44-log, VALUES_FUNCTION",
			"8.4.1-debian, ROW_ALIAS", "5.5.5-11.4.5-MariaDB-ubu, VALUES_FUNCTION", "11.4.5-MariaDB, VALUES_FUNCTION",
			"8.0.11-TiDB-v7.5.0, VALUES_FUNCTION", "unknown, VALUES_FUNCTION" })
	void knowsWhichServersHaveTheRowAlias(String version, Dialect dialect) {
		assertThat(Dialect.of(version)).isEqualTo(dialect);
	}

	@Test
	void columnsHaveToBeNamedOnceEach() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new Target(Mode.INSERT, "item", List.of(), List.of(), null, null))
			.withMessage("No columns are named for the rows of item");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new Target(Mode.INSERT, "item", List.of("a", "A"), List.of(), null, null))
			.withMessage("The column 'A' of item is named twice");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new Target(Mode.UPSERT, "item", List.of("a"), List.of("b"), null, null))
			.withMessage("The column 'b' of item is updated, but the rows do not give it");
	}

	@Test
	void shapeKeepsBelowPacketAndPlaceholders() {
		BulkSql sql = sql(target(Mode.INSERT, "item", List.of(), null), Dialect.ROW_ALIAS);
		assertThat(Shape.of(sql, 2, 1000, 1 << 20, 64 << 20)).returns(1000, Shape::maxRows)
			.returns(1L << 20, Shape::maxBytes);
		assertThat(Shape.of(sql, 100, 1000, 1 << 20, 64 << 20).maxRows()).isEqualTo(655);
		assertThat(Shape.of(sql, 2, 1000, 1 << 20, 65_536).maxBytes()).isLessThan(64_512).isGreaterThan(64_000);
	}

	@ParameterizedTest
	@CsvSource({ "1, 1", "15, 15", "16, 16", "17, 16", "31, 30", "100, 96", "999, 960", "65535, 61440" })
	void roundsToFourBits(int rows, int rounded) {
		assertThat(Shape.round(rows)).isEqualTo(rounded);
	}

	private static Target target(Mode mode, String table, List<String> updated, @Nullable String version) {
		return new Target(mode, table, List.of("id", "name"), updated, version, null);
	}

	private static BulkSql sql(Target target, Dialect dialect) {
		return new BulkSql(target, new Connections.Limits(dialect, 1 << 20));
	}

}
