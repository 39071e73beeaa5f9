package dev.asyncmysql.autoconfigure;

import java.io.File;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.NetworkInterface;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import javax.sql.DataSource;

import com.mysql.cj.jdbc.MysqlDataSource;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.test.simple.SimpleTracer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.mysql.MySQLContainer;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableReactiveWebApplicationContext;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.ReactiveTransactionManager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

/**
 * The advice that an application on a real MySQL is given when it has started.
 */
@RequiresMySql
@ExtendWith(OutputCaptureExtension.class)
class AdviceIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final MySQLContainer mysql = MySqlServer.container();

	private final ReactiveWebApplicationContextRunner contexts = new ReactiveWebApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				AdviceAutoConfiguration.class))
		.withPropertyValues(MySqlServer.properties())
		// The line of this comes after the others.
		.withPropertyValues("async-mysql.transaction.retry.enabled=true")
		.withBean("other", ReactiveTransactionManager.class, () -> mock(ReactiveTransactionManager.class));

	@Test
	void aBlockingDataSourceThatWorks(CapturedOutput output) {
		this.contexts.withBean("orders", DataSource.class, this::dataSource)
			.withBean("jdbc", JdbcTemplate.class, () -> new JdbcTemplate(dataSource()))
			.run((context) -> {
				assertThat(context.getBean(JdbcTemplate.class).queryForObject("SELECT 1", Integer.class)).isEqualTo(1);
				ready(context, output);
				assertThat(output).containsPattern(
						"WARN .* A WebFlux application has what reaches a database by blocking calls \\(orders, jdbc\\): .*"
								+ " \\(async-mysql.advice.silence=blocking hides this\\)\\R");
			});
	}

	@Test
	void isSilentWhereItIsToBe(CapturedOutput output) {
		this.contexts.withBean("orders", DataSource.class, this::dataSource)
			.withPropertyValues("async-mysql.advice.silence=blocking")
			.run((context) -> {
				ready(context, output);
				assertThat(output).doesNotContain("blocking calls");
			});
	}

	private DataSource dataSource() {
		MysqlDataSource source = new MysqlDataSource();
		source.setUrl(this.mysql.getJdbcUrl());
		source.setUser(this.mysql.getUsername());
		source.setPassword(this.mysql.getPassword());
		return source;
	}

	@Test
	void tracingWithoutProxy(CapturedOutput output) {
		this.contexts.withBean(Tracer.class, SimpleTracer::new)
			.withClassLoader(new FilteredClassLoader("io.r2dbc.proxy"))
			.run((context) -> {
				ready(context, output);
				assertThat(output).containsPattern(
						"WARN .* Requests are traced, and their statements are not: add io.r2dbc:r2dbc-proxy ");
			});
	}

	@Test
	void aServerOutsideLoopback(@TempDir Path folder, CapturedOutput output) throws Exception {
		String host = outsideLoopback();
		ReactiveWebApplicationContextRunner outside = this.contexts.withPropertyValues("async-mysql.host=" + host);
		outside.run((context) -> {
			ready(context, output);
			assertThat(output).containsPattern("WARN .* The server at " + host + ":\\d+/\\w+ is not verified: ");
		});
		outside.withPropertyValues("async-mysql.ssl.mode=disabled").run((context) -> {
			ready(context, output);
			assertThat(output).containsPattern("WARN .* The server at " + host + ":\\d+/\\w+ is reached without TLS ");
		});
		int before = output.length();
		Path authority = Files.writeString(folder.resolve("ca.pem"),
				this.mysql.execInContainer("cat", "/var/lib/mysql/ca.pem").getStdout(), StandardCharsets.US_ASCII);
		outside.withPropertyValues("async-mysql.ssl.mode=verify-ca", "async-mysql.ssl.ca=" + authority)
			.run((context) -> {
				ready(context, output);
				assertThat(output.toString().substring(before)).doesNotContain("The server at " + host);
			});
	}

	private static String outsideLoopback() throws IOException {
		return NetworkInterface.networkInterfaces()
			.flatMap(NetworkInterface::inetAddresses)
			.filter((address) -> address instanceof Inet4Address && !address.isLoopbackAddress())
			.findFirst()
			.orElseThrow()
			.getHostAddress();
	}

	/**
	 * In a JVM of its own, whose class path has no such library.
	 */
	@Test
	@EnabledOnOs(OS.LINUX)
	void nativeTransportThatIsMissing(@TempDir Path folder) throws Exception {
		List<String> all = List.of(System.getProperty("java.class.path").split(File.pathSeparator));
		List<String> portable = all.stream()
			.filter((entry) -> !entry.contains("netty-transport-native-epoll"))
			.toList();
		assertThat(portable).hasSizeLessThan(all.size());
		assertThat(run(folder.resolve("all"), all)).contains("Advice[name=max-connections, ")
			.contains("eventLoop=reactor-tcp-epoll-")
			.doesNotContain("Advice[name=native-transport, ");
		assertThat(run(folder.resolve("portable"), portable)).contains("eventLoop=reactor-tcp-nio-")
			.contains("Advice[name=native-transport, text=Netty's native transport is not on the class path: "
					+ "add io.netty:netty-transport-native-epoll ");
	}

	private static String run(Path output, List<String> classPath) throws Exception {
		List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow(),
				"-Dspring.devtools.restart.enabled=false", "-cp", String.join(File.pathSeparator, classPath),
				AdvisedApplication.class.getName()));
		command
			.addAll(List.of(StartedApplication.arguments(MySqlServer.properties(), "async-mysql.advice.instances=1000",
					"async-mysql.pool.initial-size=1", "spring.docker.compose.enabled=false")));
		Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
		try {
			assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
		}
		finally {
			process.destroyForcibly();
		}
		return Files.readString(output);
	}

	private static void ready(AssertableReactiveWebApplicationContext started, CapturedOutput output) {
		int before = output.length();
		ConfigurableApplicationContext context = started.getSourceApplicationContext();
		context.publishEvent(new ApplicationReadyEvent(new SpringApplication(), new String[0], context, Duration.ZERO));
		Awaitility.await()
			.atMost(LIMIT)
			.until(() -> output.toString().substring(before).contains("advice.silence=transactions hides this"));
	}

}
