package dev.asyncmysql.connection.stress;

import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.mysql.MySQLContainer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import org.springframework.dao.DataAccessException;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A server that goes away and comes back costs its callers the time that it is away.
 */
@RequiresMySql
class ServerRestartIT {

	private static final Log logger = LogFactory.getLog(ServerRestartIT.class);

	private static final int POOL = 10;

	private static final Duration LIMIT = Duration.ofSeconds(2);

	private static @Nullable MySQLContainer own;

	@AfterAll
	static void stop() {
		if (own != null) {
			own.stop();
		}
	}

	@EachWiring("4a. mysqld restarts under load")
	void restart(Setup setup) {
		MySQLContainer mysql = own();
		Mysqld mysqld = Mysqld.of(mysql);
		try (Wired wired = open(setup, mysqld)) {
			wired.warm();
			Load load = new Load(wired.client());
			load.during(() -> {
				load.serves();
				load.down();
				DockerClientFactory.instance().client().restartContainerCmd(mysql.getContainerId()).exec();
				Awaitility.await()
					.atMost(Duration.ofSeconds(60))
					.pollInSameThread()
					.pollInterval(Duration.ofMillis(50))
					.ignoreExceptions()
					.until(() -> mysqld.execute("SELECT 1").size() == 1);
				load.up();
				load.serves();
			});
			load.check(setup);
			wired.assertWhole();
		}
	}

	@EachWiring("4b. All connections are reset under load")
	void reset(Setup setup) {
		try (FaultyProxy proxy = Mysqld.shared().proxy(); Wired wired = open(setup, Mysqld.shared().by(proxy))) {
			wired.warm();
			Load load = new Load(wired.client());
			load.during(() -> {
				for (int round = 0; round < Stress.size(3, 30); round++) {
					load.serves();
					load.down();
					proxy.refuse();
					proxy.reset();
					load.fails();
					proxy.accept();
					load.up();
					load.serves();
				}
			});
			load.check(setup);
			wired.assertWhole();
		}
	}

	@EachWiring("4c. All connections are reset while they are idle, and the first caller follows")
	void resetWhileIdle(Setup setup) {
		try (FaultyProxy proxy = Mysqld.shared().proxy(); Wired wired = open(setup, Mysqld.shared().by(proxy))) {
			for (int round = 0; round < Stress.size(3, 30); round++) {
				wired.warm();
				proxy.reset();
				Awaitility.await().pollInSameThread().until(() -> wired.connections().isEmpty());
				for (int marker = 0; marker < 2 * POOL; marker++) {
					assertThat(query(wired.client(), marker).block(LIMIT.multipliedBy(2))).isEqualTo(marker);
				}
			}
			wired.assertWhole();
		}
	}

	@EachWiring("4d. A connection dies with a result that nobody consumes, and a statement in line behind it")
	void deathBehindAnUnconsumedResult(Setup setup) {
		try (Wired wired = open(setup, Mysqld.shared())) {
			wired.warm();
			for (int round = 0; round < Stress.size(3, 30); round++) {
				Mono<String> behind = Mono
					.usingWhen(wired.pool().create(),
							(connection) -> id(connection).delayUntil((id) -> Mono
								.from(connection.createStatement("SELECT * FROM information_schema.columns").execute()))
								.publishOn(Schedulers.boundedElastic())
								.doOnNext((id) -> wired.mysqld().execute("KILL " + id))
								.flatMap((id) -> id(connection)),
							Connection::close);
				StepVerifier.create(behind).expectError(R2dbcException.class).verify(LIMIT.multipliedBy(2));
			}
			wired.assertWhole();
		}
	}

	private static Mono<String> id(Connection connection) {
		return Flux.from(connection.createStatement("SELECT CONNECTION_ID()").execute())
			.concatMap((result) -> result.map((row) -> String.valueOf(row.get(0))))
			.single();
	}

	private static synchronized MySQLContainer own() {
		if (own == null) {
			own = MySqlServer.onAPortThatStays();
			own.start();
		}
		return own;
	}

	private static Mono<Integer> query(DatabaseClient client, int marker) {
		return client.sql("SELECT " + marker).mapValue(Integer.class).one();
	}

	private static Wired open(Setup setup, Mysqld mysqld) {
		return setup.open(mysqld, Map.of("pool.max-size", POOL, "pool.max-acquire-time", LIMIT, "response-timeout",
				LIMIT, "pool.max-create-connection-time", LIMIT, "connect-timeout", LIMIT));
	}

	/** Callers, one after the other, twice as many as there are connections. */
	private static final class Load {

		private static final Duration LONGEST = LIMIT.multipliedBy(2).plusSeconds(1);

		private final DatabaseClient client;

		private final LongAdder served = new LongAdder();

		private final LongAdder failed = new LongAdder();

		private final AtomicLong phase = new AtomicLong();

		private final Queue<String> failures = new ConcurrentLinkedQueue<>();

		Load(DatabaseClient client) {
			this.client = client;
		}

		void during(Runnable events) {
			AtomicBoolean over = new AtomicBoolean();
			Mono<Void> callers = Flux.range(0, 2 * POOL)
				.flatMap((marker) -> Mono.defer(() -> call(marker)).repeat(() -> !over.get()), 2 * POOL)
				.then();
			Mono<Void> all = Mono.fromRunnable(events)
				.subscribeOn(Schedulers.boundedElastic())
				.doFinally((signal) -> over.set(true))
				.then();
			Mono.whenDelayError(callers, all).block(Stress.LIMIT.multipliedBy(3));
		}

		// An odd phase is one in which the server is down.
		private Mono<Void> call(int marker) {
			long before = this.phase.get();
			return query(this.client, marker).timeout(LONGEST).doOnNext((answer) -> {
				if (answer == marker) {
					this.served.increment();
				}
				else {
					this.failures.add("wrong answer");
				}
			}).onErrorResume((ex) -> {
				this.failed.increment();
				// The driver says IllegalStateException where a statement waited on a
				// connection that was closed.
				if (!(ex instanceof DataAccessException || ex instanceof IllegalStateException)) {
					this.failures.add(ex.toString());
				}
				else if (before % 2 == 0 && this.phase.get() == before) {
					this.failures.add("while the server was up: " + ex);
				}
				return Mono.empty();
			}).then();
		}

		void down() {
			this.phase.incrementAndGet();
		}

		void up() {
			this.phase.incrementAndGet();
		}

		void serves() {
			more(this.served);
		}

		void fails() {
			more(this.failed);
		}

		private static void more(LongAdder calls) {
			long before = calls.sum();
			Awaitility.await()
				.pollInterval(Duration.ofMillis(10))
				.atMost(Duration.ofSeconds(10))
				.until(() -> calls.sum() >= before + 2 * POOL);
		}

		void check(Setup setup) {
			logger.info("%s: %s served, %s failed".formatted(setup, this.served, this.failed));
			assertThat(this.failures).as("failures while the server was up").isEmpty();
			assertThat(this.failed.sum()).as("callers who met the outage").isPositive();
		}

	}

}
