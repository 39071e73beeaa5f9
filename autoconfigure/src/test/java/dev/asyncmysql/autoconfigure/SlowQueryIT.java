package dev.asyncmysql.autoconfigure;

import java.time.Duration;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import io.r2dbc.pool.ConnectionPool;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Slow statements on a real MySQL, as they are logged.
 */
@RequiresMySql
@ExtendWith(OutputCaptureExtension.class)
class SlowQueryIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				SlowQueryAutoConfiguration.class))
		.withPropertyValues(MySqlServer.properties())
		.withPropertyValues("async-mysql.pool.max-size=1", "async-mysql.slow-query.threshold=300ms");

	@Test
	void whatTakesLongIsLoggedWithoutItsValues(CapturedOutput output) {
		this.contexts.run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			Mono<Long> slow = client.sql("SELECT SLEEP(0.4), 'secret' UNION SELECT :b, 'x'")
				.bind("b", "hidden")
				.fetch()
				.all()
				.count();
			// The second waits for the connection of the first.
			StepVerifier.create(Flux.merge(slow, slow)).expectNext(2L, 2L).expectComplete().verify(LIMIT);
			assertThat(client.sql("SELECT 'fast'").fetch().one().block(LIMIT)).isNotNull();
			assertThat(output)
				.containsPattern(
						"Slow query: [4-9]\\d\\d ms, \\d{1,2} ms of waiting for its connection before, 2 rows: "
								+ "SELECT SLEEP\\(\\?\\), \\? UNION SELECT \\?, …")
				.containsPattern(
						"Slow query: [4-9]\\d\\d ms, [4-9]\\d\\d ms of waiting for its connection before, 2 rows: ")
				.doesNotContain("secret")
				.doesNotContain("hidden")
				.doesNotContain("fast");
		});
	}

	@Test
	void valuesAreShownWhereThatIsAskedFor(CapturedOutput output) {
		this.contexts
			.withPropertyValues("async-mysql.slow-query.show-values=true", "async-mysql.slow-query.threshold=0s")
			.run((context) -> {
				DatabaseClient client = context.getBean(DatabaseClient.class);
				assertThat(client.sql("SELECT 'shown' LIKE :b").bind("b", "never").fetch().one().block(LIMIT))
					.isNotNull();
				assertThat(output).containsPattern("1 row: SELECT 'shown' LIKE \\?\\R").doesNotContain("never");
			});
	}

	@Test
	void cancelFailureAndCommitAreTold(CapturedOutput output) {
		this.contexts.withPropertyValues("async-mysql.slow-query.threshold=0s", "async-mysql.cancel.grace=50ms")
			.run((context) -> {
				DatabaseClient client = context.getBean(DatabaseClient.class);
				StepVerifier.create(client.sql("SELECT SLEEP(20)").fetch().first())
					.thenAwait(Duration.ofMillis(200))
					.thenCancel()
					.verify(LIMIT);
				Awaitility.await()
					.atMost(LIMIT)
					.untilAsserted(() -> assertThat(output).containsPattern("cancelled by its caller: SELECT SLEEP"));
				StepVerifier.create(client.sql("SELECT wrong FROM nowhere").then()).expectError().verify(LIMIT);
				assertThat(output).contains("0 rows, failed with 1146: SELECT wrong FROM nowhere");
				StepVerifier
					.create(client.sql("DO 1")
						.then()
						.as(TransactionalOperator
							.create(new R2dbcTransactionManager(context.getBean(ConnectionPool.class)))::transactional))
					.expectComplete()
					.verify(LIMIT);
				assertThat(output).contains("0 rows: BEGIN").contains("0 rows: DO ?").contains("0 rows: COMMIT");
				MySqlServer.execute("CREATE TABLE IF NOT EXISTS slow_query (id INT)");
				assertThat(client.sql("INSERT INTO slow_query VALUES (1), (2), (3)").fetch().rowsUpdated().block(LIMIT))
					.isEqualTo(3);
				assertThat(output).contains("3 rows: INSERT INTO slow_query VALUES (?), …");
			});
	}

	@Test
	void aNegativeThresholdSwitchesItOff(CapturedOutput output) {
		this.contexts.withPropertyValues("async-mysql.slow-query.threshold=-1s").run((context) -> {
			assertThat(context.getBean(DatabaseClient.class).sql("SELECT SLEEP(0.4)").fetch().one().block(LIMIT))
				.isNotNull();
			assertThat(output).doesNotContain("Slow query");
		});
	}

}
