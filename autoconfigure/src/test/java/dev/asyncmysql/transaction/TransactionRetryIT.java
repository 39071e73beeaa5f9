package dev.asyncmysql.transaction;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.TestServer;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Transactions that are run again on MySQL.
 */
@RequiresMySql
class TransactionRetryIT extends AbstractTransactionRetryTests {

	TransactionRetryIT() {
		super(TestServer.MYSQL);
	}

	@AfterEach
	void takeWrites() {
		takesWrites(true);
	}

	@Test
	void aServerThatTakesNoWritesAnyMoreIsLeftForAnother() {
		this.retrying
			.withPropertyValues("async-mysql.transaction.retry.max-attempts=20",
					"async-mysql.transaction.retry.delay=100ms", "async-mysql.transaction.retry.max-delay=100ms")
			.run((context) -> {
				List<Long> connections = new CopyOnWriteArrayList<>();
				Work work = context.getBean(Work.class);
				work.before((attempt, client) -> client.sql("SELECT CONNECTION_ID()")
					.mapValue(Long.class)
					.one()
					.doOnNext(connections::add)
					.then((attempt > 1) ? Mono.empty() : failOver()));
				StepVerifier.create(work.addOnce(1)).expectNext(1L).expectComplete().verify(LIMIT);
				// Those between could not even begin.
				assertThat(work.invocations()).hasValue(2);
				assertThat(retries(context, "read-only", "retried")).isGreaterThan(2);
				assertThat(connections).hasSize(2).doesNotHaveDuplicates();
				assertThat(amounts()).containsExactly("1", "0");
			});
	}

	// Who may write all the same, only the connections that are opened from then on know.
	@Test
	void afterAFailoverNoOtherConnectionLeadsToTheOldServer() {
		this.server.execute("DROP USER IF EXISTS failover");
		this.server.execute("CREATE USER failover IDENTIFIED BY 'failover'");
		this.server.execute("GRANT ALL ON test.* TO failover");
		this.retrying.withPropertyValues("async-mysql.username=failover", "async-mysql.password=failover")
			.run((context) -> {
				ConnectionFactory factory = context.getBean(ConnectionFactory.class);
				Flux.range(0, 4)
					.flatMap((index) -> factory.create())
					.collectList()
					.flatMapIterable((connections) -> connections)
					.flatMap(Connection::close)
					.blockLast(LIMIT);
				assertThat(connectionsOf("failover")).hasSizeGreaterThanOrEqualTo(4);
				this.server.execute("GRANT SUPER ON *.* TO failover");
				this.server.execute("SET GLOBAL read_only = ON");
				StepVerifier.create(context.getBean(Work.class).addOnce(1))
					.expectNext(1L)
					.expectComplete()
					.verify(LIMIT);
				assertThat(retries(context, "read-only", "retried")).isOne();
				assertThat(amounts()).containsExactly("1", "0");
			});
	}

	private List<String> connectionsOf(String user) {
		return this.server.execute("SELECT id FROM information_schema.processlist WHERE user = '" + user + "'");
	}

	// To a server that takes writes after a while.
	private Mono<Void> failOver() {
		return Mono.<Void>fromRunnable(() -> takesWrites(false))
			.subscribeOn(Schedulers.boundedElastic())
			.doOnSuccess((done) -> Mono.delay(Duration.ofSeconds(1), Schedulers.boundedElastic())
				.subscribe((tick) -> takesWrites(true)));
	}

	private void takesWrites(boolean taken) {
		this.server.execute("SET GLOBAL super_read_only = " + (taken ? "OFF" : "ON"));
		this.server.execute("SET GLOBAL read_only = " + (taken ? "OFF" : "ON"));
	}

}
