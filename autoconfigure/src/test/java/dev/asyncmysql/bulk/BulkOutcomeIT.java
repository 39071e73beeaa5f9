package dev.asyncmysql.bulk;

import java.time.Duration;
import java.util.EnumSet;
import java.util.function.Consumer;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.UnknownOutcomeException;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import dev.asyncmysql.autoconfigure.BulkWriterAutoConfiguration;
import dev.asyncmysql.connection.stress.FaultyProxy;
import dev.asyncmysql.connection.stress.FaultyProxy.Direction;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.testcontainers.mysql.MySQLContainer;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.QueryTimeoutException;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Rows that have reached a real MySQL, and an answer that has not come back: nobody may
 * take them for rows that are not written.
 */
@RequiresMySql
class BulkOutcomeIT {

	private static final Duration LIMIT = Duration.ofSeconds(60);

	private final FaultyProxy proxy = proxy();

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				BulkWriterAutoConfiguration.class))
		.withPropertyValues(MySqlServer.properties())
		.withPropertyValues("async-mysql.host=" + this.proxy.host(), "async-mysql.port=" + this.proxy.port(),
				"async-mysql.pool.max-size=1", "async-mysql.response-timeout=1s");

	private static FaultyProxy proxy() {
		MySQLContainer mysql = MySqlServer.container();
		return new FaultyProxy(mysql.getHost(), mysql.getFirstMappedPort());
	}

	@AfterEach
	void end() {
		this.proxy.close();
	}

	@ParameterizedTest
	@CsvSource({ "lost, 0", "lost, 20", "silent, 0", "silent, 20" })
	void rowsThatWereSentToBeCommittedAreNotToldToBeUnwritten(String how, int before) {
		createTable("unanswered");
		this.contexts.run((context) -> {
			BulkWriter bulk = context.getBean(BulkWriter.class);
			// The limits are known from then on.
			assertThat(write(bulk, "unanswered", Flux.empty()).execute().block(LIMIT)).isNotNull();
			StepVerifier.create(write(bulk, "unanswered", Flux.range(0, 100)).commitEachChunk()
				.onProgress(when(before, this::loseAnswers))
				.execute()
				.doOnSubscribe((subscription) -> {
					if (before == 0) {
						loseAnswers();
					}
				})).then(() -> {
					Awaitility.await()
						.untilAsserted(() -> assertThat(MySqlServer.execute("SELECT COUNT(*) FROM unanswered"))
							.containsExactly(String.valueOf(before + 10)));
					if (how.equals("lost")) {
						this.proxy.reset();
					}
				})
				.expectErrorSatisfies((ex) -> assertThat(ex)
					.hasCauseInstanceOf(
							how.equals("lost") ? DataAccessResourceFailureException.class : QueryTimeoutException.class)
					.hasMessageStartingWith(
							"Whether the rows %d to %d (counted from 0) were written to unanswered is not known: "
								.formatted(before, before + 9))
					.hasMessageEndingWith(before + " rows before are committed, and none after")
					.isInstanceOfSatisfying(BulkWriteException.class, (unknown) -> {
						assertThat(unknown.isOutcomeUnknown()).isTrue();
						assertThat(unknown.getFirstRow()).isEqualTo(before);
						assertThat(unknown.getLastRow()).isEqualTo(before + 9);
						assertThat(unknown.getRow()).isEqualTo(-1);
						assertThat(unknown.getWritten().rows()).isEqualTo(before);
					}))
				.verify(LIMIT);
		});
	}

	@Test
	void noAnswerToTheCommitTellsThatAllMayBeWritten() {
		createTable("uncommitted_answer");
		this.contexts.run((context) -> {
			StepVerifier
				.create(write(context.getBean(BulkWriter.class), "uncommitted_answer", Flux.range(0, 30))
					.onProgress(when(30, this::loseAnswers))
					.execute())
				.expectErrorSatisfies((ex) -> assertThat(ex).hasRootCauseInstanceOf(UnknownOutcomeException.class)
					.isInstanceOfSatisfying(BulkWriteException.class, (unknown) -> {
						assertThat(unknown.isOutcomeUnknown()).isTrue();
						assertThat(unknown.getFirstRow()).isZero();
						assertThat(unknown.getLastRow()).isEqualTo(29);
						assertThat(unknown.getWritten()).isEqualTo(BulkProgress.NONE);
					}))
				.verify(LIMIT);
			assertThat(MySqlServer.execute("SELECT COUNT(*) FROM uncommitted_answer")).containsExactly("30");
		});
	}

	private void loseAnswers() {
		this.proxy.lose(EnumSet.of(Direction.TO_CLIENT));
	}

	private static Consumer<BulkProgress> when(int rows, Runnable then) {
		return (progress) -> {
			if (progress.rows() == rows) {
				then.run();
			}
		};
	}

	private static BulkWriter.WriteSpec<?> write(BulkWriter bulk, String table, Flux<Integer> rows) {
		return bulk.insertInto(table).columns("amount").rows(rows, (row) -> new Object[] { row }).maxRows(10);
	}

	private static void createTable(String name) {
		MySqlServer.execute("DROP TABLE IF EXISTS " + name);
		MySqlServer.execute("CREATE TABLE " + name + " (id BIGINT AUTO_INCREMENT PRIMARY KEY, amount INT)");
	}

}
