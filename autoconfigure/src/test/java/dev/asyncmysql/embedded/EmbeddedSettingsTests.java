package dev.asyncmysql.embedded;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

import org.junit.jupiter.api.Test;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Binding of the settings, and what the IDE is told about them.
 */
class EmbeddedSettingsTests {

	@Test
	void hasDefaults() {
		assertThat(bind(Map.of())).isEqualTo(new EmbeddedSettings(true, null, null, 0, Duration.ofSeconds(60)));
	}

	@Test
	void bindsEachProperty() {
		assertThat(bind(Map.of("async-mysql.embedded.enabled", "false", "async-mysql.embedded.data-dir", "data",
				"async-mysql.embedded.base-dir", "base", "async-mysql.embedded.port", "3307",
				"async-mysql.embedded.start-timeout", "2m")))
			.isEqualTo(new EmbeddedSettings(false, Path.of("data"), Path.of("base"), 3307, Duration.ofMinutes(2)));
	}

	@Test
	void refusesWhatIsNoPort() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new EmbeddedSettings(true, null, null, 65536, Duration.ofSeconds(1)))
			.withMessageContaining("async-mysql.embedded.port")
			.withMessageContaining("65536");
	}

	@Test
	void refusesToWaitForNoTime() {
		assertThatIllegalArgumentException().isThrownBy(() -> new EmbeddedSettings(true, null, null, 0, Duration.ZERO))
			.withMessageContaining("async-mysql.embedded.start-timeout");
	}

	@Test
	void metadataDescribesEachProperty() throws Exception {
		try (InputStream in = EmbeddedSettings.class
			.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
			assertThat(in).isNotNull();
			String metadata = new String(in.readAllBytes(), StandardCharsets.UTF_8);
			for (String name : new String[] { "enabled", "data-dir", "base-dir", "port", "start-timeout" }) {
				assertThat(metadata).containsPattern("\"name\": \"async-mysql.embedded." + name
						+ "\",\\s+\"type\": \"[^\"]+\",\\s+\"description\": ");
			}
		}
	}

	private static EmbeddedSettings bind(Map<String, String> properties) {
		return new Binder(new MapConfigurationPropertySource(properties)).bindOrCreate("async-mysql.embedded",
				EmbeddedSettings.class);
	}

}
