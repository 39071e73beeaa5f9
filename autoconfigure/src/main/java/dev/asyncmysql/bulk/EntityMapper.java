package dev.asyncmysql.bulk;

import org.reactivestreams.Publisher;

/**
 * Makes rows of entities. It keeps Spring Data out of the classes that do without.
 */
interface EntityMapper {

	/**
	 * Map entities to rows.
	 * @param type the type of the entities
	 * @param mode what is done with them
	 * @param entities the entities
	 * @param <T> the type of the entities
	 * @return the rows
	 */
	<T> Rows<?, T> rows(Class<T> type, Mode mode, Publisher<? extends T> entities);

}
