package dev.asyncmysql.embedded;

import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The account's password.
 */
class AccountTests {

	@TempDir
	Path folder;

	@Test
	void isRandom() throws Exception {
		Path none = this.folder.resolve("none");
		assertThat(Account.keptIn(none).password()).hasSize(32).isNotEqualTo(Account.keptIn(none).password());
	}

	@Test
	void isKeptInTheClientsOptions() throws Exception {
		Path file = this.folder.resolve("client.cnf");
		Account account = Account.keptIn(file);
		Files.writeString(file, account.clientOptions("127.0.0.1", 3307));
		assertThat(Account.keptIn(file)).isEqualTo(account);
		assertThat(file).content().contains("port=3307", "user=dev");
	}

	@Test
	void isNotTakenFromWhatSomebodyElseWrote() throws Exception {
		Path file = this.folder.resolve("client.cnf");
		Files.writeString(file, "password=x' OR 'y");
		assertThat(Account.keptIn(file).password()).matches("[0-9a-f]{32}");
	}

}
