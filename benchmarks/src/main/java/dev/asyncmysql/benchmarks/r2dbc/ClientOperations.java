package dev.asyncmysql.benchmarks.r2dbc;

import java.util.List;

import dev.asyncmysql.benchmarks.workload.Entry;
import dev.asyncmysql.benchmarks.workload.Item;
import dev.asyncmysql.benchmarks.workload.Transfer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;

/**
 * The work through Spring's {@link DatabaseClient}, with named parameters.
 */
final class ClientOperations {

	private static final String SELECT = named(Item.SELECT, "id");

	private static final String PAGE = named(Item.PAGE, "id");

	private static final String DEBIT = named(Transfer.DEBIT, "id");

	private static final String CREDIT = named(Transfer.CREDIT, "id");

	private static final String TRANSFER = named(Transfer.INSERT, "low", "high");

	private static final String INSERT = named(Entry.INSERT, "name", "quantity", "price");

	private static final String INSERT_CHUNK = Entry.INSERT.replace("(?, ?, ?)", ":rows");

	private final DatabaseClient client;

	private final TransactionalOperator transaction;

	ClientOperations(DatabaseClient client, TransactionalOperator transaction) {
		this.client = client;
		this.transaction = transaction;
	}

	private static String named(String sql, String... names) {
		String result = sql;
		for (String name : names) {
			result = result.replaceFirst("\\?", ":" + name);
		}
		return result;
	}

	Mono<Item> select(long key) {
		return this.client.sql(SELECT).bind("id", key).map(SpiOperations::item).one().map((item) -> item.expect(key));
	}

	Flux<Item> page(long key) {
		return this.client.sql(PAGE).bind("id", key).map(SpiOperations::item).all();
	}

	Flux<Item> all(String sql) {
		return this.client.sql(sql).map(SpiOperations::item).all();
	}

	Mono<Long> insert(long key) {
		Entry entry = Entry.of(key);
		return updated(this.client.sql(INSERT)
			.bind("name", entry.name())
			.bind("quantity", entry.quantity())
			.bind("price", entry.price()), 1);
	}

	Flux<Long> transfer(long key) {
		Transfer transfer = Transfer.of(key);
		return Flux
			.concat(updated(this.client.sql(DEBIT).bind("id", transfer.low()), 1),
					updated(this.client.sql(CREDIT).bind("id", transfer.high()), 1),
					updated(this.client.sql(TRANSFER).bind("low", transfer.low()).bind("high", transfer.high()), 1))
			.as(this.transaction::transactional);
	}

	Flux<Long> bulk(long key) {
		return Flux.fromIterable(Entry.many(key))
			.buffer(Entry.CHUNK)
			.concatMap(this::insertChunk)
			.as(this.transaction::transactional);
	}

	private Mono<Long> insertChunk(List<Entry> entries) {
		List<Object[]> rows = entries.stream()
			.map((entry) -> new Object[] { entry.name(), entry.quantity(), entry.price() })
			.toList();
		return updated(this.client.sql(INSERT_CHUNK).bind("rows", rows), entries.size());
	}

	private static Mono<Long> updated(DatabaseClient.GenericExecuteSpec statement, long expected) {
		return statement.fetch().rowsUpdated().map((rows) -> Entry.expect(expected, rows));
	}

}
