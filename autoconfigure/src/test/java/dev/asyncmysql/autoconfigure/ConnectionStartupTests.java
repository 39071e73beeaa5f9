package dev.asyncmysql.autoconfigure;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

import dev.asyncmysql.LatePort;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.beans.factory.BeanCreationException;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContextException;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.DefaultLifecycleProcessor;
import org.springframework.core.SpringProperties;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link ConnectionStartup} with a port behind which there is no server.
 */
@ExtendWith(OutputCaptureExtension.class)
class ConnectionStartupTests {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final LatePort port = new LatePort();

	@AfterEach
	void close() {
		this.port.close();
	}

	@Test
	void aWaitInVainFailsTheStartAndTellsWhatToDo(CapturedOutput output) {
		long start = System.nanoTime();
		assertThatExceptionOfType(BeanCreationException.class).isThrownBy(() -> start("async-mysql.startup-timeout=1s"))
			.withRootCauseInstanceOf(IOException.class);
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofSeconds(1));
		assertThat(output)
			.contains("The start waits up to 1 s for the server (async-mysql.startup-timeout). MySQL at 127.0.0.1:"
					+ this.port.number() + " cannot be reached: ")
			.contains("APPLICATION FAILED TO START")
			.containsPattern(
					"MySQL at 127.0.0.1:\\d+ cannot be reached: .*Connection refused.*; the start waited for it "
							+ "for 1 s \\(async-mysql.startup-timeout\\)\n")
			.contains("Start the server, or correct async-mysql.host and async-mysql.port. Or set "
					+ "async-mysql.startup=lazy to start without a connection, or raise async-mysql.startup-timeout to "
					+ "wait for longer.\n");
		assertThat(output.getOut().split("The start waits up to", -1)).hasSize(2);
	}

	@Test
	void aSilentServerIsWaitedForNoLongerThanTheLimit(CapturedOutput output) {
		this.port.openAndKeepSilent();
		assertThatExceptionOfType(BeanCreationException.class)
			.isThrownBy(() -> start("async-mysql.startup-timeout=1s"));
		assertThat(output).contains("APPLICATION FAILED TO START")
			.containsPattern("No connection to MySQL at 127.0.0.1:\\d+: .*no answer within 1 s; the start waited")
			.contains("Check that the server is up and answers. Or set async-mysql.startup=lazy");
	}

	@Test
	void theFirstFailureFailsAStartThatDoesNotWait(CapturedOutput output) {
		assertThatExceptionOfType(BeanCreationException.class).isThrownBy(() -> start("async-mysql.startup=fail"));
		assertThat(output).doesNotContain("The start waits")
			.contains("APPLICATION FAILED TO START")
			.contains("cannot be reached")
			.contains("the start does not wait for it (async-mysql.startup=fail)\n")
			.contains(
					"Or set async-mysql.startup=wait to wait for it at start, or lazy to start without a connection.");
	}

	@Test
	void aLazyStartConnectsToNothing(CapturedOutput output) {
		this.port.openAndKeepSilent();
		start("async-mysql.startup=lazy", "async-mysql.pool.initial-size=3").close();
		assertThat(this.port.accepted()).isZero();
		assertThat(output).contains("Not connected yet (async-mysql.startup=lazy) to MySQL at 127.0.0.1:")
			.contains("pool of 1 to 10 connections");
	}

	/**
	 * As a run that trains an AOT cache, which ends when the beans have been made.
	 */
	@Test
	void beansAreMadeWithoutAConnectionWhereTheContextEndsThen() {
		// Reads the property, whose value would end this JVM, before it is set.
		new DefaultLifecycleProcessor();
		SpringProperties.setProperty(DefaultLifecycleProcessor.EXIT_PROPERTY_NAME,
				DefaultLifecycleProcessor.ON_REFRESH_VALUE);
		try {
			assertThatExceptionOfType(ApplicationContextException.class)
				.isThrownBy(() -> start("async-mysql.startup=fail"))
				.withMessageContaining("Failed to start bean 'asyncMySqlLifecycle'");
		}
		finally {
			SpringProperties.setProperty(DefaultLifecycleProcessor.EXIT_PROPERTY_NAME, null);
		}
	}

	@Test
	void aContextThatIsClosedWaitsNoLonger(CapturedOutput output) {
		AtomicReference<ConfigurableApplicationContext> context = new AtomicReference<>();
		CompletableFuture<Void> start = CompletableFuture.runAsync(() -> StartedApplication.builder()
			.initializers(context::set)
			.run(arguments("async-mysql.startup-timeout=10m")));
		Awaitility.await().untilAsserted(() -> assertThat(output).contains("The start waits up to 600 s"));
		context.get().close();
		assertThat(start).failsWithin(Duration.ofSeconds(5))
			.withThrowableThat()
			.havingCause()
			.withStackTraceContaining("The application was stopped while it connected to MySQL at 127.0.0.1:");
		assertThat(context.get().isActive()).isFalse();
		// What the context had made was closed in order.
		assertThat(output).doesNotContain("Destroy method").doesNotContain("could not be closed");
	}

	@Test
	void aProcessThatIsEndedWaitsNoLonger(@TempDir Path folder) throws Exception {
		Path output = folder.resolve("output");
		List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow(),
				"-Dspring.devtools.restart.enabled=false", "-cp", System.getProperty("java.class.path"),
				StartedApplication.class.getName()));
		command.addAll(List.of(arguments("async-mysql.startup-timeout=10m")));
		Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
		try {
			Awaitility.await()
				.atMost(LIMIT)
				.untilAsserted(() -> assertThat(output).content().contains("The start waits up to 600 s"));
			// SIGTERM.
			process.destroy();
			assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
			assertThat(output).content().contains("The application was stopped while it connected");
		}
		finally {
			process.destroyForcibly();
		}
	}

	private ConfigurableApplicationContext start(String... settings) {
		return StartedApplication.builder().run(arguments(settings));
	}

	private String[] arguments(String... settings) {
		return StartedApplication.arguments(Stream
			.concat(Stream.of(this.port.properties()),
					Stream.of("async-mysql.username=app", "spring.docker.compose.enabled=false"))
			.toArray(String[]::new), settings);
	}

}
