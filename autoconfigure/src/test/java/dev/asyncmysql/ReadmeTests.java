package dev.asyncmysql;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Holds the property table of the README against the metadata.
 */
class ReadmeTests {

	private static final Path README = Path.of("..", "README.md");

	@Test
	void tellsEachPropertyAsTheMetadataDoes() throws IOException {
		List<String> rows = Files.readAllLines(README)
			.stream()
			.filter((line) -> line.startsWith("| `async-mysql."))
			.toList();
		List<String> expected = MetadataTests.metadata()
			.values()
			.stream()
			.map((property) -> "| `%s` | %s | %s |".formatted(property.get("name"),
					property.containsKey("defaultValue") ? "`" + property.get("defaultValue") + "`" : "",
					property.get("description")))
			.toList();
		assertThat(rows).containsExactlyInAnyOrderElementsOf(expected);
	}

}
