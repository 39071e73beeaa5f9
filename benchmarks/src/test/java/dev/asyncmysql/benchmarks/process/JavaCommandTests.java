package dev.asyncmysql.benchmarks.process;

import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

/**
 * Tests for {@link JavaCommand}, {@link Library} and {@link Contender}.
 */
class JavaCommandTests {

	private static final List<String> CLASS_PATH = List.of("target/classes", "a/async-mysql-spring-boot-0.1.0.jar",
			"a/r2dbc-mysql-1.4.2.jar", "a/r2dbc-mariadb-1.4.0.jar", "a/jasync-r2dbc-mysql-2.2.4.jar",
			"a/jasync-common-2.2.4.jar", "a/spring-data-r2dbc-4.1.0.jar", "a/r2dbc-spi-1.0.0.RELEASE.jar",
			"a/spring-boot-data-jdbc-4.1.0.jar", "a/HikariCP-7.0.2.jar", "a/vertx-core-5.0.10.jar",
			"a/tomcat-embed-core-11.0.22.jar", "a/spring-boot-4.1.0.jar");

	@Test
	void leavesOutWhatOtherSystemsNeed() {
		assertThat(JavaCommand.filter(CLASS_PATH, Contender.JASYNC.libraries())).containsExactly("target/classes",
				"a/jasync-r2dbc-mysql-2.2.4.jar", "a/jasync-common-2.2.4.jar", "a/spring-data-r2dbc-4.1.0.jar",
				"a/r2dbc-spi-1.0.0.RELEASE.jar", "a/spring-boot-4.1.0.jar");
		assertThat(JavaCommand.filter(CLASS_PATH, Contender.JDBC.libraries())).containsExactly("target/classes",
				"a/spring-boot-data-jdbc-4.1.0.jar", "a/HikariCP-7.0.2.jar", "a/spring-boot-4.1.0.jar");
		assertThat(JavaCommand.filter(CLASS_PATH, Set.of())).containsExactly("target/classes",
				"a/spring-boot-4.1.0.jar");
	}

	@Test
	void leavesTheStarterOutOfPlainBoot() {
		assertThat(Contender.STARTER.libraries()).contains(Library.STARTER);
		assertThat(Contender.PLAIN.libraries()).doesNotContain(Library.STARTER).contains(Library.DRIVER);
	}

	@ParameterizedTest
	@EnumSource
	void everySystemHasItsFactory(Contender contender) {
		assertThatCode(() -> Class.forName(contender.factory()).getDeclaredConstructor().newInstance())
			.doesNotThrowAnyException();
		assertThat(Contender.of(contender.id())).isSameAs(contender);
	}

}
