package dev.asyncmysql.benchmarks;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What has to be known about a run in order to compare it with another.
 */
final class Environment {

	private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

	private static final String LIBRARIES = "(async-mysql-spring-boot|r2dbc-mysql|r2dbc-pool|r2dbc-mariadb"
			+ "|jasync-r2dbc-mysql|vertx-mysql-client|mysql-connector-j|HikariCP|spring-boot|spring-r2dbc"
			+ "|reactor-netty-core)-\\d.*\\.jar";

	private Environment() {
	}

	static String describe(Arguments arguments, String serverVersion) {
		return """
				%s, MySQL %s%s
				Java %s (%s), %s %s, %d processors%s
				%d rounds of %d s after %d s; %,d rows
				%s
				commit %s
				""".formatted(LocalDate.now(ZoneOffset.UTC), serverVersion,
				arguments.url().isPresent() ? " at a URL that was given" : " in a container on the same machine",
				Runtime.version(), System.getProperty("java.vm.vendor"), System.getProperty("os.name"),
				System.getProperty("os.arch"), Runtime.getRuntime().availableProcessors(), processor(),
				arguments.rounds(), arguments.seconds(), arguments.warmup(), arguments.rows(), libraries(), commit());
	}

	private static String commit() {
		try {
			Process git = new ProcessBuilder("git", "describe", "--always", "--dirty").redirectErrorStream(true)
				.start();
			try (BufferedReader answer = git.inputReader()) {
				return answer.lines().findFirst().orElse("unknown");
			}
		}
		catch (IOException ex) {
			// There may be no Git.
			return "unknown";
		}
	}

	private static String libraries() {
		return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
			.map((file) -> Path.of(file).getFileName().toString())
			.filter((name) -> name.matches(LIBRARIES))
			.map((name) -> name.substring(0, name.length() - ".jar".length()))
			.sorted()
			.collect(Collectors.joining(", "));
	}

	private static String processor() {
		try (Stream<String> lines = Files.lines(CPU_INFO)) {
			return lines.filter((line) -> line.startsWith("model name"))
				.findFirst()
				.map((line) -> " (" + line.substring(line.indexOf(':') + 1).strip() + ")")
				.orElse("");
		}
		catch (IOException ex) {
			// Only Linux has the file.
			return "";
		}
	}

}
