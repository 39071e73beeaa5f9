package dev.asyncmysql.connection;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Inquiries}.
 */
class InquiriesTests {

	@ParameterizedTest
	@CsvSource({ "0 0, false", "1 0, true", "0 1, true", "1 1, true", "OFF 0, false", "OFF OFF, false", "ON 0, true",
			"off 0, false", "NO_LOCK 0, true", "NO_LOCK_NO_ADMIN 0, true", "OFF 1, true" })
	void aServerThatIsNotWritableIsReadOnly(String answer, boolean readOnly) {
		assertThat(Inquiries.isReadOnly(answer)).isEqualTo(readOnly);
	}

}
