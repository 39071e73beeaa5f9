package dev.asyncmysql.embedded;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * The statements that make the database and the account.
 */
class InitScriptTests {

	private final Account account = new Account("dev", "secret");

	@Test
	void makesDatabaseAndAccountInOneLineEach() {
		assertThat(InitScript.of("shop", this.account, false).lines()).containsExactly(
				"CREATE DATABASE IF NOT EXISTS `shop` CHARACTER SET utf8mb4;",
				"CREATE OR REPLACE USER 'dev'@'127.0.0.1' IDENTIFIED BY 'secret';",
				"GRANT ALL PRIVILEGES ON *.* TO 'dev'@'127.0.0.1' WITH GRANT OPTION;");
	}

	@Test
	void removesAdministratorsWithoutPasswordFromNewDataOnly() {
		assertThat(InitScript.of("shop", this.account, true)).startsWith("DROP USER IF EXISTS 'root'@'127.0.0.1'");
		assertThat(InitScript.of("shop", this.account, false)).doesNotContain("DROP");
	}

	@Test
	void quotesTheName() {
		assertThat(InitScript.quote("a`; DROP DATABASE b")).isEqualTo("`a``; DROP DATABASE b`");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "a ", "a\nb", "a\u0000b", "\ud83d\udc2c",
			"12345678901234567890123456789012345678901234567890123456789012345" })
	void refusesWhatIsNoName(String name) {
		assertThatIllegalArgumentException().isThrownBy(() -> InitScript.quote(name));
	}

}
