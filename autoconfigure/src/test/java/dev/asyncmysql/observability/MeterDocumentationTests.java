package dev.asyncmysql.observability;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

import dev.asyncmysql.connection.ConnectionListener.AcquireOutcome;
import dev.asyncmysql.connection.ConnectionListener.EndReason;
import dev.asyncmysql.observability.StatementObservation.HighCardinalityKey;
import dev.asyncmysql.observability.StatementObservation.LowCardinalityKey;
import io.micrometer.common.docs.KeyName;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Holds the table of the documentation against the meters.
 */
class MeterDocumentationTests {

	private static final Path DOCUMENT = Path.of("..", "docs", "observability.md");

	@Test
	void tellsEachMeter() throws IOException {
		List<String> rows = Files.readAllLines(DOCUMENT)
			.stream()
			.filter((line) -> line.startsWith("| `asyncmysql.") && !line.contains("| traces |"))
			.toList();
		assertThat(rows).containsExactly(
				Arrays.stream(ConnectionMeter.values()).map(MeterDocumentationTests::row).toArray(String[]::new));
	}

	@Test
	void tellsEachValueOfATag() throws IOException {
		assertThat(Files.readString(DOCUMENT)).contains(values(EndReason.values()))
			.contains(values(AcquireOutcome.values()));
	}

	@Test
	void tellsEachAttributeOfAStatement() throws IOException {
		String document = Files.readString(DOCUMENT);
		for (LowCardinalityKey key : LowCardinalityKey.values()) {
			assertThat(document)
				.contains("| `%s` | metrics, traces | %s |".formatted(key.asString(), key.description()));
		}
		for (HighCardinalityKey key : HighCardinalityKey.values()) {
			assertThat(document).contains("| `%s` | traces | %s |".formatted(key.asString(), key.description()));
		}
	}

	private static String row(ConnectionMeter meter) {
		String tags = Arrays.stream(meter.getKeyNames())
			.map(KeyName::asString)
			.map((key) -> "`" + key + "`")
			.collect(Collectors.joining(", "));
		return "| `%s` | %s | %s | %s |".formatted(meter.getName(), meter.getType().name().toLowerCase(Locale.ROOT),
				tags, meter.description());
	}

	private static List<String> values(Enum<?>[] constants) {
		return Arrays.stream(constants)
			.map((constant) -> "`" + constant.name().toLowerCase(Locale.ROOT).replace('_', '-') + "`")
			.toList();
	}

}
