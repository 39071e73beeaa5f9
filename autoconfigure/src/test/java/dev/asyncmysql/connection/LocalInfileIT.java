package dev.asyncmysql.connection;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;
import reactor.test.StepVerifier;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.dao.PermissionDeniedDataAccessException;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@code LOAD DATA LOCAL} with a real server that asks for files inside and outside of
 * the folder.
 */
@RequiresMySql
class LocalInfileIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private static final int ROWS = 20_000;

	@TempDir
	private Path root;

	private Path safe;

	private ConnectionPool pool;

	private LoopResources loops;

	@BeforeEach
	void createFiles() throws IOException {
		this.safe = Files.createDirectory(this.root.resolve("safe"));
		String rows = IntStream.range(0, ROWS).mapToObj((row) -> "row " + row).collect(Collectors.joining("\n"));
		Files.writeString(this.safe.resolve("rows"), rows);
		Files.writeString(this.root.resolve("secret"), "secret\n");
		connect();
		execute("SET GLOBAL local_infile = 1");
		execute("CREATE TABLE IF NOT EXISTS loaded (line VARCHAR(200))");
		execute("TRUNCATE TABLE loaded");
	}

	@AfterEach
	void close() {
		this.pool.dispose();
		if (this.loops != null) {
			this.loops.disposeLater().block(LIMIT);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "local-infile-buffer-size=8KB", "local-infile-buffer-size=1B", "ssl.mode=DISABLED",
			"compression-algorithms=ZLIB", "local-infile-buffer-size=32MB" })
	void aFileInsideIsLoaded(String setting) throws IOException {
		int rows = ROWS;
		if (setting.endsWith("=1B")) {
			rows = 3;
			Files.writeString(this.safe.resolve("rows"), "a\nb\nc");
		}
		connect(setting, "allow-load-local-infile-in-path=" + this.safe);
		load(this.safe.resolve("rows").toString());
		assertThat(loaded()).isEqualTo(rows);
	}

	@Test
	void anEmptyFileIsLoaded() throws IOException {
		Files.writeString(this.safe.resolve("rows"), "");
		connect("allow-load-local-infile-in-path=" + this.safe);
		load(this.safe.resolve("rows").toString());
		assertThat(loaded()).isZero();
	}

	@ParameterizedTest
	@ValueSource(strings = { "ssl.mode=PREFERRED", "ssl.mode=DISABLED", "compression-algorithms=ZLIB" })
	void nothingOutsideIsSentAndTheConnectionStays(String setting) throws IOException {
		Files.createSymbolicLink(this.safe.resolve("link"), this.root.resolve("secret"));
		connect(setting, "allow-load-local-infile-in-path=" + this.safe, "pool.max-size=1");
		long connection = number("SELECT CONNECTION_ID()");
		for (String file : List.of(this.root + "/secret", this.safe + "/../secret", this.safe + "/link", "")) {
			assertThatIsRefused(file);
			assertThat(loaded()).isZero();
		}
		load(this.safe + "/rows");
		assertThat(loaded()).isEqualTo(ROWS);
		assertThat(number("SELECT CONNECTION_ID()")).isEqualTo(connection);
	}

	@Test
	void inATransactionTheCallerSeesTheRefusalAndNothingIsWritten() {
		connect("allow-load-local-infile-in-path=" + this.safe, "pool.max-size=1");
		TransactionalOperator operator = TransactionalOperator.create(new R2dbcTransactionManager(this.pool));
		Mono<Void> insert = client().sql("INSERT INTO loaded VALUES ('inserted')").then();
		Mono<Void> refused = client().sql(statement(this.root + "/secret")).then();
		StepVerifier.create(operator.transactional(insert.then(refused)))
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(PermissionDeniedDataAccessException.class)
				.hasMessageContaining("which is not inside")
				.hasMessageContaining("allow-load-local-infile-in-path"))
			.verify(LIMIT);
		assertThat(loaded()).isZero();
		StepVerifier.create(operator.transactional(insert.then(refused.onErrorComplete()).then(insert)))
			.expectComplete()
			.verify(LIMIT);
		assertThat(loaded()).isEqualTo(2);
	}

	@Test
	void withFurtherStatementsARefusalEndsTheConnection() {
		connect("allow-load-local-infile-in-path=" + this.safe, "pool.max-size=1");
		StepVerifier.create(client().sql(statement(this.root + "/secret") + "; SELECT 1").then())
			.expectErrorSatisfies((ex) -> assertThat(ex).hasStackTraceContaining("which is not inside"))
			.verify(LIMIT);
		assertThat(loaded()).isZero();
	}

	@Test
	void theServersOwnErrorIsPassed() {
		connect("allow-load-local-infile-in-path=" + this.safe, "pool.max-size=1");
		StepVerifier.create(client().sql(statement(this.root + "/secret").replace("loaded", "nowhere")).then())
			.expectErrorSatisfies((ex) -> assertThat(ex).hasStackTraceContaining("nowhere"))
			.verify(LIMIT);
		assertThat(loaded()).isZero();
	}

	@Test
	void aMissingFileFailsTheStatement() {
		connect("allow-load-local-infile-in-path=" + this.safe, "pool.max-size=1");
		StepVerifier.create(client().sql(statement(this.safe + "/none")).then())
			.expectErrorSatisfies(
					(ex) -> assertThat(ex).hasRootCauseInstanceOf(R2dbcNonTransientResourceException.class)
						.hasStackTraceContaining("does not exist"))
			.verify(LIMIT);
		assertThat(loaded()).isZero();
	}

	@Test
	void eventLoopsOfTheApplicationAreGuardedToo() {
		this.loops = LoopResources.create("mine");
		ConnectionSettings settings = settings("allow-load-local-infile-in-path=" + this.safe);
		DriverObjects objects = new DriverObjects(this.loops, null, null, null, null, null);
		connect(settings, MySqlConnectionFactories.options(settings, objects, "c"));
		assertThatIsRefused(this.safe + "/../secret");
		load(this.safe + "/rows");
		assertThat(loaded()).isEqualTo(ROWS);
	}

	@Test
	void anOptionThatIsAddedLaterIsGuardedToo() {
		ConnectionSettings settings = settings();
		connect(settings,
				MySqlConnectionFactories.options(settings, DriverObjects.NONE, "c")
					.mutate()
					.option(MySqlConnectionFactoryProvider.ALLOW_LOAD_LOCAL_INFILE_IN_PATH, this.safe.toString())
					.build());
		assertThatIsRefused(this.safe + "/../secret");
	}

	@Test
	void withoutTheOptionNothingIsLoaded() {
		StepVerifier.create(client().sql(statement(this.safe + "/rows")).then())
			.expectErrorSatisfies((ex) -> assertThat(ex).hasStackTraceContaining("local"))
			.verify(LIMIT);
		assertThat(loaded()).isZero();
	}

	private void assertThatIsRefused(String file) {
		StepVerifier.create(client().sql(statement(file)).then())
			.expectErrorSatisfies((ex) -> assertThat(ex).hasRootCauseInstanceOf(R2dbcPermissionDeniedException.class)
				.hasStackTraceContaining("The server asked for the file '" + file + "', which is not inside"))
			.verify(LIMIT);
	}

	private void load(String file) {
		execute(statement(file));
	}

	private static String statement(String file) {
		return "LOAD DATA LOCAL INFILE '" + file + "' INTO TABLE loaded";
	}

	private long loaded() {
		return number("SELECT COUNT(*) FROM loaded");
	}

	private long number(String sql) {
		return client().sql(sql).mapValue(Long.class).one().blockOptional(LIMIT).orElseThrow();
	}

	private void execute(String sql) {
		client().sql(sql).then().block(LIMIT);
	}

	private DatabaseClient client() {
		return DatabaseClient.create(this.pool);
	}

	private void connect(String... values) {
		ConnectionSettings settings = settings(values);
		connect(settings, MySqlConnectionFactories.options(settings, DriverObjects.NONE, "c"));
	}

	private void connect(ConnectionSettings settings, ConnectionFactoryOptions options) {
		if (this.pool != null) {
			this.pool.dispose();
		}
		this.pool = MySqlConnectionFactories.pooled(
				MySqlConnectionFactories.server(settings, MySqlConnectionFactories.driver(options, List.of()), "c"),
				List.of());
	}

	private static ConnectionSettings settings(String... values) {
		Map<String, String> map = new HashMap<>();
		for (String value : MySqlServer.properties()) {
			put(map, value.substring("async-mysql.".length()));
		}
		for (String value : values) {
			put(map, value);
		}
		return new Binder(new MapConfigurationPropertySource(map)).bindOrCreate("c", ConnectionSettings.class);
	}

	private static void put(Map<String, String> map, String value) {
		map.put("c." + value.substring(0, value.indexOf('=')), value.substring(value.indexOf('=') + 1));
	}

}
