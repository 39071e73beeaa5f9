package dev.asyncmysql;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Holds the property tables of the documentation against the metadata.
 */
class PropertyDocumentationTests {

	private static final Path PROPERTIES = Path.of("..", "docs", "properties.md");

	private static final Path README = Path.of("..", "README.md");

	@Test
	void tellsEachPropertyAsTheMetadataDoes() throws IOException {
		assertThat(rows(PROPERTIES)).containsExactlyInAnyOrderElementsOf(expected());
	}

	@Test
	void readmeTellsSomeInTheSameWords() throws IOException {
		assertThat(rows(README)).hasSize(10).isSubsetOf(expected());
	}

	@Test
	void tellsTheReasonOfEachDefault() throws IOException {
		List<String> lines = Files.readAllLines(PROPERTIES);
		assertThat(MetadataTests.metadata().values()).filteredOn((property) -> property.containsKey("defaultValue"))
			.allSatisfy((property) -> assertThat(lines)
				.filteredOn((line) -> line.startsWith("- `" + property.get("name") + "`: "))
				.as("reason for the default of " + property.get("name"))
				.hasSize(1));
	}

	private static List<String> rows(Path document) throws IOException {
		return Files.readAllLines(document).stream().filter((line) -> line.startsWith("| `async-mysql.")).toList();
	}

	private static List<String> expected() {
		return MetadataTests.metadata()
			.values()
			.stream()
			.map((property) -> "| `%s` | %s | %s |".formatted(property.get("name"),
					property.containsKey("defaultValue") ? "`" + property.get("defaultValue") + "`" : "",
					property.get("description")))
			.toList();
	}

}
