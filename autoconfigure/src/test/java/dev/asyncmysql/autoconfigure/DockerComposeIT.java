package dev.asyncmysql.autoconfigure;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.library.LibraryApplication;
import io.r2dbc.pool.ConnectionPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.io.ClassPathResource;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A MySQL that Boot starts by Docker Compose is what the application connects to.
 */
@RequiresMySql
@EnabledIf(value = "isComposeThere", disabledReason = "Docker has no compose command")
class DockerComposeIT {

	@Test
	void theServiceIsWhatTheApplicationConnectsTo() throws IOException {
		Path file = new ClassPathResource("compose/compose.yaml").getFile().toPath();
		String project = "async-mysql-" + UUID.randomUUID();
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(LibraryApplication.class)
			.web(WebApplicationType.NONE)
			.properties("spring.docker.compose.file=" + file, "spring.docker.compose.skip.in-tests=false",
					"spring.docker.compose.arguments=--project-name=" + project,
					"spring.docker.compose.stop.command=down", "spring.docker.compose.stop.arguments=--volumes",
					"spring.docker.compose.stop.timeout=1s", "spring.flyway.enabled=false",
					"async-mysql.host=elsewhere.invalid", "async-mysql.pool.max-size=3")
			.run()) {
			ConnectionSettings settings = context.getBean(ConnectionSettings.class);
			assertThat(settings.location()).endsWith("/composed").doesNotContain("elsewhere");
			assertThat(settings.username()).isEqualTo("composer");
			assertThat(context.getBean(ConnectionPool.class).getMetrics().orElseThrow().getMaxAllocatedSize())
				.isEqualTo(3);
			assertThat(context.getBean(DatabaseClient.class)
				.sql("SELECT CONCAT(DATABASE(), ' ', VERSION())")
				.mapValue(String.class)
				.one()
				.block(Duration.ofSeconds(20))).startsWith("composed 9.7");
		}
	}

	static boolean isComposeThere() throws Exception {
		Process process = new ProcessBuilder("docker", "compose", "version").redirectErrorStream(true)
			.redirectOutput(ProcessBuilder.Redirect.DISCARD)
			.start();
		return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
	}

}
