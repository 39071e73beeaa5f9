package dev.asyncmysql.connection;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import dev.asyncmysql.ConstraintViolationException;
import dev.asyncmysql.DuplicateKeyViolationException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.r2dbc.connection.ConnectionFactoryUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The exceptions that errors of the server become, and the table of them in the
 * documentation. {@link ServerErrorIT} causes them.
 */
class ServerErrorTests {

	private static final Path TABLE = Path.of("../docs/transactions.md");

	private static final Pattern ROW = Pattern
		.compile("\\| ([0-9, ]+)(?: [^|]*)?\\| `(\\w+)` \\| (?:`(\\w+)`|–) \\|.*");

	@ParameterizedTest
	@EnumSource(ServerError.class)
	void isWhatTheDocumentationSays(ServerError error) throws IOException {
		for (int code : error.codes()) {
			R2dbcException translated = translate(code,
					"The MySQL server is running with the --read-only option (errno: 165 - Table is read only)");
			Row row = rows().filter((candidate) -> candidate.codes().contains(code)).findFirst().orElseThrow();
			assertThat(
					ConnectionFactoryUtils.convertR2dbcException("task", null, translated).getClass().getSimpleName())
				.as("%d", code)
				.isEqualTo(row.spring());
			assertThat(translated.getErrorCode()).isEqualTo(code);
			if (!row.own().equals("–")) {
				assertThat(translated.getClass().getSimpleName()).as("%d", code).isEqualTo(row.own());
			}
		}
	}

	@Test
	void theDocumentationHasNoOther() throws IOException {
		assertThat(rows().flatMap((row) -> row.codes().stream()).toList()).containsExactlyInAnyOrderElementsOf(
				Arrays.stream(ServerError.values()).flatMap((error) -> error.codes().stream()).toList());
	}

	@Test
	void othersStayAsTheDriverHasMadeThem() {
		R2dbcException other = new R2dbcNonTransientResourceException("no", "HY000", 1290);
		assertThat(ServerError.translate(other)).isSameAs(other);
		R2dbcException locked = new R2dbcNonTransientResourceException("errno: 11", "HY000", 1015);
		assertThat(ServerError.translate(locked)).isSameAs(locked);
		R2dbcException unknown = new R2dbcTransientResourceException("no", "HY000", 9999);
		assertThat(ServerError.translate(unknown)).isSameAs(unknown);
	}

	@Test
	void whatTheDriverToldIsKept() {
		R2dbcException cause = new R2dbcTransientResourceException("Deadlock found", "40001", 1213, "UPDATE t SET a=?");
		assertThat(ServerError.translate(cause)).satisfies((translated) -> {
			assertThat(translated).hasMessageStartingWith("Deadlock found").hasCause(cause);
			assertThat(translated.getErrorCode()).isEqualTo(1213);
			assertThat(translated.getSql()).isEqualTo("UPDATE t SET a=?");
		});
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"',
			value = { "Duplicate entry '1' for key 'account.PRIMARY' | account.PRIMARY",
					"Duplicate entry 'x' for key 'y' for key 't.name' | t.name",
					"Duplicate entry '' for key 'it's' | it's", "Doppelter Eintrag 'x' für Schlüssel 'y' |" })
	void theKeyIsFound(String message, String key) {
		assertThat(((DuplicateKeyViolationException) translate(1062, message)).getKey()).isEqualTo(key);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"', value = { "1048 | Column 'name' cannot be null | name",
			"1451 | Cannot delete or update a parent row: a foreign key constraint fails (`a`.`b`, CONSTRAINT `b_fk` FOREIGN KEY (`x`) REFERENCES `c` (`d`)) | b_fk",
			"1452 | Cannot add or update a child row: a foreign key constraint fails (`a`.`b`, CONSTRAINT `od``d` FOREIGN KEY (`x`) REFERENCES `c` (`d`)) | od`d",
			"1452 | Cannot add or update a child row: a foreign key constraint fails |",
			"3819 | Check constraint 't_chk_1' is violated. | t_chk_1",
			"4025 | CONSTRAINT `thing.amount` failed for `test`.`thing` | thing.amount" })
	void theConstraintIsFound(int code, String message, String constraint) {
		assertThat(((ConstraintViolationException) translate(code, message)).getConstraint()).isEqualTo(constraint);
	}

	@ParameterizedTest
	@CsvSource({ "1205, true", "1213, true", "1206, true", "1020, true", "3572, false", "1062, false", "1317, false" })
	void afterSomeATransactionCanOnlyBeRolledBack(int code, boolean doomed) {
		assertThat(ServerError.dooms(translate(code, "message"))).isEqualTo(doomed);
	}

	private static R2dbcException translate(int code, String message) {
		return ServerError.translate((code == 1062) ? new R2dbcDataIntegrityViolationException(message, "23000", code)
				: new R2dbcNonTransientResourceException(message, "HY000", code));
	}

	private static Stream<Row> rows() throws IOException {
		return Files.readAllLines(TABLE)
			.stream()
			.map(ROW::matcher)
			.filter((matcher) -> matcher.matches())
			.map((matcher) -> new Row(Arrays.stream(matcher.group(1).trim().split(", ")).map(Integer::valueOf).toList(),
					matcher.group(2), (matcher.group(3) != null) ? matcher.group(3) : "–"));
	}

	private record Row(List<Integer> codes, String spring, String own) {

	}

}
