package dev.asyncmysql.bulk;

import java.util.Optional;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.r2dbc.connection.ConnectionFactoryUtils;

/**
 * Finds the row that made a statement fail, and says what was written before. The server
 * has undone the statement and does not always tell the row. So the rows are written
 * again, half of them, then half of the half that fails, and all that is undone: by a
 * savepoint, or where no transaction is under way, by one that is rolled back. Where the
 * server tells the row, it is the first to be tried.
 *
 * @param <T> the type of the rows
 */
final class FailingRow<T> {

	private static final String SAVEPOINT = "async_mysql_bulk";

	private static final Log logger = LogFactory.getLog(FailingRow.class);

	private final Connection connection;

	private final BulkSql sql;

	private final Target target;

	private final Chunk<T> chunk;

	private final Scope scope;

	private final Aftermath aftermath;

	FailingRow(Connection connection, BulkSql sql, Chunk<T> chunk, Aftermath aftermath) {
		this.connection = connection;
		this.sql = sql;
		this.target = aftermath.target();
		this.chunk = chunk;
		this.scope = aftermath.scope();
		this.aftermath = aftermath;
	}

	/**
	 * Explain a failure.
	 * @param exception what the statement failed with
	 * @param <V> the type of what does not come
	 * @return a mono that fails with the explanation
	 */
	<V> Mono<V> explain(R2dbcException exception) {
		Failure failure = new Failure(exception);
		if (!failure.isOfARow()) {
			return Mono.error(other(exception));
		}
		return search(failure).defaultIfEmpty(new Found(0, this.chunk.size(), failure))
			.flatMap((found) -> Mono.error(refused(found)));
	}

	private Mono<Found> search(Failure failure) {
		int size = this.chunk.size();
		if (size == 1) {
			return Mono.just(new Found(0, 1, failure));
		}
		int named = failure.row();
		Mono<Found> halved = Mono.defer(() -> halve(0, size, null));
		Mono<Found> found = (named < 1 || named > size) ? halved
				: attempt(named - 1, named).map((again) -> new Found(named - 1, named, again))
					.switchIfEmpty(Mono.defer(this::undo).then(halved));
		return isolated(found);
	}

	private Mono<Found> isolated(Mono<Found> search) {
		if (this.scope == Scope.NONE) {
			return Mono
				.usingWhen(Mono.from(this.connection.beginTransaction()).then(savepoint()).thenReturn(this.connection),
						(begun) -> search, Connection::rollbackTransaction, (begun, ex) -> begun.rollbackTransaction(),
						Connection::rollbackTransaction)
				.onErrorResume(FailingRow::inVain);
		}
		// A savepoint that is not there any more says that the server has rolled back
		// more than the search: a caller's transaction must not be taken for whole then.
		Mono<Void> undone = undo().then(Mono.from(this.connection.releaseSavepoint(SAVEPOINT)))
			.onErrorMap(R2dbcException.class, this::translate);
		return Mono.usingWhen(savepoint().thenReturn(true).onErrorResume(FailingRow::inVain),
				(set) -> search.onErrorResume(FailingRow::inVain)
					.map(Optional::of)
					.defaultIfEmpty(Optional.empty())
					.flatMap((found) -> undone.then(Mono.justOrEmpty(found))),
				(set) -> Mono.empty(), (set, ex) -> Mono.empty(), (set) -> undone.onErrorResume(FailingRow::inVain));
	}

	private static <V> Mono<V> inVain(Throwable ex) {
		logger.debug("The row that a statement failed at could not be found", ex);
		return Mono.empty();
	}

	private Mono<Void> savepoint() {
		return Mono.from(this.connection.createSavepoint(SAVEPOINT));
	}

	private Mono<Void> undo() {
		return Mono.from(this.connection.rollbackTransactionToSavepoint(SAVEPOINT));
	}

	// Those before "from" are written, and of those up to "to" one is refused.
	private Mono<Found> halve(int from, int to, @Nullable Failure last) {
		if (to - from == 1 && last != null) {
			return Mono.just(new Found(from, to, last));
		}
		int middle = (to - from == 1) ? to : (from + to) >>> 1;
		return attempt(from, middle).map(Attempt::failed).defaultIfEmpty(Attempt.WRITTEN).flatMap((attempt) -> {
			if (attempt.failure() != null) {
				return halve(from, middle, (middle - from == 1) ? attempt.failure() : null);
			}
			// Alone, after all before it, the last one was taken as well.
			return (middle == to) ? Mono.empty() : halve(middle, to, null);
		});
	}

	private Mono<Failure> attempt(int from, int to) {
		return Flux
			.from(this.chunk.bind(this.sql.statement(this.connection, to - from), from, to, this.target.columns())
				.execute())
			.concatMap(Result::getRowsUpdated)
			.then(Mono.<Failure>empty())
			.onErrorResume(R2dbcException.class, (ex) -> {
				Failure failure = new Failure(ex);
				return failure.isOfARow() ? Mono.just(failure) : Mono.error(ex);
			});
	}

	private BulkWriteException refused(Found found) {
		R2dbcException exception = found.failure().exception();
		return this.aftermath.refused(this.chunk.first() + found.from(), this.chunk.first() + found.to() - 1,
				found.failure().column(this.target), found.failure().reason(), violation(exception));
	}

	// What can be tried again keeps the type that says so, unless a part would then be
	// written twice, or may be.
	private Throwable other(R2dbcException exception) {
		RuntimeException translated = translate(exception);
		if (this.scope != Scope.NONE) {
			return translated;
		}
		if (new Failure(exception).isOutcomeUnknown()) {
			return this.aftermath.unknown(this.chunk.first(), this.chunk.last(), translated);
		}
		return (this.aftermath.written().rows() > 0) ? this.aftermath.stopped(this.chunk.last(), translated)
				: translated;
	}

	// The driver takes most errors of this kind for those of the connection.
	private RuntimeException violation(R2dbcException exception) {
		RuntimeException translated = translate(exception);
		return (translated instanceof DataIntegrityViolationException) ? translated
				: new DataIntegrityViolationException("bulk write; " + exception.getMessage(), exception);
	}

	private RuntimeException translate(R2dbcException exception) {
		return ConnectionFactoryUtils.convertR2dbcException("bulk write", this.sql.text(1), exception);
	}

	/**
	 * What a chunk is written in.
	 */
	enum Scope {

		/** A transaction of the write's own, which is rolled back. */
		OWN_TRANSACTION,

		/** A transaction of the caller's. */
		CALLERS_TRANSACTION,

		/** None: each statement is committed by itself. */
		NONE

	}

	/**
	 * What a search came to.
	 *
	 * @param from the first of the rows that are suspect
	 * @param to the one behind the last
	 * @param failure what they fail with
	 */
	private record Found(int from, int to, Failure failure) {

	}

	/**
	 * What an attempt to write came to.
	 *
	 * @param failure the failure, or {@code null} for none
	 */
	private record Attempt(@Nullable Failure failure) {

		static final Attempt WRITTEN = new Attempt(null);

		static Attempt failed(Failure failure) {
			return new Attempt(failure);
		}

	}

}
