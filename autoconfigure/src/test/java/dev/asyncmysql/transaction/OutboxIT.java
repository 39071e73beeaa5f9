package dev.asyncmysql.transaction;

import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import dev.asyncmysql.autoconfigure.MySqlTransactionAutoConfiguration;
import dev.asyncmysql.test.OwnSchema;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizationAutoConfiguration;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.annotation.Transactional;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The outbox of the documentation: what is to be told to others is written with what it
 * tells of, and sent afterwards.
 */
@RequiresMySql
class OutboxIT {

	private static final Duration LIMIT = Duration.ofSeconds(30);

	@RegisterExtension
	static final OwnSchema schema = OwnSchema
		.copyOf(() -> MySqlServer.template("shop", "CREATE TABLE purchase (id INT PRIMARY KEY)",
				"CREATE TABLE outbox (id BIGINT AUTO_INCREMENT PRIMARY KEY, message VARCHAR(200) NOT NULL)"));

	private final Queue<String> sent = new ConcurrentLinkedQueue<>();

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				MySqlTransactionAutoConfiguration.class, TransactionManagerCustomizationAutoConfiguration.class,
				TransactionAutoConfiguration.class))
		.withBean(Orders.class)
		.withBean(Relay.class)
		.withPropertyValues(MySqlServer.properties());

	@BeforeEach
	void empty() {
		MySqlServer.execute("DELETE FROM " + schema.database() + ".purchase");
	}

	@Test
	void whatIsCommittedIsSentAndNothingElse() {
		this.contexts.withPropertyValues("async-mysql.database=" + schema.database()).run((context) -> {
			Orders orders = context.getBean(Orders.class);
			Flux.range(0, 100).flatMap((id) -> orders.place(id, id % 4 == 0).onErrorComplete()).then().block(LIMIT);
			StepVerifier.create(
					context.getBean(Relay.class).relay(10, this::send).repeat().takeUntil((count) -> count == 0).then())
				.expectComplete()
				.verify(LIMIT);
			assertThat(this.sent).containsExactlyInAnyOrderElementsOf(messages());
			assertThat(MySqlServer.execute("SELECT * FROM " + schema.database() + ".outbox")).isEmpty();
		});
	}

	@Test
	void whereSendingFailsItIsSentAgain() {
		this.contexts.withPropertyValues("async-mysql.database=" + schema.database()).run((context) -> {
			Orders orders = context.getBean(Orders.class);
			Relay relay = context.getBean(Relay.class);
			Flux.range(0, 100).concatMap((id) -> orders.place(id, id % 4 == 0).onErrorComplete()).then().block(LIMIT);
			AtomicInteger attempts = new AtomicInteger();
			Function<String, Mono<Void>> unreliable = (message) -> (attempts.incrementAndGet() % 13 == 0)
					? Mono.error(new IllegalStateException("The broker is away")) : send(message);
			// Two instances of the application.
			Mono<Void> instance = relay.relay(10, unreliable)
				.onErrorReturn(-1)
				.repeat()
				.takeUntil((count) -> count == 0)
				.then();
			StepVerifier.create(Mono.when(instance, instance)).expectComplete().verify(LIMIT);
			assertThat(this.sent.stream().distinct()).containsExactlyInAnyOrderElementsOf(messages());
			assertThat(MySqlServer.execute("SELECT * FROM " + schema.database() + ".outbox")).isEmpty();
		});
	}

	private Mono<Void> send(String message) {
		return Mono.fromRunnable(() -> this.sent.add(message));
	}

	private static List<String> messages() {
		return IntStream.range(0, 100).filter((id) -> id % 4 != 0).mapToObj((id) -> "placed " + id).toList();
	}

	/** What others want to know of. */
	static class Orders {

		private final DatabaseClient client;

		Orders(DatabaseClient client) {
			this.client = client;
		}

		@Transactional
		Mono<Void> place(int id, boolean invalid) {
			return this.client.sql("INSERT INTO purchase (id) VALUES (:id)")
				.bind("id", id)
				.then()
				.then(this.client.sql("INSERT INTO outbox (message) VALUES (:message)")
					.bind("message", "placed " + id)
					.then())
				.then(invalid ? Mono.error(new IllegalArgumentException("invalid")) : Mono.empty());
		}

	}

	/** Sends what is in the outbox; any number of instances may do so. */
	static class Relay {

		private final DatabaseClient client;

		Relay(DatabaseClient client) {
			this.client = client;
		}

		@Transactional
		Mono<Integer> relay(int most, Function<String, Mono<Void>> send) {
			return this.client.sql("SELECT id, message FROM outbox ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED")
				.bind("most", most)
				.map((row) -> new Message(row.get("id", Long.class), row.get("message", String.class)))
				.all()
				.collectList()
				.flatMap((messages) -> Flux.fromIterable(messages)
					.concatMap((message) -> send.apply(message.text()).then(delete(message.id())))
					.then(Mono.just(messages.size())));
		}

		private Mono<Void> delete(long id) {
			return this.client.sql("DELETE FROM outbox WHERE id = :id").bind("id", id).then();
		}

	}

	/**
	 * A message that is to be sent.
	 *
	 * @param id its place in the outbox
	 * @param text what it says
	 */
	record Message(long id, String text) {

	}

}
