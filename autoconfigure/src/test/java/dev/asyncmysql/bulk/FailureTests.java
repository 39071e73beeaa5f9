package dev.asyncmysql.bulk;

import java.util.List;

import dev.asyncmysql.ConnectionLostException;
import dev.asyncmysql.DeadlineException;
import dev.asyncmysql.UnknownOutcomeException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Failure}.
 */
class FailureTests {

	private static final Target TARGET = new Target(Mode.INSERT, "item", List.of("id", "name"), List.of(), null, null);

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"', nullValues = "-", value = {
			"1406 | Data too long for column 'name' at row 278 | 278 | name | Data too long for column 'name'",
			"1406 | Data too long for column `db`.`item`.`name` at row 2 | 2 | name | Data too long for column `db`.`item`.`name`",
			"1048 | Column 'ID' cannot be null | 0 | ID | Column 'ID' cannot be null",
			"1264 | Out of range value for column 'other' at row 1 | 1 | - | Out of range value for column 'other'",
			"1366 | Incorrect decimal value: 'column 'id'' for column 'name' at row 1 | 1 | name | Incorrect decimal value: 'column 'id'' for column 'name'",
			"3140 | Invalid JSON text at position 1 in value for column 'item.name'. | 0 | name | Invalid JSON text at position 1 in value for column 'item.name'.",
			"1999 | Something at row 99999999999 | 0 | - | Something",
			"1998 | Something at row 5 or so | 0 | - | Something at row 5 or so" })
	void readsTheMessage(int code, String message, int row, @Nullable String column, String reason) {
		Failure failure = new Failure(new R2dbcNonTransientResourceException(message, null, code));
		assertThat(failure.row()).isEqualTo(row);
		assertThat(failure.column(TARGET)).isEqualTo(column);
		assertThat(failure.reason()).isEqualTo(reason);
	}

	@Test
	void knowsWhatIsOfARow() {
		assertThat(new Failure(new R2dbcDataIntegrityViolationException("x", "23000", 1062)).isOfARow()).isTrue();
		assertThat(new Failure(new R2dbcNonTransientResourceException("x", null, 3819)).isOfARow()).isTrue();
		assertThat(new Failure(new R2dbcNonTransientResourceException("x at row 1", null, 1999)).isOfARow()).isTrue();
		assertThat(new Failure(new R2dbcNonTransientResourceException("x", "45000", 1000)).isOfARow()).isTrue();
		assertThat(new Failure(new R2dbcNonTransientResourceException("x", "HY000", 1290)).isOfARow()).isFalse();
		assertThat(new Failure(new R2dbcNonTransientResourceException("x", "08S01", 3159)).isOfARow()).isFalse();
		assertThat(new Failure(new R2dbcTransientResourceException("x", "40001", 1213)).isOfARow()).isFalse();
		assertThat(new Failure(new R2dbcNonTransientResourceException("closed")).isOfARow()).isFalse();
		assertThat(new Failure(new R2dbcNonTransientResourceException("x", null, 5001)).isOfARow()).isTrue();
	}

	@Test
	void errorsOfAProxyAndOfTheStatementAreNotOfARow() {
		for (int code : new int[] { 9001, 9501, 9999 }) {
			assertThat(new Failure(new R2dbcNonTransientResourceException("x", null, code)).isOfARow()).isFalse();
		}
		assertThat(new Failure(new R2dbcDataIntegrityViolationException("x", "HY000", 1364)).isOfARow()).isFalse();
	}

	@Test
	void onlyAServersErrorTellsThatThereWasNoEffect() {
		assertThat(new Failure(new R2dbcDataIntegrityViolationException("x", "23000", 1062)).isOutcomeUnknown())
			.isFalse();
		assertThat(new Failure(new R2dbcTransientResourceException("x", "40001", 1213)).isOutcomeUnknown()).isFalse();
		assertThat(new Failure(new R2dbcNonTransientResourceException("closed")).isOutcomeUnknown()).isTrue();
		assertThat(new Failure(new DeadlineException("silence")).isOutcomeUnknown()).isTrue();
		for (int code : new int[] { 2013, 9001 }) {
			assertThat(new Failure(new R2dbcNonTransientResourceException("x", null, code)).isOutcomeUnknown())
				.isTrue();
		}
		R2dbcException ended = new R2dbcNonTransientResourceException("killed", null, 1927);
		assertThat(new Failure(new ConnectionLostException("x", ended)).isOutcomeUnknown()).isTrue();
	}

	@Test
	void aCommitThatWasNotSentHasNoEffect() {
		assertThat(new Failure(new ConnectionLostException("before", null)).isCommitUnknown()).isFalse();
		assertThat(new Failure(new UnknownOutcomeException("after", null)).isCommitUnknown()).isTrue();
		assertThat(new Failure(new R2dbcNonTransientResourceException("closed")).isCommitUnknown()).isTrue();
		assertThat(new Failure(new R2dbcNonTransientResourceException("x", null, 3101)).isCommitUnknown()).isFalse();
	}

}
