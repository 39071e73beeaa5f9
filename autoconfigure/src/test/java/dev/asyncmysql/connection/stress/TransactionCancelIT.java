package dev.asyncmysql.connection.stress;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.stream.Collectors;

import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.transaction.MySqlTransactionManager;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.awaitility.Awaitility;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.reactive.TransactionalOperator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A transaction that is cancelled, while it begins, works or commits, is whole or not at
 * all, and its connection comes back without it.
 */
@RequiresMySql
class TransactionCancelIT {

	private static final Log logger = LogFactory.getLog(TransactionCancelIT.class);

	private static final int POOL = 10;

	private static final int IN_FLIGHT = 15;

	private static final AtomicInteger TABLES = new AtomicInteger();

	@EachWiring("2a. @Transactional, cancelled within 5 ms")
	void annotated(Setup setup) {
		try (Wired wired = setup.open(Mysqld.shared(), Map.of("pool.max-size", POOL));
				AnnotationConfigApplicationContext context = context(setup, wired)) {
			cancel(setup, wired, context.getBean(Work.class)::transactional);
		}
	}

	@EachWiring("2b. TransactionalOperator, cancelled within 5 ms")
	void byOperator(Setup setup) {
		try (Wired wired = setup.open(Mysqld.shared(), Map.of("pool.max-size", POOL))) {
			TransactionalOperator operator = TransactionalOperator.create(manager(setup, wired));
			cancel(setup, wired, operator::transactional);
		}
	}

	private static void cancel(Setup setup, Wired wired, Function<Mono<Void>, Mono<Void>> transactional) {
		wired.warm();
		String table = table(wired);
		String plain = table(wired);
		DatabaseClient client = wired.client();
		LongAdder written = new LongAdder();
		Set<Integer> endless = ConcurrentHashMap.newKeySet();
		Set<Integer> committed = ConcurrentHashMap.newKeySet();
		Collection<String> errors = ConcurrentHashMap.newKeySet();
		AtomicBoolean over = new AtomicBoolean();
		AtomicInteger writes = new AtomicInteger();
		// Borrowers beside it, whose writes stay unless they find a transaction.
		Mono<Void> borrowers = Flux
			.defer(() -> insert(client, plain, writes.incrementAndGet()).doOnSuccess((done) -> written.increment()))
			.repeat(() -> !over.get())
			.then();
		Mono<Void> cancels = Flux.range(0, Stress.size(500, 2_000)).flatMap((marker) -> {
			Mono<Void> work = insert(client, table, marker).then(insert(client, table, marker));
			Mono<Void> transaction = switch (ThreadLocalRandom.current().nextInt(3)) {
				case 0 -> cancelled(transactional.apply(Mono.never()));
				case 1 -> {
					endless.add(marker);
					yield cancelled(transactional.apply(work.then(Mono.never())));
				}
				default -> {
					Sinks.Empty<Void> commits = Sinks.empty();
					yield transactional.apply(work.doOnSuccess((done) -> commits.tryEmitEmpty()))
						.doOnSuccess((done) -> committed.add(marker))
						.takeUntilOther(commits.asMono()
							.then(Mono.delay(Stress.random(Duration.ZERO, Duration.ofMillis(1)),
									Schedulers.boundedElastic())));
				}
			};
			return transaction.onErrorResume((ex) -> {
				errors.add(ex.toString());
				return Mono.empty();
			});
		}, IN_FLIGHT).then();
		Mono.when(borrowers, cancels.doFinally((signal) -> over.set(true))).block(Stress.LIMIT);
		settled(wired);
		Map<Integer, Long> rows = rows(wired, table);
		logger.info("%s: %d transactions told their commit, %d were found committed; %s other writes".formatted(setup,
				committed.size(), rows.size(), written));
		assertThat(errors).as("errors of callers").isEmpty();
		assertThat(rows.keySet()).as("writes of cancelled transactions").doesNotContainAnyElementsOf(endless);
		assertThat(rows.keySet()).as("writes of transactions that told their commit").containsAll(committed);
		assertThat(rows.values()).as("writes of each committed transaction").allMatch((count) -> count == 2);
		assertThat(rows(wired, plain)).as("writes outside of transactions").hasSize(written.intValue());
	}

	private static Mono<Void> cancelled(Mono<Void> transaction) {
		return transaction.takeUntilOther(delay());
	}

	private static Mono<Long> delay() {
		return Mono.delay(Stress.random(Duration.ZERO, Duration.ofMillis(5)));
	}

	private static void settled(Wired wired) {
		wired.assertWhole();
		Awaitility.await()
			.pollInSameThread()
			.pollInterval(Duration.ofMillis(250))
			.atMost(Stress.SETTLED)
			.untilAsserted(() -> assertThat(wired.transactions()).as("transactions at the server").isEmpty());
	}

	private static String table(Wired wired) {
		String table = "transaction_cancel_" + TABLES.incrementAndGet();
		wired.mysqld().execute("DROP TABLE IF EXISTS " + table);
		wired.mysqld().execute("CREATE TABLE %s (id INT AUTO_INCREMENT PRIMARY KEY, marker INT)".formatted(table));
		return table;
	}

	private static Mono<Void> insert(DatabaseClient client, String table, int marker) {
		return client.sql("INSERT INTO %s (marker) VALUES (:marker)".formatted(table))
			.bind("marker", marker)
			.fetch()
			.rowsUpdated()
			.then();
	}

	private static Map<Integer, Long> rows(Wired wired, String table) {
		List<String> markers = wired.mysqld().execute("SELECT marker FROM " + table);
		return markers.stream().collect(Collectors.groupingBy(Integer::valueOf, Collectors.counting()));
	}

	private static ReactiveTransactionManager manager(Setup setup, Wired wired) {
		return (setup.wiring() == Wiring.PLAIN) ? new R2dbcTransactionManager(wired.pool())
				: new MySqlTransactionManager(wired.pool(), Duration.ZERO);
	}

	private static AnnotationConfigApplicationContext context(Setup setup, Wired wired) {
		AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
		context.registerBean(ReactiveTransactionManager.class, () -> manager(setup, wired));
		context.register(Transactions.class, Work.class);
		context.refresh();
		return context;
	}

	@Configuration(proxyBeanMethods = false)
	@EnableTransactionManagement
	static class Transactions {

	}

	/** What is transactional. */
	static class Work {

		@Transactional
		Mono<Void> transactional(Mono<Void> body) {
			return body;
		}

	}

}
