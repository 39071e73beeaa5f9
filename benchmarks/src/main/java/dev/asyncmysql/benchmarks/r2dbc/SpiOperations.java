package dev.asyncmysql.benchmarks.r2dbc;

import java.math.BigDecimal;
import java.util.List;
import java.util.function.Function;

import dev.asyncmysql.benchmarks.workload.Entry;
import dev.asyncmysql.benchmarks.workload.Item;
import dev.asyncmysql.benchmarks.workload.Transfer;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The work through R2DBC's SPI alone.
 */
final class SpiOperations {

	private final ConnectionFactory pool;

	SpiOperations(ConnectionFactory pool) {
		this.pool = pool;
	}

	Flux<Item> select(long key) {
		return connected((connection) -> items(connection.createStatement(Item.SELECT).bind(0, key)))
			.map((item) -> item.expect(key));
	}

	Flux<Item> page(long key) {
		return connected((connection) -> items(connection.createStatement(Item.PAGE).bind(0, key)));
	}

	Flux<Item> all(String sql) {
		return connected((connection) -> items(connection.createStatement(sql)));
	}

	Flux<Long> insert(long key) {
		return connected((connection) -> {
			Statement statement = connection.createStatement(Entry.INSERT);
			bind(statement, 0, Entry.of(key));
			return updated(statement, 1);
		});
	}

	Flux<Long> transfer(long key) {
		Transfer transfer = Transfer.of(key);
		return inTransaction((connection) -> Flux.concat(
				updated(connection.createStatement(Transfer.DEBIT).bind(0, transfer.low()), 1),
				updated(connection.createStatement(Transfer.CREDIT).bind(0, transfer.high()), 1),
				updated(connection.createStatement(Transfer.INSERT).bind(0, transfer.low()).bind(1, transfer.high()),
						1)));
	}

	Flux<Long> bulk(long key) {
		List<Entry> entries = Entry.many(key);
		return inTransaction((connection) -> Flux.range(0, entries.size() / Entry.CHUNK)
			.concatMap((chunk) -> insertChunk(connection,
					entries.subList(chunk * Entry.CHUNK, (chunk + 1) * Entry.CHUNK))));
	}

	Mono<Void> acquire() {
		return Mono.from(this.pool.create()).flatMap((connection) -> Mono.from(connection.close()));
	}

	private static Flux<Long> insertChunk(Connection connection, List<Entry> entries) {
		Statement statement = connection.createStatement(Entry.INSERT_CHUNK);
		int index = 0;
		for (Entry entry : entries) {
			index = bind(statement, index, entry);
		}
		return updated(statement, entries.size());
	}

	private static int bind(Statement statement, int index, Entry entry) {
		statement.bind(index, entry.name()).bind(index + 1, entry.quantity()).bind(index + 2, entry.price());
		return index + 3;
	}

	private static Flux<Item> items(Statement statement) {
		return results(statement, (result) -> result.map(SpiOperations::item));
	}

	private static Flux<Long> updated(Statement statement, long expected) {
		return results(statement, Result::getRowsUpdated).map((rows) -> Entry.expect(expected, rows));
	}

	// Nothing is cancelled: each result is read to its end.
	private static <T> Flux<T> results(Statement statement, Function<Result, Publisher<T>> reader) {
		return Flux.<Result>from(statement.execute()).concatMap(reader);
	}

	static Item item(Readable row) {
		return Item.of(row.get(0, Long.class), row.get(1, String.class), row.get(2, Integer.class),
				row.get(3, BigDecimal.class));
	}

	private <T> Flux<T> connected(Function<Connection, Publisher<T>> work) {
		return Flux.usingWhen(this.pool.create(), work, Connection::close);
	}

	private <T> Flux<T> inTransaction(Function<Connection, Publisher<T>> work) {
		return connected((connection) -> Flux.usingWhen(Mono.from(connection.beginTransaction()).thenReturn(connection),
				work, Connection::commitTransaction, (begun, ex) -> begun.rollbackTransaction(),
				Connection::rollbackTransaction));
	}

}
