package dev.asyncmysql.bulk;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import dev.asyncmysql.autoconfigure.BulkWriterAutoConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.testcontainers.mysql.MySQLContainer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.dao.DataAccessException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Bulk writing on a server that takes only small packets.
 */
@RequiresMySql
class BulkPacketIT {

	private static final Duration LIMIT = Duration.ofSeconds(60);

	private static final int PACKET = 65_536;

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				BulkWriterAutoConfiguration.class));

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void staysBelowThePacketWhateverTheValuesAre(boolean prepared) {
		try (MySQLContainer mysql = new MySQLContainer(MySqlServer.IMAGE)) {
			mysql.withCommand("--max-allowed-packet=" + PACKET).start();
			this.contexts.withPropertyValues("async-mysql.host=" + mysql.getHost(),
					"async-mysql.port=" + mysql.getFirstMappedPort(), "async-mysql.database=" + mysql.getDatabaseName(),
					"async-mysql.username=root", "async-mysql.password=" + mysql.getPassword(),
					"async-mysql.use-server-prepare-statement=" + prepared)
				.run((context) -> {
					DatabaseClient client = context.getBean(DatabaseClient.class);
					client.sql("CREATE TABLE blob_table (t MEDIUMTEXT CHARACTER SET utf8mb4, b MEDIUMBLOB)")
						.then()
						.block(LIMIT);
					BulkWriter.TableSpec table = context.getBean(BulkWriter.class)
						.insertInto("blob_table")
						.columns("t", "b");
					for (String unit : new String[] { "a", "'", "\\", "\n", "ä", "€", "\ud83d\ude00" }) {
						Flux<Integer> rows = Flux.range(0, 300);
						BulkProgress written = table
							.rows(rows, (i) -> new Object[] { unit.repeat(i * 30), new byte[i % 700] })
							.execute()
							.block(LIMIT);
						assertThat(written).isNotNull();
						assertThat(written.rows()).isEqualTo(300);
						assertThat(written.chunks()).isGreaterThan(15);
					}
					StepVerifier
						.create(table.rows(Flux.range(0, 3), (i) -> new Object[] { "x".repeat(i * 33_000), null })
							.execute())
						.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(BulkWriteException.class)
							.hasMessageStartingWith("Row 2 (counted from 0) cannot be written to blob_table: it takes"))
						.verify(LIMIT);
					assertThatTheLimitIsReadAnewAfterAFailure(client,
							table.rows(Flux.range(0, 300), (i) -> new Object[] { "x".repeat(1000), null }));
				});
		}
	}

	// It is known from the first write. A changed session is not lent again, and a new
	// one
	// has the new limit.
	private static void assertThatTheLimitIsReadAnewAfterAFailure(DatabaseClient client,
			BulkWriter.WriteSpec<?> write) {
		StepVerifier.create(write.execute()).expectNextCount(1).expectComplete().verify(LIMIT);
		client.sql("SET GLOBAL max_allowed_packet = 16384").then().block(LIMIT);
		client.sql("SET @changed = 1").then().block(LIMIT);
		StepVerifier.create(write.execute()).expectError(DataAccessException.class).verify(LIMIT);
		StepVerifier.create(write.execute()).expectNextCount(1).expectComplete().verify(LIMIT);
	}

	@Test
	void aPacketMayBeLargerThanTheProtocolsFrames() {
		MySqlServer.execute("DROP TABLE IF EXISTS large");
		MySqlServer.execute("CREATE TABLE large (t LONGTEXT)");
		this.contexts.withPropertyValues(MySqlServer.properties()).run((context) -> {
			String text = "0123456789".repeat(2_000_000);
			AtomicReference<BulkProgress> progress = new AtomicReference<>();
			Mono<BulkProgress> write = context.getBean(BulkWriter.class)
				.insertInto("large")
				.columns("t")
				.rows(Flux.just(1, 2, 3, 4), (i) -> new Object[] { text })
				.maxSize(DataSize.ofMegabytes(50))
				.onProgress(progress::set)
				.execute();
			assertThat(write.block(LIMIT)).isEqualTo(progress.get());
			assertThat(progress.get().chunks()).isEqualTo(2);
			assertThat(MySqlServer.execute("SELECT SUM(LENGTH(t)) FROM large")).containsExactly("80000000");
		});
	}

}
