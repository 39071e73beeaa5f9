package dev.asyncmysql.autoconfigure;

import java.net.ConnectException;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import dev.asyncmysql.embedded.EmbeddedMariaDb;
import io.r2dbc.pool.ConnectionPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcInitializationAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The development database as an application meets it, with nothing configured but its
 * data folder.
 */
@ExtendWith(OutputCaptureExtension.class)
class EmbeddedDatabaseIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final ApplicationContextRunner contexts = new ApplicationContextRunner().withConfiguration(
			AutoConfigurations.of(EmbeddedMariaDbAutoConfiguration.class, AsyncMySqlAutoConfiguration.class,
					R2dbcAutoConfiguration.class, R2dbcInitializationAutoConfiguration.class));

	@Test
	void startsRunsScriptsServesItsSocketAndStops(@TempDir Path folder, CapturedOutput output) {
		int[] port = new int[1];
		this.contexts
			.withPropertyValues("async-mysql.embedded.data-dir=" + folder.resolve("data"),
					"async-mysql.database=ledger", "async-mysql.username=unused", "async-mysql.ssl.mode=REQUIRED",
					"async-mysql.pool.max-size=3", "spring.sql.init.schema-locations=classpath:schema-it.sql")
			.run((context) -> {
				assertThat(context).hasNotFailed().hasSingleBean(EmbeddedMariaDb.class);
				assertThat(query(context, "SELECT name FROM scripted")).containsExactly("from schema");
				assertThat(query(context, "SELECT DATABASE()")).containsExactly("ledger");
				assertThat(context.getBean(ConnectionPool.class).getMetrics().orElseThrow().getMaxAllocatedSize())
					.isEqualTo(3);
				port[0] = context.getBean(EmbeddedMariaDb.class).getPort();
				overTheSocket(context, query(context, "SELECT CONCAT(@@datadir, @@socket)").get(0));
			});
		assertThat(output).contains("development database")
			.contains("Not in force")
			.contains("async-mysql.ssl.mode")
			.contains("Connected to MariaDB 11.4");
		assertThatNothingListensOn(port[0]);
		assertThat(folder.resolve("data")).isNotEmptyDirectory();
	}

	private void overTheSocket(ApplicationContext running, String socket) {
		query(running, "CREATE USER socket@localhost IDENTIFIED BY 'secret'");
		query(running, "GRANT SELECT ON ledger.* TO socket@localhost");
		this.contexts
			.withPropertyValues("async-mysql.unix-socket=" + socket, "async-mysql.username=socket",
					"async-mysql.password=secret", "async-mysql.database=ledger")
			.run((context) -> {
				assertThat(context).doesNotHaveBean(EmbeddedMariaDb.class);
				assertThat(query(context, "SELECT name FROM scripted")).containsExactly("from schema");
			});
	}

	private static void assertThatNothingListensOn(int port) {
		assertThat(port).isPositive();
		assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> new Socket("127.0.0.1", port).close());
	}

	private static List<String> query(ApplicationContext context, String sql) {
		return context.getBean(DatabaseClient.class)
			.sql(sql)
			.mapValue(String.class)
			.all()
			.collectList()
			.blockOptional(LIMIT)
			.orElseThrow();
	}

}
