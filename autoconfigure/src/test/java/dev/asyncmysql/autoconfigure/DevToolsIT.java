package dev.asyncmysql.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.library.RestartedLibrary;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application that DevTools restarts in its JVM: each time with new classes and a new
 * pool, and nothing is left of the one before.
 */
@RequiresMySql
class DevToolsIT {

	@Test
	void eachRestartClosesItsPool(@TempDir Path folder) throws Exception {
		MySqlServer.execute("CREATE USER IF NOT EXISTS restarted@'%' IDENTIFIED BY 'secret'");
		MySqlServer.execute("GRANT ALL ON *.* TO restarted@'%'");
		// On a command line the second of a name does not win, it is appended.
		List<String> properties = Stream.of(MySqlServer.properties())
			.filter((property) -> !property.matches("async-mysql.(username|password)=.*"))
			.collect(Collectors.toCollection(ArrayList::new));
		properties.addAll(List.of("async-mysql.username=restarted", "async-mysql.password=secret",
				"async-mysql.pool.initial-size=2", "async-mysql.pool.min-idle=2", "async-mysql.pool.max-size=2",
				"async-mysql.pool.register-jmx=true"));
		// Two of the pool, and the side connection as soon as advice is prepared: what an
		// earlier pool had left would make four at least.
		assertThat(run(folder.resolve("output"), properties)).hasSize(3)
			.allSatisfy((line) -> assertThat(line).matches("generation [123] RestartClassLoader 3306 [23]"));
		Awaitility.await()
			.untilAsserted(() -> assertThat(
					MySqlServer.execute("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'restarted'"))
				.isEmpty());
	}

	static List<String> run(Path output, List<String> properties) throws IOException, InterruptedException {
		List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow(), "-cp",
				System.getProperty("java.class.path"), RestartedLibrary.class.getName()));
		Stream
			.concat(properties.stream(), Stream.of("spring.docker.compose.enabled=false",
					"spring.devtools.livereload.enabled=false", "spring.flyway.enabled=false"))
			.forEach((property) -> command.add("--" + property));
		Process application = new ProcessBuilder(command).redirectErrorStream(true)
			.redirectOutput(output.toFile())
			.start();
		try {
			assertThat(application.waitFor(90, TimeUnit.SECONDS)).as(() -> content(output)).isTrue();
			assertThat(application.exitValue()).as(() -> content(output)).isZero();
		}
		finally {
			application.destroyForcibly();
		}
		List<String> generations = Files.readAllLines(output)
			.stream()
			.filter((line) -> line.startsWith("generation "))
			.toList();
		assertThat(generations).as(() -> content(output)).isNotEmpty();
		return generations;
	}

	private static String content(Path output) {
		try {
			return Files.readString(output);
		}
		catch (IOException ex) {
			return ex.toString();
		}
	}

}
