package dev.asyncmysql.connection.stress;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.stream.Collectors;

import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.connection.stress.FaultyProxy.Direction;
import dev.asyncmysql.transaction.MySqlTransactionManager;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Readable;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.awaitility.Awaitility;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.dao.DataAccessException;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.reactive.TransactionalOperator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * All at once and at random: callers that go away, odd statements, transactions, sessions
 * that are changed, connections that are killed and a network that fails. Lasts some
 * seconds, or as many minutes as {@code -Dstress.minutes} says, for all setups together.
 */
@RequiresMySql
class StressIT {

	private static final Log logger = LogFactory.getLog(StressIT.class);

	private static final int POOL = 10;

	private static final int IN_FLIGHT = 25;

	private static final int SETUPS_OF_THE_LONG_FORM = 4;

	private static final Duration LIMIT = Duration.ofSeconds(3);

	/** Twice what an operation may wait for, as it may take two steps. */
	private static final Duration HANGS = LIMIT.multipliedBy(8);

	private static final Duration BACK = Duration.ofSeconds(10);

	@EachWiring("All items in a random mix, with kills and outages")
	void mix(Setup setup) {
		Duration time = (Stress.minutes() > 0) ? Duration.ofMinutes(Stress.minutes()).dividedBy(SETUPS_OF_THE_LONG_FORM)
				: Duration.ofSeconds(4);
		Mysqld mysqld = Mysqld.shared();
		try (FaultyProxy proxy = mysqld.proxy();
				Wired wired = setup.open(mysqld.by(proxy),
						Map.of("pool.max-size", POOL, "pool.max-acquire-time", LIMIT, "response-timeout", LIMIT,
								"pool.max-create-connection-time", LIMIT, "connect-timeout", LIMIT))) {
			Mix mix = new Mix(setup, wired);
			wired.warm();
			long killsBefore = kills(mysqld);
			mix.run(proxy, time);
			proxy.heal();
			int leaks = mix.leaks();
			logger.info("%s: %s, %d leaks, KILL ran %d times at the server".formatted(setup, mix, leaks,
					kills(mysqld) - killsBefore));
			assertThat(leaks).as("leaks").isZero();
			proxy.resetLost();
			mix.check();
			wired.assertWhole(BACK);
		}
	}

	private static long kills(Mysqld mysqld) {
		return Long.parseLong(mysqld
			.execute("SELECT count_star FROM performance_schema.events_statements_summary_global_by_event_name "
					+ "WHERE event_name = 'statement/sql/kill'")
			.get(0));
	}

	/** What a caller does, and how often compared with the others. */
	private record Operation(int weight, String name, Function<Integer, Mono<?>> run) {

	}

	/** What runs, and what became of it. */
	private static final class Mix {

		private final Wired wired;

		private final TransactionalOperator operator;

		private final String table;

		private final LongAdder statements = new LongAdder();

		private final LongAdder cancels = new LongAdder();

		private final LongAdder failures = new LongAdder();

		private final LongAdder disturbances = new LongAdder();

		private final Queue<String> wrong = new ConcurrentLinkedQueue<>();

		private final Set<Integer> endless = ConcurrentHashMap.newKeySet();

		private final Set<Integer> committed = ConcurrentHashMap.newKeySet();

		private final AtomicInteger markers = new AtomicInteger();

		private final List<Operation> operations = List.of(new Operation(60, "query", this::query),
				new Operation(60, "query under a time limit", this::underTimeLimit),
				new Operation(30, "query that sleeps and is cancelled", this::cancelled),
				new Operation(3, "query that would sleep for long", this::endless),
				new Operation(20, "transaction", this::transaction),
				new Operation(20, "transaction that is cancelled", this::cancelledTransaction),
				new Operation(10, "one row of many", this::oneOfMany),
				new Operation(10, "exception of the mapper", this::failingMapper),
				new Operation(10, "statements at the same time", this::parallel),
				new Operation(10, "result that nobody consumes", this::unconsumed),
				new Operation(5, "change of the session", this::changedSession),
				new Operation(10, "broken batch", this::brokenBatch));

		Mix(Setup setup, Wired wired) {
			this.wired = wired;
			ReactiveTransactionManager manager = (setup.wiring() == Wiring.PLAIN)
					? new R2dbcTransactionManager(wired.pool())
					: new MySqlTransactionManager(wired.pool(), Duration.ZERO);
			this.operator = TransactionalOperator.create(manager);
			this.table = "stress_" + setup.wiring() + (setup.prepared() ? "_prepared" : "_text");
			Mysqld mysqld = wired.mysqld();
			mysqld.execute("DROP TABLE IF EXISTS " + this.table);
			mysqld.execute("CREATE TABLE " + this.table + " (id INT AUTO_INCREMENT PRIMARY KEY, marker INT)");
			mysqld.execute("CREATE TABLE IF NOT EXISTS stress_rows (id INT PRIMARY KEY)");
			mysqld.execute("INSERT IGNORE INTO stress_rows WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL "
					+ "SELECT id + 1 FROM n WHERE id < 1000) SELECT id FROM n");
		}

		void run(FaultyProxy proxy, Duration time) {
			AtomicBoolean over = new AtomicBoolean();
			Mono<Void> callers = Flux.range(0, IN_FLIGHT)
				.flatMap(
						(caller) -> Mono.defer(this::next).subscribeOn(Schedulers.parallel()).repeat(() -> !over.get()),
						IN_FLIGHT)
				.then();
			Mono<Void> disturbance = Mono.defer(() -> disturb(proxy)).repeat(() -> !over.get()).then();
			Mono<Void> clock = Mono.delay(time).doFinally((signal) -> over.set(true)).then();
			Mono.whenDelayError(callers, disturbance, clock).block(time.plus(HANGS.multipliedBy(2)));
		}

		private Mono<Void> next() {
			int marker = this.markers.incrementAndGet();
			Operation operation = choose();
			Mono<?> run = operation.run().apply(marker);
			return run.timeout(HANGS, Mono.fromRunnable(() -> this.wrong.add("hangs: " + operation.name())))
				.onErrorResume((ex) -> {
					this.failures.increment();
					if (!(ex instanceof DataAccessException || ex instanceof R2dbcException
							|| ex instanceof TransactionException || ex instanceof IllegalStateException)) {
						this.wrong.add("an unclear error: " + ex);
					}
					return Mono.empty();
				})
				.then();
		}

		private Operation choose() {
			int chosen = ThreadLocalRandom.current()
				.nextInt(this.operations.stream().mapToInt(Operation::weight).sum());
			for (Operation operation : this.operations) {
				chosen -= operation.weight();
				if (chosen < 0) {
					return operation;
				}
			}
			throw new IllegalStateException();
		}

		private Mono<Void> disturb(FaultyProxy proxy) {
			int kind = ThreadLocalRandom.current().nextInt(20);
			Mono<Void> disturbance = switch (kind) {
				case 0 -> Mono.fromRunnable(proxy::reset);
				case 1 -> outage(() -> proxy.lose(EnumSet.allOf(Direction.class)), proxy);
				case 2 -> outage(() -> proxy.hold(true), proxy);
				default -> Mono.<Void>fromRunnable(this::killOne).subscribeOn(Schedulers.boundedElastic());
			};
			this.disturbances.increment();
			return disturbance.then(Mono.delay(Stress.random(Duration.ofMillis(20), Duration.ofMillis(500)))).then();
		}

		private static Mono<Void> outage(Runnable begin, FaultyProxy proxy) {
			return Mono.fromRunnable(begin)
				.then(Mono.delay(Stress.random(Duration.ofMillis(100), Duration.ofSeconds(2))))
				.then(Mono.fromRunnable(proxy::heal));
		}

		private void killOne() {
			List<String> connections = this.wired.connections();
			if (!connections.isEmpty()) {
				String one = connections.get(ThreadLocalRandom.current().nextInt(connections.size()));
				try {
					this.wired.mysqld().execute("KILL " + one.substring(0, one.indexOf(' ')));
				}
				catch (IllegalStateException ex) {
					logger.debug("It was gone already", ex);
				}
			}
		}

		private Mono<?> query(int marker) {
			return ask("SELECT 0 + :marker", marker);
		}

		private Mono<?> underTimeLimit(int marker) {
			return ask((marker % 3 == 0) ? "SELECT 0 + :marker FROM stress_rows a JOIN stress_rows b ON b.id <= 3"
					: "SELECT 0 + :marker", marker)
				.timeout(Stress.random(Duration.ofNanos(100_000), Duration.ofMillis(20)))
				.onErrorResume(TimeoutException.class, this::gone);
		}

		private Mono<?> cancelled(int marker) {
			return ask("SELECT SLEEP(0.05) + :marker", marker).takeUntilOther(soon(60));
		}

		private Mono<?> endless(int marker) {
			return ask("SELECT SLEEP(30) + :marker", marker).takeUntilOther(soon(100));
		}

		private Mono<?> transaction(int marker) {
			return this.operator.transactional(insert(marker).then(insert(marker)))
				.doOnSuccess((done) -> this.committed.add(marker));
		}

		private Mono<?> cancelledTransaction(int marker) {
			this.endless.add(marker);
			return this.operator.transactional(insert(marker).then(insert(marker)).then(Mono.never()))
				.takeUntilOther(soon(10));
		}

		private Mono<?> oneOfMany(int marker) {
			return with((
					connection) -> rows(connection, "SELECT %d FROM stress_rows a JOIN stress_rows b".formatted(marker))
						.take(1)
						.concatWith(rows(connection, "SELECT " + marker)),
					List.of(marker, marker));
		}

		private Mono<?> failingMapper(int marker) {
			return this.wired.client().sql("SELECT id FROM stress_rows").map((row) -> {
				throw new IllegalStateException("the caller's own");
			}).all().then(ask("SELECT 0 + :marker", marker));
		}

		private Mono<?> parallel(int marker) {
			return with(
					(connection) -> Flux.merge(rows(connection, "SELECT " + marker),
							rows(connection, "SELECT " + marker), rows(connection, "SELECT " + marker)),
					List.of(marker, marker, marker));
		}

		private Mono<?> unconsumed(int marker) {
			return with(
					(connection) -> Mono.from(connection.createStatement("SELECT id FROM stress_rows").execute())
						.thenMany((marker % 2 == 0) ? rows(connection, "SELECT " + marker) : Flux.just(marker)),
					List.of(marker));
		}

		private Mono<?> changedSession(int marker) {
			return with((connection) -> rows(connection, "SELECT IFNULL(@stress, 0)")
				.concatWith(rows(connection, "SET @stress = " + marker)), List.of(0));
		}

		private Mono<?> brokenBatch(int marker) {
			return with((connection) -> Flux
				.from(connection.createBatch().add("SELECT " + marker).add("SELEKT").add("SELECT 1").execute())
				.concatMap((result) -> result.map((row) -> row.get(0, Integer.class)))
				.onErrorResume(R2dbcException.class, (ex) -> Flux.empty())
				.filter((answer) -> answer != marker), List.of());
		}

		private Mono<Integer> ask(String sql, int marker) {
			this.statements.increment();
			return this.wired.client()
				.sql(sql)
				.bind("marker", marker)
				.mapValue(Integer.class)
				.first()
				.doOnNext((answer) -> {
					if (answer != marker) {
						this.wrong.add("%d for %d: %s".formatted(answer, marker, sql));
					}
				});
		}

		private Mono<Void> insert(int marker) {
			this.statements.increment();
			return this.wired.client()
				.sql("INSERT INTO " + this.table + " (marker) VALUES (:marker)")
				.bind("marker", marker)
				.fetch()
				.rowsUpdated()
				.then();
		}

		private Mono<?> with(Function<Connection, Publisher<Integer>> work, List<Integer> expected) {
			return Flux.usingWhen(this.wired.pool().create(), work, Connection::close)
				.collectList()
				.doOnNext((answers) -> {
					if (!answers.equals(expected)) {
						this.wrong.add("%s for %s".formatted(answers, expected));
					}
				});
		}

		private Flux<Integer> rows(Connection connection, String sql) {
			return Flux.defer(() -> {
				this.statements.increment();
				return connection.createStatement(sql).execute();
			}).concatMap((result) -> result.map((Readable row) -> row.get(0, Integer.class)));
		}

		private Mono<Long> soon(int millis) {
			return Mono.delay(Stress.random(Duration.ZERO, Duration.ofMillis(millis)))
				.doOnNext((tick) -> this.cancels.increment());
		}

		private Mono<Integer> gone(Throwable ex) {
			this.cancels.increment();
			return Mono.empty();
		}

		int leaks() {
			long end = System.nanoTime() + BACK.toNanos();
			Awaitility.await()
				.pollInSameThread()
				.pollInterval(Duration.ofMillis(50))
				.atMost(BACK.multipliedBy(2))
				.until(() -> this.wired.acquired() == 0 || System.nanoTime() > end);
			return this.wired.acquired();
		}

		void check() {
			assertThat(this.wrong).as("wrong answers and callers that hang").isEmpty();
			Awaitility.await()
				.pollInSameThread()
				.atMost(BACK)
				.untilAsserted(() -> assertThat(this.wired.transactions()).as("transactions at the server").isEmpty());
			Map<Integer, Long> rows = this.wired.mysqld()
				.execute("SELECT marker FROM " + this.table)
				.stream()
				.collect(Collectors.groupingBy(Integer::valueOf, Collectors.counting()));
			assertThat(rows.keySet()).as("writes of cancelled transactions").doesNotContainAnyElementsOf(this.endless);
			assertThat(rows.keySet()).as("writes of committed transactions").containsAll(this.committed);
			assertThat(rows.values()).as("writes of each transaction").allMatch((count) -> count == 2);
		}

		@Override
		public String toString() {
			return "%s statements, %s cancels, %s failed, %s kills and outages, %d transactions, %d wrong answers"
				.formatted(this.statements, this.cancels, this.failures, this.disturbances, this.committed.size(),
						this.wrong.size());
		}

	}

}
