package dev.asyncmysql.embedded;

import java.io.IOException;
import java.util.List;

import dev.asyncmysql.EmbeddedDatabaseException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is said about the output of a server that failed.
 */
class FailureAdviceTests {

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					bin/mariadbd: error while loading shared libraries: libcrypt.so.1: cannot open shared object file: No such file or directory | libcrypt1
					bin/mariadbd: error while loading shared libraries: libaio.so.1: cannot open shared object file: No such file or directory | libaio1t64
					bin/mariadb: error while loading shared libraries: libncurses.so.5: cannot open shared object file: No such file or directory | ncurses-compat-libs
					bin/mariadbd: error while loading shared libraries: libodd.so.7: cannot open shared object file: No such file or directory | libodd.so.7 is missing
					dyld[99]: Library not loaded: /opt/homebrew/opt/openssl@3/lib/libssl.3.dylib | openssl@3
					bin/mariadbd: /lib64/libc.so.6: version `GLIBC_2.17' not found (required by bin/mariadbd) | newer Linux
					scripts/mariadb-install-db: line 466: /x/bin/mariadbd: not found | glibc
					Cannot run program "/x/bin/mariadbd": error=8, Exec format error | another processor
					[ERROR] Can't start server: Bind on TCP/IP port. Got error: 98: Address already in use | async-mysql.embedded.port
					[ERROR] InnoDB: Unable to lock ./ibdata1 error: 11 | stop it
					mariadbd: Can't create file '/x/y' (Errcode: 13 "Permission denied") | async-mysql.embedded.data-dir
					[ERROR] InnoDB: Error number 28 means 'No space left on device' | disk is full
					[ERROR] InnoDB: Unsupported redo log format. The redo log was created with MySQL 8.4.0. | another version
					""")
	void saysWhatToDo(String line, String advice) {
		assertThat(FailureAdvice.of(List.of("[Note] before", line, "[Note] after"))).contains(advice);
	}

	@Test
	void saysNothingAboutTheUnknown() {
		assertThat(FailureAdvice.of(List.of("[Note] ready"))).isNull();
	}

	@Test
	void quotesTheOutput() {
		EmbeddedDatabaseException failure = FailureAdvice.failure("It ended.", List.of("one", "two"), null);
		assertThat(failure).hasMessage("It ended. The whole output is logged by "
				+ "dev.asyncmysql.embedded.LoggedProcess at level DEBUG.\nIts last lines were:\n\tone\n\ttwo");
		assertThat(failure.getDescription()).isEqualTo("It ended.");
		assertThat(failure.getOutput()).containsExactly("one", "two");
	}

	@Test
	void looksIntoTheCauseToo() {
		EmbeddedDatabaseException failure = FailureAdvice.failure("It ended.", List.of(),
				new IOException("No space left on device"));
		assertThat(failure.getAction()).contains("disk is full");
	}

	@Test
	void tellsAPortInUse() {
		assertThat(
				FailureAdvice.isPortInUse(List.of("[ERROR] Do you already have another server running on port: 1 ?")))
			.isTrue();
		assertThat(FailureAdvice.isPortInUse(List.of("[ERROR] Aborting"))).isFalse();
	}

}
