package dev.asyncmysql.autoconfigure;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.contentOf;

/**
 * An application without a pool in a JVM that lacks the pool's library, on a real MySQL.
 */
@RequiresMySql
class WithoutPoolLibraryIT {

	@Test
	void connectsQueriesAndIsHealthy(@TempDir Path folder) throws IOException, InterruptedException {
		String classPath = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
			.filter((entry) -> !entry.matches(".*/(r2dbc-pool|reactor-pool)-[^/]*\\.jar"))
			.collect(Collectors.joining(File.pathSeparator));
		List<String> command = new ArrayList<>(List.of(
				Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-Dspring.devtools.restart.enabled=false", "-cp", classPath, WithoutPoolLibrary.class.getName()));
		for (String property : MySqlServer.properties()) {
			command.add("--" + property);
		}
		File output = folder.resolve("output.txt").toFile();
		Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output).start();
		try {
			assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
		}
		finally {
			process.destroyForcibly();
		}
		assertThat(contentOf(output))
			.contains("Pool's library: false", "Answer: {answer=4711}", "Health: UP", "Variables: {max_connections=")
			.doesNotContain("NoClassDefFoundError");
		assertThat(process.exitValue()).isZero();
	}

}
