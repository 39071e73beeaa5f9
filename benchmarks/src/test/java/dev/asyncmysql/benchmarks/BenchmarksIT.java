package dev.asyncmysql.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

import javax.xml.parsers.DocumentBuilderFactory;

import dev.asyncmysql.benchmarks.server.Database;
import dev.asyncmysql.benchmarks.server.MySqlServer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.DockerClientFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The whole command on a real MySQL, for a moment: whether each system still does its
 * work, and not how fast.
 */
class BenchmarksIT {

	/** Outside quotation marks. */
	private static final Pattern COMMA = Pattern.compile(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)");

	private static final Path CLASS_PATH = Path.of("target", "class-path");

	@TempDir
	private Path folder;

	@Test
	void measuresOnAServerThatIsGivenAndWritesItDown() throws Exception {
		List<String> rows = measure("--systems=starter,starter-proxied,vertx,jdbc-virtual",
				"--workloads=select-16,bulk", "--ways=plain,bulk-rows");
		assertThat(rows).hasSize(4 + 3 + 1);
		assertThat(this.folder.resolve("table.txt")).content()
			.contains("this starter, observed, r2dbc-proxy", "Vert.x", "bulk, rows: throughput, by JDBC");
		assertThat(DocumentBuilderFactory.newInstance()
			.newDocumentBuilder()
			.parse(this.folder.resolve("chart.svg").toFile())
			.getDocumentElement()
			.getNodeName()).isEqualTo("svg");
	}

	@Test
	void eachOtherSystemAnswers() throws Exception {
		List<String> rows = measure(
				"--systems=starter-defaults,starter-observed,plain,plain-loops,bare,mariadb,jasync,jdbc,jdbc-text",
				"--workloads=select-16", "--ways=plain");
		assertThat(rows).hasSize(9);
	}

	private List<String> measure(String... choice) throws Exception {
		Assumptions.assumeTrue(DockerClientFactory.instance().isDockerAvailable(), "Docker does not answer");
		try (MySqlServer server = MySqlServer.start()) {
			Database database = server.database();
			List<String> arguments = new ArrayList<>(List.of(choice));
			arguments.addAll(List.of("--quick", "--out=" + this.folder, "--url=mysql://%s:%s@%s:%d/%s"
				.formatted(database.user(), database.password(), database.host(), database.port(), database.name())));
			String printed = run(arguments.toArray(String[]::new));
			List<String> lines = Files.readAllLines(this.folder.resolve("results.csv"));
			assertThat(lines).as(printed).isNotEmpty();
			List<String> rows = lines.subList(1, lines.size());
			assertThat(rows).allSatisfy((line) -> {
				String[] cells = COMMA.split(line, -1);
				assertThat(cells[cells.length - 1]).as("failure in " + line + " of " + printed).isIn("", "\"\"");
				assertThat(Double.parseDouble(cells[3])).as(line).isPositive();
			});
			return rows;
		}
	}

	private String run(String... arguments) throws IOException, InterruptedException {
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
						"target/classes:" + Files.readString(CLASS_PATH).strip(), Benchmarks.class.getName()));
		command.addAll(List.of(arguments));
		Path output = this.folder.resolve("output");
		Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
		try {
			assertThat(process.waitFor(8, TimeUnit.MINUTES)).isTrue();
			assertThat(process.exitValue()).as(Files.readString(output)).isZero();
			return Files.readString(output);
		}
		finally {
			process.destroyForcibly();
		}
	}

}
