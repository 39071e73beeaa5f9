package dev.asyncmysql.bulk;

import java.util.function.Consumer;
import java.util.function.Function;

import io.r2dbc.spi.ConnectionFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.util.unit.DataSize;

/**
 * Writes what a publisher emits with statements of many rows each. For example:
 *
 * <pre class="code">
 * Mono&lt;BulkProgress&gt; written = bulk.insertInto("entry")
 *     .columns("account_id", "reference", "amount")
 *     .rows(deposits, (deposit) -&gt; new Object[] { account, deposit.reference(), deposit.amount() })
 *     .execute();
 * </pre>
 *
 * Values are always bound, names always quoted. Rows are asked for as fast as the server
 * writes them: while one chunk is under way, the next one is gathered. All is written in
 * one transaction, unless {@link WriteSpec#commitEachChunk()} says otherwise: that of the
 * caller where there is one, so that the caller commits it, and otherwise its own. Until
 * the write has ended, nothing else may be sent in a transaction of the caller's: where a
 * row is refused, it can be undone by the search for that row. A writer may be used by
 * many threads at once, and so may what its methods return.
 */
public interface BulkWriter {

	/**
	 * Create a writer of plain rows.
	 * @param connectionFactory where connections come from
	 * @return the writer
	 */
	static BulkWriter create(ConnectionFactory connectionFactory) {
		return new DefaultBulkWriter(connectionFactory, null);
	}

	/**
	 * Insert rows into a table. One that violates a key fails the write.
	 * @param table name of the table, or of its schema and the table with a dot between
	 * @return what is to be told next
	 */
	TableSpec insertInto(String table);

	/**
	 * Insert rows into a table, and update those that are there already, whichever key
	 * tells so ({@code INSERT … ON DUPLICATE KEY UPDATE}).
	 * @param table name of the table, or of its schema and the table with a dot between
	 * @return what is to be told next
	 */
	TableSpec upsertInto(String table);

	/**
	 * Put rows into a table in the place of those with the same key, which are deleted,
	 * with all that foreign keys delete along with them ({@code REPLACE}).
	 * @param table name of the table, or of its schema and the table with a dot between
	 * @return what is to be told next
	 */
	TableSpec replaceInto(String table);

	/**
	 * Insert entities that Spring Data maps.
	 * @param type the type of the entities
	 * @param <T> the type of the entities
	 * @return what is to be told next
	 * @throws IllegalStateException without Spring Data R2DBC
	 */
	<T> EntitySpec<T> insert(Class<T> type);

	/**
	 * Insert entities that Spring Data maps, and update those that are there already: all
	 * columns but the key and those of {@code @InsertOnlyProperty}. A {@code @Version} is
	 * counted up and not compared.
	 * @param type the type of the entities
	 * @param <T> the type of the entities
	 * @return what is to be told next
	 * @throws IllegalStateException without Spring Data R2DBC
	 */
	<T> EntitySpec<T> upsert(Class<T> type);

	/**
	 * Put entities that Spring Data maps in the place of those with the same key, which
	 * are deleted.
	 * @param type the type of the entities
	 * @param <T> the type of the entities
	 * @return what is to be told next
	 * @throws IllegalStateException without Spring Data R2DBC
	 */
	<T> EntitySpec<T> replace(Class<T> type);

	/**
	 * Names the columns. Each method returns a new object.
	 */
	interface TableSpec {

		/**
		 * Name the columns that the rows give.
		 * @param columns their names
		 * @return what is to be told next
		 */
		TableSpec columns(String... columns);

		/**
		 * Name the columns that an upsert overwrites where a row is there already. Where
		 * this is not said, it overwrites all that the rows give; where none is named, it
		 * leaves the row as it is.
		 * @param columns some of those that the rows give
		 * @return what is to be told next
		 */
		TableSpec update(String... columns);

		/**
		 * Give rows.
		 * @param rows each an {@code Object[]} or a {@link java.util.List} with a value
		 * for each column in their order, or a {@link java.util.Map} from the columns'
		 * names to the values
		 * @param <T> the type of a row
		 * @return what can be told further
		 * @throws IllegalArgumentException if columns are missing, named twice, or cannot
		 * be names
		 */
		<T> WriteSpec<KeyedRow<T>> rows(Publisher<T> rows);

		/**
		 * Give rows of any type.
		 * @param rows the rows
		 * @param values makes of a row the values of its columns, in their order
		 * @param <T> the type of a row
		 * @return what can be told further
		 * @throws IllegalArgumentException if columns are missing, named twice, or cannot
		 * be names
		 */
		<T> WriteSpec<KeyedRow<T>> rows(Publisher<T> rows, Function<? super T, @Nullable Object[]> values);

	}

	/**
	 * Takes the entities.
	 *
	 * @param <T> the type of the entities
	 */
	interface EntitySpec<T> {

		/**
		 * Give entities.
		 * @param entities the entities
		 * @return what can be told further
		 */
		WriteSpec<T> entities(Publisher<? extends T> entities);

	}

	/**
	 * Says how to write, and writes. Each method returns a new object, and nothing
	 * happens before what the last one returned is subscribed to; each subscription
	 * writes anew.
	 *
	 * @param <R> what is returned with a key: a {@link KeyedRow}, or the entity itself
	 */
	interface WriteSpec<R> {

		/**
		 * Commit each chunk by itself instead of all in one transaction. Then no
		 * connection is held while the source is slow, and no long transaction is left
		 * behind; what is committed stays when the rest fails. Inside a transaction of
		 * the caller's that is refused.
		 * @return what can be told further
		 */
		WriteSpec<R> commitEachChunk();

		/**
		 * Limit the rows of a statement. It is limited as well by its size and by the
		 * 65,535 values that a statement can have.
		 * @param rows the most rows, by default {@value DefaultBulkWriter#MAX_ROWS}
		 * @return what can be told further
		 */
		WriteSpec<R> maxRows(int rows);

		/**
		 * Limit the size of a statement, as far as one row may not be larger. The
		 * server's {@code max_allowed_packet} limits it as well.
		 * @param size the size beyond which no further row is added, by default 1 MB
		 * @return what can be told further
		 */
		WriteSpec<R> maxSize(DataSize size);

		/**
		 * Be told after each chunk how much is written; in one transaction, before it is
		 * committed.
		 * @param listener is called by the thread that hears of the server, which it must
		 * not block
		 * @return what can be told further
		 */
		WriteSpec<R> onProgress(Consumer<BulkProgress> listener);

		/**
		 * Write all.
		 * @return a mono of what it came to, after the commit where the transaction is
		 * the write's own. It fails with a {@link BulkWriteException} that names the row
		 * where one is refused, and says so where it is not known what became of rows
		 * that were sent to be committed; with the source's own error; and with Spring's
		 * exception for any other failure after which nothing is left that was written,
		 * so that it can be tried again.
		 */
		Mono<BulkProgress> execute();

		/**
		 * Insert all and return the keys that the server generates. How fast they are
		 * asked for decides how fast rows are written: a chunk is sent when all rows of
		 * the one before are consumed. In a transaction of its own they come before the
		 * commit, which the end of the flux tells; after an error they belong to no rows.
		 * That the keys of a statement follow one another is a promise of InnoDB's, and
		 * no engine is checked.
		 * @return a flux of the rows or entities with their keys, in the order of the
		 * source. It fails as {@link #execute()} does, and where keys would not be known
		 * for sure: if this is no insert, if the table has no {@code AUTO_INCREMENT}
		 * column, if entities have no id that takes a number, or if rows give that column
		 * themselves.
		 */
		Flux<R> executeAndReturn();

	}

}
