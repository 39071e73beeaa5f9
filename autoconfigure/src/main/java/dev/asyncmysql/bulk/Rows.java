package dev.asyncmysql.bulk;

import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/**
 * What is to be written, and what of it comes back with its keys.
 *
 * @param <P> the type of a row
 * @param <R> the type of what comes back
 */
interface Rows<P, R> {

	/**
	 * Return where the rows go.
	 * @param keys whether the server is to generate the keys
	 * @return table and columns
	 * @throws RuntimeException if it cannot
	 */
	Target target(boolean keys);

	/**
	 * Return the rows.
	 * @return a publisher that may be subscribed to again
	 */
	Publisher<? extends P> source();

	/**
	 * Return what takes the values out of a row.
	 * @param keys whether the server is to generate the keys
	 * @return the reader
	 */
	RowReader<? super P> reader(boolean keys);

	/**
	 * Return what comes back of a chunk.
	 * @param written the rows that were written, with their keys
	 * @return a flux that ends when they are consumed
	 */
	Flux<R> returned(Chunk<P> written);

	/**
	 * Rows whose columns the caller has named.
	 *
	 * @param target where they go
	 * @param source the rows
	 * @param reader what takes the values out of a row
	 * @param <T> the type of a row
	 */
	record Plain<T>(Target target, Publisher<T> source, RowReader<T> reader) implements Rows<T, KeyedRow<T>> {

		@Override
		public Target target(boolean keys) {
			return this.target;
		}

		@Override
		public RowReader<? super T> reader(boolean keys) {
			return this.reader;
		}

		@Override
		public Flux<KeyedRow<T>> returned(Chunk<T> written) {
			return Flux.range(0, written.size())
				.map((i) -> new KeyedRow<>(written.rows().get(i), written.keys().get(i)));
		}

	}

}
