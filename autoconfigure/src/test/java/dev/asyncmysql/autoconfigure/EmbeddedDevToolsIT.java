package dev.asyncmysql.autoconfigure;

import java.net.ConnectException;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * A restart by DevTools stops the development database and starts another.
 */
class EmbeddedDevToolsIT {

	@Test
	void eachRestartHasADatabaseOfItsOwn(@TempDir Path folder) throws Exception {
		List<String> generations = DevToolsIT.run(folder.resolve("output"), List.of("library.generations=2"));
		assertThat(generations).hasSize(2).allMatch((line) -> line.contains(" RestartClassLoader "));
		List<Integer> ports = generations.stream().map((line) -> Integer.valueOf(line.split(" ")[3])).toList();
		assertThat(ports).doesNotHaveDuplicates()
			.allSatisfy((port) -> assertThatExceptionOfType(ConnectException.class)
				.isThrownBy(() -> new Socket("127.0.0.1", port).close()));
	}

}
