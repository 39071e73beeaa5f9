package dev.asyncmysql.bulk;

import java.util.ArrayList;
import java.util.List;

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
	 * Return what comes back.
	 * @param written the rows that were written, with their keys
	 * @return a flux that asks for a chunk when those before are consumed
	 */
	Flux<R> returned(Flux<Chunk<P>> written);

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
		public Flux<KeyedRow<T>> returned(Flux<Chunk<T>> written) {
			return written.concatMapIterable(Plain::keyed, 1);
		}

		private static <T> List<KeyedRow<T>> keyed(Chunk<T> chunk) {
			List<KeyedRow<T>> rows = new ArrayList<>(chunk.size());
			for (int i = 0; i < chunk.size(); i++) {
				rows.add(new KeyedRow<>(chunk.rows().get(i), chunk.keys().get(i)));
			}
			return rows;
		}

	}

}
