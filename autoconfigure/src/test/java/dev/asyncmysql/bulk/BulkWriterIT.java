package dev.asyncmysql.bulk;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import dev.asyncmysql.autoconfigure.BulkWriterAutoConfiguration;
import dev.asyncmysql.autoconfigure.MySqlTransactionAutoConfiguration;
import io.r2dbc.pool.ConnectionPool;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizationAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.InvalidDataAccessApiUsageException;
import org.springframework.transaction.IllegalTransactionStateException;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Bulk writing on a real MySQL.
 */
@RequiresMySql
class BulkWriterIT {

	private static final Duration LIMIT = Duration.ofSeconds(60);

	private static final int MANY = 10_000;

	private static final String[] COLUMNS = { "name", "amount", "at" };

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				MySqlTransactionAutoConfiguration.class, TransactionManagerCustomizationAutoConfiguration.class,
				TransactionAutoConfiguration.class, BulkWriterAutoConfiguration.class))
		.withPropertyValues(MySqlServer.properties())
		.withPropertyValues("async-mysql.pool.max-size=2");

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void insertsManyRows(boolean prepared) {
		createTable("many", "UNIQUE (name)");
		this.contexts.withPropertyValues("async-mysql.use-server-prepare-statement=" + prepared).run((context) -> {
			BulkProgress written = bulk(context).insertInto("many")
				.columns(COLUMNS)
				.rows(rows(MANY))
				.execute()
				.block(LIMIT);
			assertThat(written).isNotNull();
			assertThat(written.rows()).isEqualTo(MANY);
			assertThat(written.affected()).isEqualTo(MANY);
			assertThat(written.chunks()).isEqualTo(10);
			assertThat(MySqlServer.execute("SELECT CONCAT(COUNT(*), ' ', SUM(amount), ' ', MAX(at)) FROM many"))
				.containsExactly("10000 49995000.00 2026-01-01 02:46:39.000000");
			assertThatNothingIsLent(context);
		});
	}

	@Test
	void rowsMayBeListsMapsOrAnything() {
		createTable("kinds", "UNIQUE (name)");
		this.contexts.run((context) -> {
			BulkWriter.TableSpec table = bulk(context).insertInto("test.kinds").columns("name", "amount");
			write(table.rows(Flux.just(Arrays.asList("a", null), List.of("b", 1))));
			write(table.rows(Flux.just(Map.of("amount", 2, "name", "c", "more", 3))));
			write(table.rows(Flux.just(4), (number) -> new Object[] { "d" + number, number }));
			assertThat(values("SELECT CONCAT(name, COALESCE(amount, '-')) FROM kinds ORDER BY name"))
				.containsExactly("a-", "b1.00", "c2.00", "d44.00");
		});
	}

	@Test
	void valuesArriveAsTheyAre() {
		MySqlServer
			.execute("CREATE TABLE `od``d ?` (`na``me ?` VARCHAR(100) CHARACTER SET utf8mb4, data VARBINARY(100))");
		List<String> texts = List.of("'", "''", "\\", "\\'", "a\nb\r\t\u0000\u001a", "ä€\ud83d\ude00", "?", ":x",
				"\"`--", "');DROP TABLE x");
		this.contexts.run((context) -> {
			write(bulk(context).insertInto("od`d ?")
				.columns("na`me ?", "data")
				.rows(Flux.fromIterable(texts),
						(text) -> new Object[] { text, text.getBytes(StandardCharsets.UTF_8) }));
			assertThat(values("SELECT `na``me ?` FROM `od``d ?`")).containsExactlyElementsOf(texts);
			assertThat(values("SELECT CONVERT(data USING utf8mb4) FROM `od``d ?`")).containsExactlyElementsOf(texts);
		});
		MySqlServer.execute("DROP TABLE `od``d ?`");
	}

	@Test
	void upsertsAndReplaces() {
		createTable("upserted", "UNIQUE (name)");
		this.contexts.run((context) -> {
			BulkWriter bulk = bulk(context);
			write(bulk.upsertInto("upserted").columns(COLUMNS).rows(rows(1500)));
			Flux<Object[]> changed = rows(3000)
				.map((row) -> new Object[] { row[0], ((BigDecimal) row[1]).negate(), null });
			write(bulk.upsertInto("upserted").columns(COLUMNS).update("amount").rows(changed));
			assertThat(values("SELECT CONCAT(COUNT(*), SUM(amount), ' ', SUM(at IS NULL)) FROM upserted"))
				.containsExactly("3000-4498500.00 1500");
			write(bulk.upsertInto("upserted").columns(COLUMNS).update().rows(rows(3000)));
			assertThat(values("SELECT SUM(at IS NULL) FROM upserted")).containsExactly("1500");
			write(bulk.upsertInto("upserted").columns(COLUMNS).rows(rows(3000)));
			assertThat(values("SELECT CONCAT(SUM(amount), ' ', MAX(id)) FROM upserted"))
				.allMatch((sum) -> sum.startsWith("4498500.00 "));
			write(bulk.replaceInto("upserted").columns("name").rows(Flux.just(List.of("name 1"))));
			assertThat(values("SELECT amount FROM upserted WHERE name = 'name 1'")).hasSize(1).containsNull();
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "too long", "duplicate", "of the source", "negative", "null" })
	void refusedRowIsNamedAndNothingStays(String reason) {
		createTable("refused", "UNIQUE (name), CHECK (amount >= 0)");
		this.contexts.run((context) -> {
			BulkWriter.WriteSpec<?> write = bulk(context).insertInto("refused")
				.columns(COLUMNS)
				.rows(spoilt(reason))
				.maxRows(500);
			StepVerifier.create(write.execute()).expectErrorSatisfies((ex) -> {
				BulkWriteException refused = refusal(ex, reason);
				assertThat(refused.getWritten()).isEqualTo(BulkProgress.NONE);
				assertThat(refused).hasMessageStartingWith("Row 7777 (counted from 0) cannot be written to refused")
					.hasMessageEndingWith(". Nothing was written");
			}).verify(LIMIT);
			assertThat(values("SELECT COUNT(*) FROM refused")).containsExactly("0");
			assertThatNothingIsLent(context);
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "too long", "duplicate", "of the source", "negative", "null" })
	void whatIsCommittedChunkByChunkStays(String reason) {
		createTable("committed", "UNIQUE (name), CHECK (amount >= 0)");
		this.contexts.run((context) -> {
			BulkWriter.WriteSpec<?> write = bulk(context).insertInto("committed")
				.columns(COLUMNS)
				.rows(spoilt(reason))
				.maxRows(500)
				.commitEachChunk();
			StepVerifier.create(write.execute()).expectErrorSatisfies((ex) -> {
				assertThat(refusal(ex, reason).getWritten().rows()).isEqualTo(7500);
				assertThat(ex).hasMessageEndingWith(". 7500 rows before are committed, and none after");
			}).verify(LIMIT);
			assertThat(values("SELECT COUNT(*) FROM committed")).containsExactly("7500");
			assertThatNothingIsLent(context);
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "too long", "duplicate" })
	void searchLeavesACallersTransactionAsItWas(String reason) {
		createTable("joined", "UNIQUE (name), CHECK (amount >= 0)");
		this.contexts.run((context) -> {
			BulkWriter bulk = bulk(context);
			Mono<?> write = bulk.insertInto("joined")
				.columns(COLUMNS)
				.rows(spoilt(reason))
				.maxRows(500)
				.execute()
				.onErrorResume(BulkWriteException.class, (ex) -> {
					assertThat(refusal(ex, reason).getWritten().rows()).isEqualTo(7500);
					return bulk.insertInto("joined").columns("name").rows(Flux.just(List.of("more"))).execute();
				});
			context.getBean(TransactionalOperator.class).transactional(write).block(LIMIT);
			assertThat(values("SELECT COUNT(*) FROM joined")).containsExactly("7501");
		});
	}

	@Test
	void callersTransactionDecides() {
		createTable("decided", "UNIQUE (name)");
		this.contexts.run((context) -> {
			TransactionalOperator transaction = context.getBean(TransactionalOperator.class);
			Mono<BulkProgress> write = bulk(context).insertInto("decided").columns(COLUMNS).rows(rows(2500)).execute();
			Mono<?> undone = write.then(Mono.error(new IllegalStateException("on purpose")));
			StepVerifier.create(transaction.transactional(undone))
				.expectError(IllegalStateException.class)
				.verify(LIMIT);
			assertThat(values("SELECT COUNT(*) FROM decided")).containsExactly("0");
			assertThat(transaction.transactional(write).block(LIMIT)).isNotNull();
			assertThat(values("SELECT COUNT(*) FROM decided")).containsExactly("2500");
			StepVerifier
				.create(transaction.transactional(
						bulk(context).insertInto("decided").columns(COLUMNS).rows(rows(1)).commitEachChunk().execute()))
				.expectError(IllegalTransactionStateException.class)
				.verify(LIMIT);
			assertThatNothingIsLent(context);
		});
	}

	@Test
	void errorOfTheSourceLeavesNothingOrWholeChunks() {
		createTable("broken", "UNIQUE (name)");
		this.contexts.run((context) -> {
			Flux<Object[]> source = rows(1250).concatWith(Mono.error(new IllegalStateException("on purpose")));
			BulkWriter.WriteSpec<?> write = bulk(context).insertInto("broken")
				.columns(COLUMNS)
				.rows(source)
				.maxRows(500);
			StepVerifier.create(write.execute()).expectErrorMessage("on purpose").verify(LIMIT);
			assertThat(values("SELECT COUNT(*) FROM broken")).containsExactly("0");
			StepVerifier.create(write.commitEachChunk().execute()).expectErrorMessage("on purpose").verify(LIMIT);
			assertThat(values("SELECT COUNT(*) FROM broken")).containsExactly("1000");
			assertThatNothingIsLent(context);
		});
	}

	@Test
	void cancelLeavesNothing() {
		createTable("cancelled", "UNIQUE (name)");
		this.contexts.run((context) -> {
			for (int i = 0; i < 20; i++) {
				AtomicLong chunks = new AtomicLong();
				Mono<?> write = bulk(context).insertInto("cancelled")
					.columns(COLUMNS)
					.rows(rows(MANY))
					.maxRows(200)
					.onProgress((progress) -> chunks.set(progress.chunks()))
					.execute();
				StepVerifier.create(write)
					.then(() -> Awaitility.await().pollInterval(Duration.ofMillis(1)).until(() -> chunks.get() >= 5))
					.thenCancel()
					.verify(LIMIT);
				assertThatNothingIsLent(context);
				assertThat(values("SELECT COUNT(*) FROM cancelled")).containsExactly("0");
			}
		});
	}

	@Test
	void keysComeBackInOrderWhileOthersInsert() {
		createTable("keyed", "UNIQUE (name)");
		this.contexts.withPropertyValues("async-mysql.session-variables=auto_increment_increment=3").run((context) -> {
			BulkWriter.TableSpec table = bulk(context).insertInto("keyed").columns("name");
			List<KeyedRow<String>> rows = Flux.merge(keyed(table, "a"), keyed(table, "b")).collectList().block(LIMIT);
			assertThat(rows).hasSize(6000);
			assertThat(rows.stream().map((row) -> row.row() + "=" + row.key()))
				.containsExactlyInAnyOrderElementsOf(values("SELECT CONCAT(name, '=', id) FROM keyed"));
			assertThat(rows).allMatch((row) -> row.key() % 3 == 1);
			assertThatNothingIsLent(context);
		});
	}

	@Test
	void keysOfCommittedChunksComeNoFasterThanTheyAreAskedFor() {
		createTable("slowly_keyed", "UNIQUE (name)");
		this.contexts.run((context) -> {
			List<String> keys = new ArrayList<>();
			Flux<KeyedRow<String>> rows = bulk(context).insertInto("slowly_keyed")
				.columns("name")
				.rows(Flux.range(0, 100).map((i) -> "name " + i), (name) -> new Object[] { name })
				.maxRows(10)
				.commitEachChunk()
				.executeAndReturn()
				.doOnNext((row) -> keys.add(row.row() + "=" + row.key()));
			StepVerifier.create(rows, 0)
				.thenRequest(5)
				.expectNextCount(5)
				.then(() -> assertThat(values("SELECT COUNT(*) FROM slowly_keyed")).containsExactly("10"))
				.thenRequest(10)
				.expectNextCount(10)
				.then(() -> assertThat(values("SELECT COUNT(*) FROM slowly_keyed")).containsExactly("20"))
				.thenCancel()
				.verify(LIMIT);
			assertThatNothingIsLent(context);
			assertThat(keys)
				.isEqualTo(values("SELECT CONCAT(name, '=', id) FROM slowly_keyed ORDER BY id").subList(0, 15));
			assertThat(values("SELECT COUNT(*) FROM slowly_keyed")).containsExactly("20");
		});
	}

	@Test
	void nothingIsWrittenOfNothing() {
		createTable("bulk_empty", "UNIQUE (name)");
		this.contexts.run((context) -> {
			BulkWriter.WriteSpec<?> write = bulk(context).insertInto("bulk_empty").columns("name").rows(Flux.empty());
			for (BulkWriter.WriteSpec<?> each : List.of(write, write.commitEachChunk())) {
				StepVerifier.create(each.execute()).expectNext(BulkProgress.NONE).expectComplete().verify(LIMIT);
				StepVerifier.create(each.executeAndReturn()).expectComplete().verify(LIMIT);
			}
			StepVerifier.create(context.getBean(TransactionalOperator.class).transactional(write.execute()))
				.expectNext(BulkProgress.NONE)
				.expectComplete()
				.verify(LIMIT);
			assertThat(values("SELECT COUNT(*) FROM bulk_empty")).containsExactly("0");
			assertThatNothingIsLent(context);
		});
	}

	private static Flux<KeyedRow<String>> keyed(BulkWriter.TableSpec table, String prefix) {
		return table.rows(Flux.range(0, 3000).map((i) -> prefix + i), (name) -> new Object[] { name })
			.maxRows(100)
			.executeAndReturn();
	}

	@Test
	void keysAreRefusedWhereTheyWouldNotBeKnown() {
		createTable("unkeyed", "UNIQUE (name)");
		MySqlServer.execute("DROP TABLE IF EXISTS keyless");
		MySqlServer.execute("CREATE TABLE keyless (name VARCHAR(20))");
		this.contexts.run((context) -> {
			Flux<List<Object>> rows = Flux.just(List.of(1, "a"));
			assertThatKeysAreRefused(bulk(context).insertInto("unkeyed").columns("ID", "name").rows(rows),
					"The rows give the key 'id' of unkeyed themselves");
			assertThatKeysAreRefused(bulk(context).upsertInto("unkeyed").columns("amount", "name").rows(rows),
					"The keys of an upsert");
			assertThatKeysAreRefused(bulk(context).replaceInto("unkeyed").columns("amount", "name").rows(rows),
					"The keys of an upsert");
			assertThatKeysAreRefused(bulk(context).insertInto("keyless").columns("x", "name").rows(rows),
					"The table keyless generates no keys");
			assertThat(values("SELECT COUNT(*) FROM unkeyed")).containsExactly("0");
			assertThatNothingIsLent(context);
		});
	}

	private static void assertThatKeysAreRefused(BulkWriter.WriteSpec<?> write, String message) {
		StepVerifier.create(write.executeAndReturn())
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(InvalidDataAccessApiUsageException.class)
				.hasMessageStartingWith(message))
			.verify(LIMIT);
	}

	/**
	 * By default 100,000 rows; {@code -Dbulk.rows=1000000} tells to try more. The heap is
	 * looked at before and after the most of them, as a collection leaves it.
	 */
	@Test
	void streamIsReadNoFasterThanItIsWritten() {
		createTable("streamed", "KEY (amount)");
		int count = Integer.getInteger("bulk.rows", 100_000);
		this.contexts.run((context) -> {
			AtomicLong emitted = new AtomicLong();
			List<Long> ahead = Collections.synchronizedList(new ArrayList<>());
			List<Long> heap = Collections.synchronizedList(new ArrayList<>());
			BulkProgress written = bulk(context).insertInto("streamed")
				.columns("name", "amount")
				.rows(Flux.range(0, count).doOnNext((number) -> emitted.incrementAndGet()),
						(number) -> new Object[] { "name", number })
				.commitEachChunk()
				.onProgress((progress) -> {
					ahead.add(emitted.get() - progress.rows());
					if (progress.rows() == count / 10 || progress.rows() == count / 10 * 9) {
						heap.add(usedHeap());
					}
				})
				.execute()
				.block(Duration.ofMinutes(10));
			assertThat(written).isNotNull();
			assertThat(written.rows()).isEqualTo(count);
			assertThat(ahead).hasSize(count / 1000).allMatch((rows) -> rows <= 2000);
			assertThat(heap).hasSize(2);
			assertThat(heap.get(1) - heap.get(0)).isLessThan(DataSize.ofMegabytes(16).toBytes());
			assertThat(values("SELECT COUNT(*) FROM streamed")).containsExactly(String.valueOf(count));
		});
	}

	private static long usedHeap() {
		MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
		memory.gc();
		return memory.getHeapMemoryUsage().getUsed();
	}

	private static BulkWriter bulk(ApplicationContext context) {
		return context.getBean(BulkWriter.class);
	}

	private static void write(BulkWriter.WriteSpec<?> write) {
		assertThat(write.execute().block(LIMIT)).isNotNull();
	}

	private static List<String> values(String sql) {
		return MySqlServer.execute(sql);
	}

	private static void createTable(String name, String more) {
		MySqlServer.execute("DROP TABLE IF EXISTS " + name);
		MySqlServer.execute("CREATE TABLE " + name + " (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, "
				+ "name VARCHAR(20) NOT NULL, amount DECIMAL(19, 2), at DATETIME(6), " + more + ")");
	}

	private static Flux<Object[]> rows(int count) {
		return Flux.range(0, count)
			.map((i) -> new Object[] { "name " + i, BigDecimal.valueOf(i),
					LocalDateTime.of(2026, 1, 1, 0, 0).plusSeconds(i) });
	}

	private static Flux<Object[]> spoilt(String reason) {
		return rows(MANY).index((index, row) -> (index != 7777) ? row : switch (reason) {
			case "too long" -> new Object[] { "x".repeat(21), row[1], row[2] };
			case "duplicate" -> new Object[] { "name 7700", row[1], row[2] };
			case "of the source" -> new Object[] { "short" };
			case "negative" -> new Object[] { row[0], -1, row[2] };
			default -> new Object[] { null, row[1], row[2] };
		});
	}

	private static BulkWriteException refusal(Throwable ex, String reason) {
		assertThat(ex).isInstanceOf(BulkWriteException.class);
		BulkWriteException refused = (BulkWriteException) ex;
		assertThat(refused.getRow()).isEqualTo(7777);
		switch (reason) {
			case "too long" -> assertThat(refused).hasCauseInstanceOf(DataIntegrityViolationException.class)
				.returns("name", BulkWriteException::getColumn);
			case "duplicate" -> assertThat(refused).hasCauseInstanceOf(DuplicateKeyException.class);
			case "of the source" -> assertThat(refused).hasMessageContaining("it has 1 values for 3 columns");
			case "null" -> assertThat(refused).hasCauseInstanceOf(DataIntegrityViolationException.class);
			default -> assertThat(refused).hasMessageContaining("_chk_1");
		}
		return refused;
	}

	private static void assertThatNothingIsLent(ApplicationContext context) {
		ConnectionPool pool = context.getBean(ConnectionPool.class);
		Awaitility.await().untilAsserted(() -> assertThat(pool.getMetrics().orElseThrow().acquiredSize()).isZero());
	}

}
