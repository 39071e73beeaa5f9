package dev.asyncmysql.benchmarks.vertx;

import java.util.List;
import java.util.function.LongFunction;

import dev.asyncmysql.benchmarks.peer.Operation;
import dev.asyncmysql.benchmarks.peer.Peer;
import dev.asyncmysql.benchmarks.workload.Entry;
import dev.asyncmysql.benchmarks.workload.Item;
import dev.asyncmysql.benchmarks.workload.Task;
import dev.asyncmysql.benchmarks.workload.Transfer;
import dev.asyncmysql.benchmarks.workload.Way;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PreparedStatement;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.RowStream;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import org.jspecify.annotations.Nullable;

/**
 * The work through the client of Vert.x, which has one interface only.
 */
final class VertxPeer implements Peer {

	/** How many rows a cursor fetches at once. */
	private static final int FETCH = 5000;

	private final Vertx vertx;

	private final Pool pool;

	private final int rows;

	VertxPeer(Vertx vertx, Pool pool, int rows) {
		this.vertx = vertx;
		this.pool = pool;
		this.rows = rows;
	}

	@Override
	public @Nullable Operation operation(Task task, Way way) {
		if (way != Way.PLAIN) {
			return null;
		}
		return switch (task) {
			case SELECT -> async((key) -> query(Item.SELECT, Tuple.of(key), 1, key));
			case PAGE -> async((key) -> query(Item.PAGE, Tuple.of(key), Task.PAGE_SIZE, key));
			case ROWS -> async((key) -> query(Item.ROWS, Tuple.tuple(), Task.MANY, 1));
			case STREAM -> async((key) -> this.pool.withTransaction(this::stream));
			case INSERT -> async((key) -> this.pool.preparedQuery(Entry.INSERT)
				.execute(tuple(Entry.of(key)))
				.map((written) -> Entry.expect(1, written.rowCount())));
			case TRANSACTION -> async((key) -> {
				Transfer transfer = Transfer.of(key);
				return this.pool.withTransaction((connection) -> transfer(connection, transfer));
			});
			case BULK -> async((key) -> {
				List<Entry> entries = Entry.many(key);
				return this.pool.withTransaction((connection) -> bulk(connection, entries, 0));
			});
			case ACQUIRE -> async((key) -> this.pool.getConnection().compose(SqlConnection::close));
			case LIMIT, HTTP_READ, HTTP_TRANSFER -> null;
		};
	}

	private static Operation.Async async(LongFunction<Future<?>> work) {
		return (key, outcome) -> work.apply(key).onComplete((result) -> {
			if (result.succeeded()) {
				outcome.succeeded();
			}
			else {
				outcome.failed(result.cause());
			}
		});
	}

	private Future<?> query(String sql, Tuple parameters, int expected, long first) {
		return this.pool.preparedQuery(sql).execute(parameters).map((found) -> {
			long key = first;
			for (Row row : found) {
				item(row).expect(key++);
			}
			return Entry.expect(expected, found.size());
		});
	}

	private Future<Long> stream(SqlConnection connection) {
		return connection.prepare(Item.STREAM).compose((statement) -> count(statement));
	}

	private Future<Long> count(PreparedStatement statement) {
		Promise<Long> done = Promise.promise();
		RowStream<Row> stream = statement.createStream(FETCH);
		long[] count = new long[1];
		stream.exceptionHandler(done::tryFail)
			.endHandler((end) -> done.tryComplete(count[0]))
			.handler((row) -> item(row).expect(++count[0]));
		return done.future().map((found) -> Entry.expect(this.rows, found));
	}

	private static Future<Long> transfer(SqlConnection connection, Transfer transfer) {
		return update(connection, Transfer.DEBIT, Tuple.of(transfer.low()), 1)
			.compose((debited) -> update(connection, Transfer.CREDIT, Tuple.of(transfer.high()), 1))
			.compose((credited) -> update(connection, Transfer.INSERT, Tuple.of(transfer.low(), transfer.high()), 1));
	}

	private static Future<Long> bulk(SqlConnection connection, List<Entry> entries, int from) {
		Tuple values = Tuple.tuple();
		for (Entry entry : entries.subList(from, from + Entry.CHUNK)) {
			values.addValue(entry.name()).addValue(entry.quantity()).addValue(entry.price());
		}
		Future<Long> written = update(connection, Entry.INSERT_CHUNK, values, Entry.CHUNK);
		int next = from + Entry.CHUNK;
		return (next == entries.size()) ? written : written.compose((rows) -> bulk(connection, entries, next));
	}

	private static Future<Long> update(SqlConnection connection, String sql, Tuple parameters, long expected) {
		Future<RowSet<Row>> written = connection.preparedQuery(sql).execute(parameters);
		return written.map((rows) -> Entry.expect(expected, rows.rowCount()));
	}

	private static Tuple tuple(Entry entry) {
		return Tuple.of(entry.name(), entry.quantity(), entry.price());
	}

	private static Item item(Row row) {
		return Item.of(row.getLong(0), row.getString(1), row.getInteger(2), row.getBigDecimal(3));
	}

	@Override
	public void close() {
		this.pool.close().compose((closed) -> this.vertx.close());
	}

}
