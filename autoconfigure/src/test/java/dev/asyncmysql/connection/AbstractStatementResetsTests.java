package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

import dev.asyncmysql.TestServer;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcType;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A statement that is prepared on the server is executed again without a reset, and right
 * all the same.
 */
abstract class AbstractStatementResetsTests {

	private static final Duration LIMIT = Duration.ofSeconds(30);

	private final ApplicationContextRunner contexts;

	AbstractStatementResetsTests(TestServer server) {
		this.contexts = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class))
			.withPropertyValues(server.properties())
			.withPropertyValues("async-mysql.pool.max-size=1", "async-mysql.use-server-prepare-statement=true");
	}

	@Test
	void anExecutionIsOneCommand() {
		verify((connection) -> {
			Mono<List<Integer>> answers = Flux.range(0, 100)
				.concatMap((number) -> ask(connection, "SELECT ? + 1", number))
				.collectList();
			return count(connection,
					"Com_stmt_reset")
				.flatMap((resets) -> count(connection, "Com_stmt_execute")
					.flatMap((executions) -> answers
						.doOnNext((all) -> assertThat(all).isEqualTo(IntStream.rangeClosed(1, 100).boxed().toList()))
						.then(count(connection, "Com_stmt_execute"))
						.doOnNext((after) -> assertThat(after - executions).isEqualTo(100)))
					.then(count(connection, "Com_stmt_reset"))
					.doOnNext((after) -> assertThat(after).isEqualTo(resets)))
				.then(count(connection, "Com_stmt_prepare"))
				.doOnNext((prepared) -> assertThat(prepared).isOne());
		});
	}

	@Test
	void aCompressedConnectionHasItsAnswersToo() {
		verify(this.contexts.withPropertyValues("async-mysql.compression-algorithms=ZLIB"),
				(connection) -> Flux.range(0, 20)
					.concatMap((number) -> ask(connection, "SELECT ? + 1", number))
					.collectList()
					.doOnNext((all) -> assertThat(all).isEqualTo(IntStream.rangeClosed(1, 20).boxed().toList())));
	}

	@Test
	void typesMayChangeFromOneExecutionToTheNext() {
		verify((connection) -> Flux
			.just((Object) 1, "two", Parameters.in(R2dbcType.VARCHAR), 3L, new byte[] { 'b' }, 2.5)
			.concatMap((value) -> Flux.from(
					connection.createStatement("SELECT COALESCE(CONCAT('<', ?, '>'), 'none')").bind(0, value).execute())
				.concatMap((result) -> result.map((row) -> row.get(0, String.class))))
			.collectList()
			.doOnNext((all) -> assertThat(all).containsExactly("<1>", "<two>", "none", "<3>", "<b>", "<2.5>")));
	}

	@Test
	void theStateOfTheTransactionIsKept() {
		verify((connection) -> ask(connection, "SELECT ?", 1).then(Mono.from(connection.beginTransaction()))
			.then(ask(connection, "SELECT ?", 2))
			.doOnNext((answer) -> assertThat(connection.isAutoCommit()).isFalse())
			.then(ask(connection, "SELECT ?", 3))
			.doOnNext((answer) -> assertThat(connection.isAutoCommit()).isFalse())
			.then(Mono.from(connection.commitTransaction()))
			.then(ask(connection, "SELECT ?", 4))
			.doOnNext((answer) -> assertThat(connection.isAutoCommit()).isTrue()));
	}

	@Test
	void anExecutionFollowsOneThatHasFailed() {
		verify((connection) -> run(connection, "CREATE TEMPORARY TABLE reset (id INT PRIMARY KEY)")
			.then(insert(connection, 1))
			.then(insert(connection, 1).as(AbstractStatementResetsTests::failure))
			.doOnNext((ex) -> assertThat(ex).isInstanceOf(R2dbcDataIntegrityViolationException.class))
			.then(insert(connection, 2))
			.then(ask(connection, "SELECT COUNT(*) + ? FROM reset", 0))
			.doOnNext((rows) -> assertThat(rows).isEqualTo(2)));
	}

	@Test
	void anExecutionFollowsOneThatWasLeftInTheMiddle() {
		verify((connection) -> Flux.just(0, 2)
			.concatMap((size) -> Flux.range(1, 20)
				.concatMap((number) -> rows(connection, size, number).take(number % 3 + 1)
					.collectList()
					.doOnNext((some) -> assertThat(some.get(0)).isEqualTo(number))))
			.then(rows(connection, 2, 7).collectList())
			.doOnNext((all) -> assertThat(all).containsExactly(7, 8, 9, 10, 11, 12)));
	}

	@Test
	void aStatementOfSeveralBindingsIsExecutedForEach() {
		verify((connection) -> run(connection, "CREATE TEMPORARY TABLE series (id INT PRIMARY KEY)")
			.thenMany(Flux.range(0, 3).concatMap((turn) -> {
				Statement statement = connection.createStatement("INSERT INTO series VALUES (?)");
				return Flux.from(statement.bind(0, turn * 2).add().bind(0, turn * 2 + 1).execute())
					.concatMap(Result::getRowsUpdated);
			}))
			.then(ask(connection, "SELECT COUNT(*) + ? FROM series", 0))
			.doOnNext((rows) -> assertThat(rows).isEqualTo(6)));
	}

	@Test
	void aDefinitionThatChangesIsSeen() {
		verify((connection) -> run(connection, "CREATE TEMPORARY TABLE shape (id INT)")
			.then(run(connection, "INSERT INTO shape VALUES (7)"))
			.then(columns(connection))
			.doOnNext((columns) -> assertThat(columns).isOne())
			.then(run(connection, "ALTER TABLE shape ADD COLUMN more INT DEFAULT 8"))
			.then(columns(connection))
			.doOnNext((columns) -> assertThat(columns).isEqualTo(2)));
	}

	private static Mono<Integer> columns(Connection connection) {
		return Flux.from(connection.createStatement("SELECT * FROM shape WHERE id = ?").bind(0, 7).execute())
			.concatMap((result) -> result.map((row, metadata) -> metadata.getColumnMetadatas().size()))
			.single();
	}

	private static Flux<Integer> rows(Connection connection, int fetchSize, int first) {
		return Flux
			.from(connection
				.createStatement(
						"WITH RECURSIVE n (i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < 12) SELECT i FROM n")
				.fetchSize(fetchSize)
				.bind(0, first)
				.execute())
			.concatMap((result) -> result.map((row) -> row.get(0, Integer.class)));
	}

	private static Mono<Void> insert(Connection connection, int id) {
		return Flux.from(connection.createStatement("INSERT INTO reset VALUES (?)").bind(0, id).execute())
			.concatMap(Result::getRowsUpdated)
			.then();
	}

	private static Mono<Throwable> failure(Mono<Void> work) {
		return work.then(Mono.<Throwable>empty()).onErrorResume(Mono::just);
	}

	private static Mono<Integer> ask(Connection connection, String sql, int value) {
		return Flux.from(connection.createStatement(sql).bind(0, value).execute())
			.concatMap((result) -> result.map((row) -> row.get(0, Integer.class)))
			.single();
	}

	private static Mono<Long> count(Connection connection, String status) {
		return Flux.from(connection.createStatement("SHOW SESSION STATUS LIKE '" + status + "'").execute())
			.concatMap((result) -> result.map((row) -> Long.valueOf(row.get(1, String.class))))
			.single();
	}

	private static Mono<Void> run(Connection connection, String sql) {
		return Flux.from(connection.createStatement(sql).execute()).concatMap(Result::getRowsUpdated).then();
	}

	private void verify(Function<Connection, Mono<?>> work) {
		verify(this.contexts, work);
	}

	private static void verify(ApplicationContextRunner contexts, Function<Connection, Mono<?>> work) {
		contexts
			.run((context) -> StepVerifier
				.create(Flux.usingWhen(context.getBean(ConnectionFactory.class).create(),
						(connection) -> work.apply(connection).then(), Connection::close))
				.expectComplete()
				.verify(LIMIT));
	}

}
