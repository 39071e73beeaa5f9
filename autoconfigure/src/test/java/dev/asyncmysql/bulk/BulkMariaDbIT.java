package dev.asyncmysql.bulk;

import java.time.Duration;
import java.util.List;

import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import dev.asyncmysql.autoconfigure.BulkWriterAutoConfiguration;
import dev.asyncmysql.autoconfigure.EmbeddedMariaDbAutoConfiguration;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Bulk writing on the development database, which has another upsert and returns keys.
 */
class BulkMariaDbIT {

	private static final Duration LIMIT = Duration.ofSeconds(60);

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(EmbeddedMariaDbAutoConfiguration.class,
				AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class, BulkWriterAutoConfiguration.class))
		.withPropertyValues("async-mysql.pool.max-size=2");

	@Test
	void writesInEachWay() {
		this.contexts.run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			client
				.sql("CREATE TABLE thing (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) UNIQUE, "
						+ "amount INT CHECK (amount >= 0))")
				.then()
				.block(LIMIT);
			BulkWriter bulk = context.getBean(BulkWriter.class);
			List<KeyedRow<Integer>> keys = bulk.insertInto("thing")
				.columns("name", "amount")
				.rows(Flux.range(0, 2500), (i) -> new Object[] { "name " + i, i })
				.executeAndReturn()
				.collectList()
				.block(LIMIT);
			assertThat(keys).hasSize(2500).allMatch((row) -> row.key() == row.row() + 1);
			StepVerifier
				.create(bulk.upsertInto("thing")
					.columns("name", "amount")
					.update("amount")
					.rows(Flux.range(0, 5000), (i) -> new Object[] { "name " + i, i + 1 })
					.execute())
				.expectNextCount(1)
				.expectComplete()
				.verify(LIMIT);
			assertThat(sum(client)).isEqualTo(12_502_500);
			StepVerifier
				.create(bulk.replaceInto("thing")
					.columns("name", "amount")
					.rows(Flux.range(0, 5000), (i) -> new Object[] { "name " + i, i })
					.execute())
				.expectNextCount(1)
				.expectComplete()
				.verify(LIMIT);
			assertThat(sum(client)).isEqualTo(12_497_500);
			assertThatTheRowIsNamed(bulk, "x".repeat(21), 1);
			assertThatTheRowIsNamed(bulk, "name 1", 1);
			assertThatTheRowIsNamed(bulk, "new", -1);
			assertThat(sum(client)).isEqualTo(12_497_500);
		});
	}

	private static void assertThatTheRowIsNamed(BulkWriter bulk, String name, int amount) {
		StepVerifier
			.create(bulk.insertInto("thing")
				.columns("name", "amount")
				.rows(Flux.range(0, 2500),
						(i) -> (i != 1777) ? new Object[] { "other " + i, i } : new Object[] { name, amount })
				.execute())
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOfSatisfying(BulkWriteException.class,
					(refused) -> assertThat(refused.getRow()).isEqualTo(1777)))
			.verify(LIMIT);
	}

	private static long sum(DatabaseClient client) {
		return client.sql("SELECT CAST(SUM(amount) AS SIGNED) FROM thing")
			.mapValue(Long.class)
			.one()
			.blockOptional(LIMIT)
			.orElseThrow();
	}

}
