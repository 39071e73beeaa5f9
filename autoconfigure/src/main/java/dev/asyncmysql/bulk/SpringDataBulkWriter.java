package dev.asyncmysql.bulk;

import io.r2dbc.spi.ConnectionFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.data.mapping.callback.ReactiveEntityCallbacks;
import org.springframework.data.r2dbc.convert.R2dbcConverter;

/**
 * Makes a {@link BulkWriter} that writes entities too.
 */
public final class SpringDataBulkWriter {

	private SpringDataBulkWriter() {
	}

	/**
	 * Create a writer of plain rows and of entities.
	 * @param connectionFactory where connections come from
	 * @param converter what maps the entities
	 * @param callbacks what is called before a row is made of an entity, before it is
	 * saved and, where it comes back, after that; or {@code null} for nothing, which is
	 * faster
	 * @return the writer
	 */
	public static BulkWriter create(ConnectionFactory connectionFactory, R2dbcConverter converter,
			@Nullable ReactiveEntityCallbacks callbacks) {
		return new DefaultBulkWriter(connectionFactory, new SpringDataEntityMapper(converter, callbacks));
	}

}
