package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.InvalidSettingsException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link R2dbcUrl}.
 */
class R2dbcUrlTests {

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					jdbc:mysql://db.example.com:3307/ledger?useSSL=false&user=app&password=secret | r2dbc:mysql://db.example.com:3307/ledger
					jdbc:mysql://app:secret@db.example.com/ledger | r2dbc:mysql://db.example.com/ledger
					jdbc:mysql:loadbalance://db.example.com/ledger | r2dbc:mysql://db.example.com/ledger
					jdbc:mariadb://db.example.com/ledger | r2dbc:mysql://db.example.com/ledger
					mysql://app:se@cret@db.example.com/ledger | r2dbc:mysql://db.example.com/ledger
					mysql://app:se/cret?x@db.example.com/ledger | r2dbc:mysql://localhost:3306/database
					db.example.com | r2dbc:mysql://localhost:3306/database
					""")
	void refusesWhatIsNoR2dbcUrlWithTheLineToWrite(String url, String suggestion) {
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> new R2dbcUrl("async-mysql.url", url).parse())
			.satisfies((ex) -> {
				assertThat(ex.getProperty()).isEqualTo("async-mysql.url");
				assertThat(ex.getAction()).isEqualTo("Write async-mysql.url: " + suggestion);
				assertThat(ex.getMessage() + ex.getAction()).doesNotContain("secret", "cret", "app");
			});
	}

	@ParameterizedTest
	@ValueSource(strings = { "r2dbc:mysql://app:sec|ret@host/db", "r2dbc:mysql:host", "r2dbc:://app:sec|ret@host/db",
			"r2dbc:mysql://host/db?password=sec|ret" })
	void neverRepeatsWhatItCannotRead(String url) {
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> new R2dbcUrl("async-mysql.url", url).parse())
			.satisfies((ex) -> assertThat(ex).hasNoCause())
			.satisfies((ex) -> assertThat(ex.getMessage() + ex.getAction()).doesNotContain("sec"));
	}

	@Test
	void saysThatAnotherDatabaseBelongsElsewhere() {
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> new R2dbcUrl("async-mysql.url", "r2dbc:postgresql://app:secret@host/db").parse())
			.withMessageContaining("is for 'postgresql'")
			.satisfies((ex) -> assertThat(ex.getAction()).contains("spring.r2dbc.url").doesNotContain("secret"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "r2dbc:mysql://one:3306,two:3306/db", "r2dbc:mysql://host:port/db", "r2dbc:mysql:///db" })
	void wantsOneHost(String url) {
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> new R2dbcUrl("async-mysql.url", url).parse())
			.withMessageContaining("host");
	}

	@ParameterizedTest
	@CsvSource({ "r2dbc:mysql://h/d, true", "r2dbcs:mysql://h/d, true", "r2dbc:pool:mysql://h/d, true",
			"jdbc:mysql://h/d, true", "mysql://h/d, true", "r2dbc:mariadb://h/d, false",
			"r2dbc:pool:postgresql://h/d, false", "r2dbc:h2:mem:///x, false", "r2dbc:proxy:mysql://h/d, false" })
	void knowsWhichDatabaseAUrlNames(String url, boolean mysql) {
		assertThat(new R2dbcUrl("spring.r2dbc.url", url).isForMySql()).isEqualTo(mysql);
	}

}
