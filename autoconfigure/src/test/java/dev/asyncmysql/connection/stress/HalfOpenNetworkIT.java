package dev.asyncmysql.connection.stress;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;

import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.connection.stress.FaultyProxy.Direction;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.awaitility.Awaitility;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.dao.DataAccessException;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A network that silently loses traffic costs its callers their limit and no more, and no
 * connection of the pool once it is back.
 */
@RequiresMySql
class HalfOpenNetworkIT {

	private static final Log logger = LogFactory.getLog(HalfOpenNetworkIT.class);

	private static final int POOL = 10;

	private static final Duration ACQUIRE = Duration.ofSeconds(1);

	private static final Duration RESPONSE = Duration.ofSeconds(1);

	/**
	 * For the watch, which looks every 100 ms, and for a machine that is busy.
	 */
	private static final Duration SLACK = Duration.ofMillis(700);

	private static final Duration BACK = Duration.ofSeconds(10);

	@EachWiring("3a. The network loses traffic while connections are idle")
	void whileIdle(Setup setup) {
		for (Set<Direction> directions : directions()) {
			outage(setup, directions, false);
		}
	}

	@EachWiring("3b. The network loses traffic while connections are busy")
	void whileBusy(Setup setup) {
		for (Set<Direction> directions : directions()) {
			outage(setup, directions, true);
		}
	}

	@EachWiring("3c. The network keeps traffic back and delivers it later")
	void lateAnswersReachNobody(Setup setup) {
		try (FaultyProxy proxy = Mysqld.shared().proxy(); Wired wired = open(setup, proxy)) {
			wired.warm();
			AtomicBoolean over = new AtomicBoolean();
			Mono<Void> load = load(wired, over);
			Mono<Void> network = Mono.delay(Duration.ofMillis(200))
				.doOnNext((tick) -> proxy.hold(true))
				.then(Mono.delay(RESPONSE.plus(SLACK)))
				.doOnNext((tick) -> proxy.hold(false))
				.then(Mono.delay(Duration.ofMillis(300)))
				.doFinally((signal) -> over.set(true))
				.then();
			Mono.when(load, network).block(Stress.LIMIT);
			fullService(wired);
		}
	}

	@EachWiring("3d. One connection found dead throws out the others that died with it")
	void oneDeadConnectionTellsOfAll(Setup setup) {
		try (FaultyProxy proxy = Mysqld.shared().proxy(); Wired wired = open(setup, proxy)) {
			wired.warm();
			proxy.lose(EnumSet.allOf(Direction.class));
			proxy.heal();
			int failed = 0;
			for (int marker = 0; marker < POOL; marker++) {
				failed += fails(wired.client(), marker) ? 1 : 0;
			}
			assertThat(failed).as("callers that met a dead connection").isLessThanOrEqualTo(1);
			wired.assertWhole(BACK);
		}
	}

	private static List<Set<Direction>> directions() {
		return (Stress.minutes() > 0)
				? List.of(EnumSet.allOf(Direction.class), EnumSet.of(Direction.TO_SERVER),
						EnumSet.of(Direction.TO_CLIENT))
				: List.of(ThreadLocalRandom.current().nextBoolean() ? EnumSet.allOf(Direction.class)
						: EnumSet.of(Direction.TO_CLIENT));
	}

	private static void outage(Setup setup, Set<Direction> directions, boolean busy) {
		try (FaultyProxy proxy = Mysqld.shared().proxy(); Wired wired = open(setup, proxy)) {
			wired.warm();
			AtomicBoolean over = new AtomicBoolean();
			Mono<Void> load = busy ? load(wired, over) : Mono.empty();
			Mono<List<Duration>> outage = Mono.delay(Duration.ofMillis(200)).then(Mono.defer(() -> {
				proxy.lose(directions);
				// Two for each connection, so that half of them has to wait for one.
				return Flux.range(0, 2 * POOL).flatMap((marker) -> wait(wired, marker), 2 * POOL).collectList();
			})).doFinally((signal) -> {
				proxy.heal();
				over.set(true);
			});
			List<Duration> waits = Mono.zip(load.thenReturn(true), outage)
				.blockOptional(Stress.LIMIT)
				.orElseThrow()
				.getT2();
			logger.info("%s, %s: callers waited %s".formatted(setup, directions, waits.stream().sorted().toList()));
			assertThat(waits).as("time that a caller waited in vain")
				.hasSize(2 * POOL)
				.allSatisfy((wait) -> assertThat(wait).isLessThan(ACQUIRE.plus(RESPONSE).plus(SLACK)));
			fullService(wired);
		}
	}

	// With the network back, a caller after the other is served, and none is lost.
	private static void fullService(Wired wired) {
		long start = System.nanoTime();
		Awaitility.await().pollInSameThread().pollInterval(Duration.ofMillis(10)).atMost(BACK).until(() -> {
			for (int marker = 0; marker < 2 * POOL; marker++) {
				if (fails(wired.client(), marker)) {
					return false;
				}
			}
			return true;
		});
		wired.assertWhole(BACK.minusNanos(System.nanoTime() - start));
		logger.info("Full service after %d ms".formatted((System.nanoTime() - start) / 1_000_000));
	}

	private static Mono<Void> load(Wired wired, AtomicBoolean over) {
		return Flux.range(0, POOL)
			.flatMap((marker) -> Flux
				.defer(() -> query(wired.client(), "SELECT SLEEP(0.02) + " + marker)
					.doOnNext((answer) -> assertThat(answer).as("answer").isEqualTo(marker))
					.onErrorResume(HalfOpenNetworkIT::isOfTheDatabase, (ex) -> Mono.empty())
					.timeout(ACQUIRE.plus(RESPONSE).plus(SLACK)))
				.repeat(() -> !over.get()), POOL)
			.then();
	}

	private static Mono<Duration> wait(Wired wired, int marker) {
		return query(wired.client(), "SELECT " + marker)
			.onErrorResume(HalfOpenNetworkIT::isOfTheDatabase, (ex) -> Mono.empty())
			.materialize()
			.elapsed()
			.map((signal) -> Duration.ofMillis(signal.getT1()))
			.timeout(ACQUIRE.plus(RESPONSE).multipliedBy(2),
					Mono.error(() -> new AssertionError("A caller still waits after twice its limits")));
	}

	private static boolean fails(DatabaseClient client, int marker) {
		return query(client, "SELECT " + marker).doOnNext((answer) -> assertThat(answer).isEqualTo(marker))
			.hasElement()
			.onErrorReturn(HalfOpenNetworkIT::isOfTheDatabase, false)
			.timeout(ACQUIRE.plus(RESPONSE).multipliedBy(2))
			.blockOptional(Stress.LIMIT)
			.orElseThrow()
			.equals(false);
	}

	private static boolean isOfTheDatabase(Throwable ex) {
		return ex instanceof DataAccessException;
	}

	private static Mono<Integer> query(DatabaseClient client, String sql) {
		return client.sql(sql).mapValue(Integer.class).one();
	}

	private static Wired open(Setup setup, FaultyProxy proxy) {
		return setup.open(Mysqld.shared().by(proxy),
				Map.of("pool.max-size", POOL, "pool.max-acquire-time", ACQUIRE, "response-timeout", RESPONSE,
						"pool.max-create-connection-time", ACQUIRE, "pool.max-release-time", RESPONSE.dividedBy(2),
						"pool.max-close-time", RESPONSE, "connect-timeout", ACQUIRE));
	}

}
