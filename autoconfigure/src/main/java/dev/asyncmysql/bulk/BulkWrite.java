package dev.asyncmysql.bulk;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;

import dev.asyncmysql.bulk.FailingRow.Scope;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.dao.DataAccessException;
import org.springframework.r2dbc.connection.ConnectionFactoryUtils;
import org.springframework.transaction.IllegalTransactionStateException;

/**
 * One write from its first row to its commit.
 *
 * @param <T> the type of the rows
 */
final class BulkWrite<T> {

	private static final Log logger = LogFactory.getLog(BulkWrite.class);

	private final Connections connections;

	private final Target target;

	private final Publisher<? extends T> source;

	private final RowReader<? super T> reader;

	private final Options options;

	private final boolean returnKeys;

	private final AtomicReference<BulkProgress> written = new AtomicReference<>(BulkProgress.NONE);

	private @Nullable GeneratedKeys keys;

	BulkWrite(Connections connections, Target target, Publisher<? extends T> source, RowReader<? super T> reader,
			Options options, boolean returnKeys) {
		this.connections = connections;
		this.target = target;
		this.source = source;
		this.reader = reader;
		this.options = options;
		this.returnKeys = returnKeys;
	}

	BulkProgress written() {
		return this.written.get();
	}

	/**
	 * Write all.
	 * @param returned what comes back of a chunk that was written, before the next one is
	 * @param <R> the type of what comes back
	 * @return a flux of it, to be subscribed to once
	 */
	<R> Flux<R> run(Function<? super Chunk<T>, Flux<R>> returned) {
		return this.connections.isInTransaction().flatMapMany((inTransaction) -> {
			if (!this.options.eachChunk()) {
				return inTransaction ? joinTransaction(returned) : ownTransaction(returned);
			}
			return inTransaction
					? Flux
						.error(new IllegalTransactionStateException("A transaction is under way, so that chunks cannot "
								+ "be committed one by one: leave commitEachChunk() out, or begin none"))
					: eachChunk(returned);
		});
	}

	private <R> Flux<R> joinTransaction(Function<? super Chunk<T>, Flux<R>> returned) {
		return this.connections.useCallers((connection) -> prepare(connection)
			.flatMapMany((sql) -> write(connection, sql, Scope.CALLERS_TRANSACTION, returned)));
	}

	private <R> Flux<R> ownTransaction(Function<? super Chunk<T>, Flux<R>> returned) {
		return this.connections.use(
				(connection) -> prepare(connection).flatMapMany(
						(sql) -> Flux
							.usingWhen(translated("begin", connection.beginTransaction()).thenReturn(connection),
									(begun) -> write(begun, sql, Scope.OWN_TRANSACTION, returned).concatWith(Mono
										.defer(() -> commit(begun, Scope.OWN_TRANSACTION, 0, written().rows() - 1))
										.then(Mono.empty())),
									(begun) -> Mono.empty(), (begun, ex) -> rollBack(begun), this::rollBack)));
	}

	// Without rows there is nothing that could be written twice.
	private Mono<Void> commit(Connection connection, Scope scope, long first, long last) {
		return Mono.from(connection.commitTransaction()).onErrorMap(R2dbcException.class, (ex) -> {
			RuntimeException translated = translate("its commit", ex);
			return (last >= first && new Failure(ex).isCommitUnknown())
					? aftermath(scope).unknown(first, last, translated) : translated;
		});
	}

	private static <V> Mono<V> translated(String step, Publisher<V> source) {
		return Mono.from(source).onErrorMap(R2dbcException.class, (ex) -> translate(step, ex));
	}

	private static RuntimeException translate(String step, R2dbcException ex) {
		return ConnectionFactoryUtils.convertR2dbcException("bulk write, " + step, null, ex);
	}

	// What goes wrong with it would hide why it is needed. The connection's release or
	// end rolls back as well.
	private Mono<Void> rollBack(Connection connection) {
		return Mono.from(connection.rollbackTransaction()).onErrorResume((ex) -> {
			logger.debug("A bulk write could not be rolled back", ex);
			return Mono.empty();
		});
	}

	private <R> Flux<R> write(Connection connection, BulkSql sql, Scope scope,
			Function<? super Chunk<T>, Flux<R>> returned) {
		return inTurn(chunks(sql).map((chunk) -> bind(connection, sql, chunk)),
				(bound) -> execute(connection, sql, bound, scope, Mono.empty()).flatMapMany(returned));
	}

	// The next chunk is asked for when the one before has been sent, and one only:
	// concatMap() by itself asks first, and sends what it has when that has come.
	private static <C, R> Flux<R> inTurn(Flux<C> chunks, Function<C, Flux<R>> send) {
		return chunks.publishOn(Schedulers.immediate(), 1).concatMap(send, 0);
	}

	private <R> Flux<R> eachChunk(Function<? super Chunk<T>, Flux<R>> returned) {
		return this.connections.use((connection) -> prepare(connection).flux())
			.single()
			.flatMapMany((sql) -> inTurn(chunks(sql), (chunk) -> eachOf(chunk, sql, returned)));
	}

	private <R> Flux<R> eachOf(Chunk<T> chunk, BulkSql sql, Function<? super Chunk<T>, Flux<R>> returned) {
		if (chunk.failure() != null) {
			return this.<R>ended(chunk.failure(), Scope.NONE).flux();
		}
		return this.connections.use((connection) -> one(connection, sql, chunk))
			.single()
			.flatMapMany(returned)
			.onErrorMap((ex) -> !(ex instanceof BulkWriteException) && written().rows() > 0,
					(ex) -> aftermath(Scope.NONE).stopped(chunk.last(), ex));
	}

	private Flux<Chunk<T>> one(Connection connection, BulkSql sql, Chunk<T> chunk) {
		// A session may have been opened without autocommit.
		Mono<Void> commit = connection.isAutoCommit() ? Mono.empty()
				: Mono.defer(() -> commit(connection, Scope.NONE, chunk.first(), chunk.last()));
		return execute(connection, sql, bind(connection, sql, chunk), Scope.NONE, commit).flux();
	}

	private Aftermath aftermath(Scope scope) {
		return new Aftermath(this.target, scope, written());
	}

	// What the source fails with is passed on as it is. A row may be too large for what
	// the server took when it was asked.
	private <V> Mono<V> ended(Throwable ex, Scope scope) {
		this.connections.forget();
		return Mono.error((ex instanceof RefusedRowException refused) ? aftermath(scope).refused(refused.row(),
				refused.row(), refused.column(), refused.getMessage(), refused.getCause()) : ex);
	}

	private Mono<BulkSql> prepare(Connection connection) {
		Mono<BulkSql> sql = this.connections.limits(connection).map((limits) -> new BulkSql(this.target, limits));
		return translated("its preparation", this.returnKeys
				? GeneratedKeys.read(connection, this.target).doOnNext((found) -> this.keys = found).then(sql) : sql);
	}

	private Flux<Chunk<T>> chunks(BulkSql sql) {
		Shape shape = Shape.of(sql, this.target.columns().size(), this.options.maxRows(), this.options.maxBytes(),
				sql.maxPacket());
		return new Chunks<>(this.source, this.reader, shape, this.returnKeys);
	}

	// In a transaction, done while the chunk before is under way.
	private Bound<T> bind(Connection connection, BulkSql sql, Chunk<T> chunk) {
		if (chunk.failure() != null) {
			return new Bound<>(chunk, null);
		}
		try {
			Statement statement = chunk.bind(sql.statement(connection, chunk.size()), 0, chunk.size(),
					this.target.columns());
			return new Bound<>(chunk, (this.keys != null)
					? statement.returnGeneratedValues(Identifiers.quote(this.keys.column())) : statement);
		}
		catch (RefusedRowException ex) {
			return new Bound<>(Chunk.failed(ex), null);
		}
	}

	private Mono<Chunk<T>> execute(Connection connection, BulkSql sql, Bound<T> bound, Scope scope, Mono<Void> commit) {
		Chunk<T> chunk = bound.chunk();
		if (bound.statement() == null) {
			return ended(Objects.requireNonNull(chunk.failure()), scope);
		}
		return affected(Flux.from(bound.statement().execute()), chunk)
			.onErrorResume(R2dbcException.class,
					(ex) -> new FailingRow<>(connection, sql, chunk, aftermath(scope)).explain(ex))
			.onErrorMap((ex) -> scope == Scope.NONE && !(ex instanceof DataAccessException),
					(ex) -> aftermath(scope).unknown(chunk.first(), chunk.last(), ex))
			.flatMap((count) -> commit.thenReturn(count))
			.doOnError((ex) -> this.connections.forget())
			.doOnNext((count) -> told(chunk, count))
			.thenReturn(chunk);
	}

	private Mono<Long> affected(Flux<? extends Result> results, Chunk<T> chunk) {
		GeneratedKeys generated = this.keys;
		if (generated == null) {
			return results.concatMap(Result::getRowsUpdated).reduce(0L, Long::sum);
		}
		return results.concatMap((result) -> result.map((Readable row) -> key(row))).collectList().map((told) -> {
			chunk.keys(generated.complete(told, chunk.size()));
			return (long) chunk.size();
		});
	}

	private static Long key(Readable row) {
		Long key = row.get(0, Long.class);
		return (key != null) ? key : 0;
	}

	private void told(Chunk<T> chunk, long affected) {
		BulkProgress progress = this.written.updateAndGet((before) -> before.plus(chunk, affected));
		Consumer<BulkProgress> listener = this.options.listener();
		if (listener != null) {
			listener.accept(progress);
		}
	}

	/**
	 * A chunk whose values are bound.
	 *
	 * @param chunk the chunk
	 * @param statement its statement, or {@code null} where it is a failure
	 * @param <T> the type of the rows
	 */
	private record Bound<T>(Chunk<T> chunk, @Nullable Statement statement) {

	}

	/**
	 * How to write.
	 *
	 * @param maxRows the most rows of a statement
	 * @param maxBytes size of a statement beyond which no further row is added
	 * @param eachChunk whether each statement is committed by itself
	 * @param listener who is told of progress
	 */
	record Options(int maxRows, long maxBytes, boolean eachChunk, @Nullable Consumer<BulkProgress> listener) {

	}

}
