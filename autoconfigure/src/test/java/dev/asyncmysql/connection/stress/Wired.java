package dev.asyncmysql.connection.stress;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import dev.asyncmysql.connection.Server;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.util.Assert;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An open pool with a user of its own at the server, so that the server's view of it can
 * be told from that of others.
 */
final class Wired implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(Wired.class);

	private static final AtomicInteger USERS = new AtomicInteger();

	private static final int SIDE_CONNECTIONS = 2;

	private final Mysqld mysqld;

	private final String user;

	private final ConnectionPool pool;

	private final @Nullable Server server;

	private Wired(Mysqld mysqld, String user, Wiring.Opened opened) {
		this.mysqld = mysqld;
		this.user = user;
		this.pool = opened.pool();
		this.server = opened.server();
	}

	static Wired open(Wiring wiring, Mysqld mysqld, Map<String, Object> properties) {
		String user = "guard" + USERS.incrementAndGet();
		mysqld.execute("CREATE USER %s IDENTIFIED BY '%s'".formatted(user, user));
		mysqld.execute("GRANT ALL ON *.* TO " + user);
		Map<String, Object> all = new HashMap<>(Map.of("host", mysqld.host(), "port", mysqld.port(), "database",
				mysqld.mysql().getDatabaseName(), "username", user, "password", user));
		all.putAll(properties);
		return new Wired(mysqld, user, wiring.open(all));
	}

	ConnectionPool pool() {
		return this.pool;
	}

	DatabaseClient client() {
		return DatabaseClient.create(this.pool);
	}

	Mysqld mysqld() {
		return this.mysqld;
	}

	int acquired() {
		return this.pool.getMetrics().orElseThrow().acquiredSize();
	}

	int size() {
		return this.pool.getMetrics().orElseThrow().getMaxAllocatedSize();
	}

	/**
	 * Return what the server runs for this pool.
	 * @return the text of each statement that runs now
	 */
	List<String> running() {
		return this.mysqld
			.execute("SELECT info FROM information_schema.processlist WHERE user = '%s'".formatted(this.user)
					+ " AND command IN ('Query', 'Execute') AND info IS NOT NULL");
	}

	List<String> connections() {
		return this.mysqld
			.execute("SELECT CONCAT_WS(' ', id, command, time, state, info) FROM information_schema.processlist "
					+ "WHERE user = '%s'".formatted(this.user));
	}

	/**
	 * Return what the server has begun and not ended for this pool.
	 * @return the connections in a transaction that touched a row
	 */
	List<String> transactions() {
		return this.mysqld.execute("SELECT trx_mysql_thread_id FROM information_schema.innodb_trx "
				+ "JOIN information_schema.processlist ON id = trx_mysql_thread_id WHERE user = '%s'"
					.formatted(this.user));
	}

	/**
	 * Check that nothing is lost: no connection is lent, as many as the pool has can be
	 * had at once and answer rightly, none is in a transaction, and the server knows no
	 * more of them than there are.
	 */
	void assertWhole() {
		assertWhole(Stress.SETTLED);
		await(Stress.SETTLED).untilAsserted(() -> assertThat(connections()).as("connections at the server")
			.hasSizeLessThanOrEqualTo(size() + SIDE_CONNECTIONS));
	}

	/**
	 * Check the same, but for the server, which does not know of connections that the
	 * network has lost.
	 * @param within time that it may take until then
	 */
	void assertWhole(Duration within) {
		long end = System.nanoTime() + within.toNanos();
		await(within).untilAsserted(() -> assertThat(acquired()).as("connections that are still lent").isZero());
		await(Duration.ofNanos(Math.max(end - System.nanoTime(), 1_000_000_000))).untilAsserted(() -> {
			assertThat(probe(within)).as("connections that could be had at once, and answered").isEqualTo(size());
			assertThat(acquired()).as("connections that probes hold").isZero();
		});
	}

	/** Open all connections that the pool may have. */
	void warm() {
		await(Stress.LIMIT).untilAsserted(() -> assertThat(probe(Stress.LIMIT)).isEqualTo(size()));
	}

	// All at once, so that each permit of the pool is needed.
	private int probe(Duration limit) {
		List<Connection> lent = Collections.synchronizedList(new ArrayList<>());
		Mono<Integer> answers = Flux.range(0, size())
			.flatMapDelayError((index) -> this.pool.create().doOnNext(lent::add), size(), 32)
			.thenMany(Flux.defer(() -> Flux.range(0, size())
				.flatMapDelayError((index) -> probe(lent.get(index), index), size(), 32)))
			.count()
			.map(Long::intValue)
			.timeout(limit);
		try {
			return answers.blockOptional(Stress.LIMIT).orElseThrow();
		}
		catch (RuntimeException ex) {
			if (ex instanceof IllegalStateException) {
				throw ex;
			}
			throw new AssertionError("The pool has not all its connections: " + ex, ex);
		}
		finally {
			Flux.fromIterable(List.copyOf(lent)).flatMap(Connection::close).then().timeout(limit).block(Stress.LIMIT);
		}
	}

	private static Mono<Integer> probe(Connection connection, int index) {
		return Flux.from(connection.createStatement("SELECT " + index).execute())
			.flatMap((result) -> result.map((row) -> row.get(0, Integer.class)))
			.single()
			.doOnNext((answer) -> {
				Assert.state(answer == index, () -> "A borrower got another's answer");
				// What the server said with this answer; false inside a transaction too.
				Assert.state(connection.isAutoCommit(), () -> "A borrower found itself in a transaction");
			});
	}

	private static ConditionFactory await(Duration within) {
		return Awaitility.await().pollInSameThread().pollInterval(Duration.ofMillis(50)).atMost(within);
	}

	@Override
	public void close() {
		for (String id : this.mysqld
			.execute("SELECT id FROM information_schema.processlist WHERE user = '%s'".formatted(this.user))) {
			try {
				this.mysqld.execute("KILL " + id);
			}
			catch (IllegalStateException ex) {
				logger.debug("A connection was gone before it could be killed", ex);
			}
		}
		this.mysqld.execute("DROP USER " + this.user);
		// Boot's pool waits without a limit for what it has lost.
		this.pool.disposeLater()
			.timeout(Stress.SETTLED)
			.onErrorComplete()
			.subscribeOn(Schedulers.boundedElastic())
			.block(Stress.LIMIT);
		if (this.server != null) {
			this.server.dispose();
		}
	}

}
