package dev.asyncmysql.connection.stress;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.IntFunction;

import dev.asyncmysql.RequiresMySql;
import io.r2dbc.spi.Readable;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Callers that go away in the middle of a statement cost no connection, spoil no other
 * caller's answer, and leave nothing running.
 */
@RequiresMySql
class CancelStormIT {

	private static final Log logger = LogFactory.getLog(CancelStormIT.class);

	private static final int POOL = 10;

	private static final int THREADS = 4;

	private static final int IN_FLIGHT = 60;

	@BeforeAll
	static void rows() {
		Mysqld mysql = Mysqld.shared();
		mysql.execute("CREATE TABLE IF NOT EXISTS storm (id INT PRIMARY KEY)");
		mysql.execute("INSERT IGNORE INTO storm WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n "
				+ "WHERE id < 1000) SELECT id + 1000 * k.i FROM n "
				+ "JOIN (SELECT 0 AS i UNION SELECT 1 UNION SELECT 2) k");
	}

	@EachWiring("1a. Queries under a time limit of 0.1 to 20 ms, a third with 3,000 rows")
	void timeLimits(Setup setup) {
		try (Wired wired = setup.open(Mysqld.shared(), Map.of("pool.max-size", POOL))) {
			wired.warm();
			Calls calls = new Calls();
			int rounds = Stress.size(3, 10);
			for (int round = 0; round < rounds; round++) {
				storm(Stress.size(2_000, 6_000), IN_FLIGHT,
						(marker) -> calls.call(marker,
								(mapper) -> query(wired, (marker % 3 == 0) ? " FROM storm" : "", mapper)
									.timeout(Stress.random(Duration.ofNanos(100_000), Duration.ofMillis(20)))));
				// Here most have a connection at once, so that the cancel meets a
				// statement rather than a wait for the pool.
				storm(Stress.size(4_000, 10_000), POOL + 2,
						(marker) -> calls.call(marker, (mapper) -> query(wired, "", mapper)
							.timeout(Stress.random(Duration.ofNanos(100_000), Duration.ofMillis(5)))));
			}
			logger.info("%s: %s".formatted(setup, calls));
			check(wired, calls, Set.of(TimeoutException.class.getName()));
		}
	}

	@EachWiring("1b. Queries cancelled within 60 ms, half of them asleep for 50 ms")
	void cancelsAtRandomMoments(Setup setup) {
		try (Wired wired = setup.open(Mysqld.shared(), Map.of("pool.max-size", POOL))) {
			wired.warm();
			Calls calls = new Calls();
			for (int inFlight : List.of(IN_FLIGHT, POOL + 2)) {
				storm(Stress.size(1_000, 5_000), inFlight,
						(marker) -> calls.call(marker,
								(mapper) -> wired.client()
									.sql((marker % 2 == 0) ? "SELECT SLEEP(0.05) + :marker" : "SELECT 0 + :marker")
									.bind("marker", marker)
									.map(mapper::map)
									.first()
									.takeUntilOther(Mono.delay(Stress.random(Duration.ZERO, Duration.ofMillis(60))))));
			}
			logger.info("%s: %s".formatted(setup, calls));
			check(wired, calls, Set.of());
		}
	}

	@EachWiring("1c. Statements whose callers went away are ended")
	void nothingRunsOn(Setup setup) {
		try (Wired wired = setup.open(Mysqld.shared(), Map.of("pool.max-size", POOL))) {
			wired.warm();
			DatabaseClient client = wired.client();
			int rounds = Stress.size(2, 20);
			for (int round = 0; round < rounds; round++) {
				List<String> cancelled = Flux.range(0, POOL)
					.flatMap((index) -> client.sql("SELECT SLEEP(40) + :marker")
						.bind("marker", index)
						.mapValue(String.class)
						.first()
						.takeUntilOther(Mono.delay(Stress.random(Duration.ofMillis(50), Duration.ofMillis(200)))), POOL)
					.collectList()
					.block(Stress.LIMIT);
				assertThat(cancelled).isEmpty();
				Awaitility.await()
					.pollInSameThread()
					.pollInterval(Duration.ofMillis(100))
					.atMost(Duration.ofSeconds(3))
					.untilAsserted(() -> assertThat(wired.running()).as("statements that nobody waits for").isEmpty());
				wired.assertWhole();
			}
		}
	}

	@EachWiring("1d. What ends an abandoned statement never hits a later one")
	void laterStatementsAreNotHit(Setup setup) {
		try (Wired wired = setup.open(Mysqld.shared(), Map.of("pool.max-size", POOL))) {
			wired.warm();
			DatabaseClient client = wired.client();
			Calls calls = new Calls();
			// They end by themselves about when the grace of a second does.
			Flux<String> abandoned = Flux.range(0, Stress.size(40, 400))
				.flatMap((index) -> client
					.sql("SELECT SLEEP(%d / 1000)".formatted(ThreadLocalRandom.current().nextInt(900, 1_200)))
					.mapValue(String.class)
					.first()
					.takeUntilOther(Mono.delay(Duration.ofMillis(20))), POOL / 2);
			AtomicBoolean ended = new AtomicBoolean();
			AtomicInteger markers = new AtomicInteger();
			Flux<Integer> later = Flux.defer(() -> {
				int marker = markers.incrementAndGet();
				return calls.call(marker,
						(mapper) -> client
							.sql("SELECT CAST(:marker AS SIGNED) FROM storm a JOIN storm b ON a.id < b.id "
									+ "WHERE a.id < 3 GROUP BY 1")
							.bind("marker", marker)
							.map(mapper::map)
							.one());
			}).repeat(() -> !ended.get());
			Mono.when(abandoned.then(Mono.delay(Duration.ofMillis(1_500))).doFinally((signal) -> ended.set(true)),
					Flux.range(0, POOL).flatMap((index) -> later, POOL))
				.timeout(Stress.LIMIT)
				.block(Stress.LIMIT.multipliedBy(2));
			logger.info("%s: %s".formatted(setup, calls));
			check(wired, calls, Set.of());
		}
	}

	private static Mono<Integer> query(Wired wired, String from, Mapper mapper) {
		return wired.client()
			.sql("SELECT CAST(:marker AS SIGNED)" + from)
			.bind("marker", mapper.marker)
			.map(mapper::map)
			.first();
	}

	private static void storm(int calls, int inFlight, IntFunction<Mono<Integer>> call) {
		Flux.range(0, THREADS)
			.flatMap((thread) -> Flux.range(0, calls / THREADS)
				.subscribeOn(Schedulers.parallel())
				.flatMap((index) -> call.apply(index * THREADS + thread), inFlight / THREADS), THREADS)
			.then()
			.block(Stress.LIMIT.multipliedBy(3));
	}

	private static void check(Wired wired, Calls calls, Set<String> expected) {
		assertThat(calls.wrong.sum()).as("wrong answers").isZero();
		assertThat(calls.errors.keySet()).as("errors: %s", calls.errors).isSubsetOf(expected);
		wired.assertWhole();
		Awaitility.await()
			.pollInSameThread()
			.pollInterval(Duration.ofMillis(100))
			.atMost(Duration.ofSeconds(3))
			.untilAsserted(() -> assertThat(wired.running()).as("statements that nobody waits for").isEmpty());
		// One row may be on its way to the mapper when the caller goes.
		assertThat(calls.mappedTooOften.sum()).as("calls whose mapper ran on without a caller").isZero();
		assertThat(calls.mappedLate.sum()).as("rows mapped without a caller, of %s", calls)
			.isLessThanOrEqualTo(Math.max(3, calls.made.sum() / 100));
	}

	/** What became of calls. */
	private static final class Calls {

		private final LongAdder made = new LongAdder();

		private final LongAdder answered = new LongAdder();

		private final LongAdder wrong = new LongAdder();

		private final LongAdder mappedLate = new LongAdder();

		private final LongAdder mappedTooOften = new LongAdder();

		private final Map<String, LongAdder> errors = new ConcurrentHashMap<>();

		Mono<Integer> call(int marker, Function<Mapper, Mono<Integer>> query) {
			return Mono.defer(() -> {
				this.made.increment();
				Mapper mapper = new Mapper(this, marker);
				return query.apply(mapper).doOnNext((answer) -> {
					this.answered.increment();
					if (answer != marker) {
						this.wrong.increment();
					}
				}).onErrorResume((ex) -> {
					this.errors.computeIfAbsent(name(ex), (key) -> new LongAdder()).increment();
					return Mono.empty();
				}).doOnTerminate(() -> mapper.callerIsGone = true);
			});
		}

		private static String name(Throwable ex) {
			return (ex instanceof TimeoutException) ? TimeoutException.class.getName()
					: ex + ((ex.getCause() != null) ? ", by " + ex.getCause() : "");
		}

		@Override
		public String toString() {
			return "%s calls, %s answered in time, %s wrong, %s rows mapped without a caller, errors %s"
				.formatted(this.made, this.answered, this.wrong, this.mappedLate, this.errors);
		}

	}

	/** Counts itself where it runs without a caller. */
	private static final class Mapper {

		private final Calls calls;

		private final int marker;

		private int late;

		private volatile boolean callerIsGone;

		Mapper(Calls calls, int marker) {
			this.calls = calls;
			this.marker = marker;
		}

		Integer map(Readable row) {
			if (this.callerIsGone) {
				this.calls.mappedLate.increment();
				if (++this.late == 2) {
					this.calls.mappedTooOften.increment();
				}
			}
			Integer answer = row.get(0, Integer.class);
			return (answer != null) ? answer : -this.marker;
		}

	}

}
