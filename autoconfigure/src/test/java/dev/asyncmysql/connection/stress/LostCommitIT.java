package dev.asyncmysql.connection.stress;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import dev.asyncmysql.ConnectionLostException;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.UnknownOutcomeException;
import dev.asyncmysql.connection.stress.FaultyProxy.Direction;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.ValidationDepth;
import org.awaitility.Awaitility;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.transaction.reactive.TransactionalOperator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A connection that ends before, during and after a commit: who is told that a
 * transaction was rolled back can run it again, and nobody is told so of one that may
 * have taken effect.
 */
@RequiresMySql
class LostCommitIT {

	private static final String TABLE = "lost_commit";

	@EachWiring("8a. The connection ends before the commit is sent")
	void before(Setup setup) {
		run(setup, (proxy, wired) -> {
			Connection connection = begun(wired);
			proxy.reset();
			Awaitility.await()
				.until(() -> Mono.from(connection.validate(ValidationDepth.LOCAL)).block(Stress.LIMIT),
						(open) -> Boolean.FALSE.equals(open));
			assertThat(failure(connection.commitTransaction())).isExactlyInstanceOf(ConnectionLostException.class)
				.hasMessageContaining("before");
			assertThat(rows(wired)).isEmpty();
			Mono.from(connection.close()).onErrorComplete().block(Stress.LIMIT);
		});
	}

	@EachWiring("8b. The connection ends after the commit has reached the server")
	void afterItHasReachedTheServer(Setup setup) {
		run(setup, (proxy, wired) -> {
			Connection connection = begun(wired);
			proxy.lose(EnumSet.of(Direction.TO_CLIENT));
			CompletableFuture<Void> commit = Mono.from(connection.commitTransaction()).toFuture();
			Awaitility.await().untilAsserted(() -> assertThat(rows(wired)).containsExactly("1"));
			proxy.reset();
			assertThat(failure(Mono.fromFuture(commit))).isExactlyInstanceOf(UnknownOutcomeException.class);
			Mono.from(connection.close()).onErrorComplete().block(Stress.LIMIT);
		});
	}

	@EachWiring("8c. The connection ends before the commit has reached the server")
	void beforeItHasReachedTheServer(Setup setup) {
		run(setup, (proxy, wired) -> {
			Connection connection = begun(wired);
			proxy.lose(EnumSet.of(Direction.TO_SERVER));
			CompletableFuture<Void> commit = Mono.from(connection.commitTransaction()).toFuture();
			Mono.delay(Duration.ofMillis(200)).block(Stress.LIMIT);
			proxy.reset();
			assertThat(failure(Mono.fromFuture(commit))).isExactlyInstanceOf(UnknownOutcomeException.class);
			assertThat(rows(wired)).isEmpty();
			Mono.from(connection.close()).onErrorComplete().block(Stress.LIMIT);
		});
	}

	@EachWiring("8d. The network is silent after the commit was sent")
	void silence(Setup setup) {
		run(setup, (proxy, wired) -> {
			TransactionalOperator operator = TransactionalOperator.create(new R2dbcTransactionManager(wired.pool()));
			Mono<Void> work = wired.client()
				.sql("INSERT INTO " + TABLE + " VALUES (1)")
				.then()
				.doOnSuccess((done) -> proxy.lose(EnumSet.of(Direction.TO_CLIENT)));
			assertThat(failure(operator.transactional(work))).isInstanceOf(DataAccessResourceFailureException.class)
				.hasCauseExactlyInstanceOf(UnknownOutcomeException.class);
			Awaitility.await().untilAsserted(() -> assertThat(rows(wired)).containsExactly("1"));
		});
	}

	@EachWiring("8e. The server ends the connection as it commits")
	void killed(Setup setup) {
		run(setup, (proxy, wired) -> {
			for (int attempt = 0; attempt < Stress.size(20, 200); attempt++) {
				wired.mysqld().execute("DELETE FROM " + TABLE);
				Connection connection = begun(wired);
				Long id = Flux.from(connection.createStatement("SELECT CONNECTION_ID()").execute())
					.concatMap((result) -> result.map((row) -> row.get(0, Long.class)))
					.blockLast(Stress.LIMIT);
				CompletableFuture<Void> kill = CompletableFuture.runAsync(() -> wired.mysqld().execute("KILL " + id));
				Throwable failure = failing(connection.commitTransaction()).block(Stress.LIMIT);
				kill.handle((done, ex) -> true).orTimeout(20, TimeUnit.SECONDS).join();
				if (failure == null) {
					assertThat(rows(wired)).containsExactly("1");
				}
				else {
					// Nobody may take it for rolled back where it was not.
					assertThat(failure).isInstanceOf(ConnectionLostException.class);
					assertThat(failure instanceof UnknownOutcomeException || rows(wired).isEmpty()).isTrue();
				}
				Mono.from(connection.close()).onErrorComplete().block(Stress.LIMIT);
			}
		});
	}

	private static void run(Setup setup, Attempt attempt) {
		Mysqld.shared().execute("DROP TABLE IF EXISTS " + TABLE);
		Mysqld.shared().execute("CREATE TABLE " + TABLE + " (id INT PRIMARY KEY)");
		try (FaultyProxy proxy = Mysqld.shared().proxy();
				Wired wired = setup.open(Mysqld.shared().by(proxy),
						Map.of("pool.max-size", 2, "response-timeout", "1s", "pool.max-acquire-time", "5s"))) {
			attempt.run(proxy, wired);
			proxy.heal();
			proxy.resetLost();
			wired.assertWhole();
		}
	}

	private static Connection begun(Wired wired) {
		return wired.pool()
			.create()
			.delayUntil(Connection::beginTransaction)
			.delayUntil((connection) -> Flux
				.from(connection.createStatement("INSERT INTO " + TABLE + " VALUES (1)").execute())
				.concatMap(Result::getRowsUpdated))
			.blockOptional(Stress.LIMIT)
			.orElseThrow();
	}

	private static List<String> rows(Wired wired) {
		return wired.mysqld().execute("SELECT id FROM " + TABLE);
	}

	private static Throwable failure(Publisher<?> work) {
		return failing(work).blockOptional(Stress.LIMIT).orElseThrow();
	}

	private static Mono<Throwable> failing(Publisher<?> work) {
		return Mono.from(work).then(Mono.<Throwable>empty()).onErrorResume(Mono::just);
	}

	/** What is tried. */
	private interface Attempt {

		void run(FaultyProxy proxy, Wired wired);

	}

}
