package dev.asyncmysql.bulk;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

import dev.asyncmysql.bulk.BulkWrite.Options;
import io.r2dbc.spi.ConnectionFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.dao.InvalidDataAccessApiUsageException;
import org.springframework.util.Assert;
import org.springframework.util.unit.DataSize;

/**
 * The steps from {@link BulkWriter} to a {@link BulkWrite}.
 */
final class DefaultBulkWriter implements BulkWriter {

	/**
	 * Beyond a thousand rows or so the round trips no longer count; below, a row that
	 * fails is soon found, little is lost with a chunk, and the server is not silent for
	 * long.
	 */
	static final int MAX_ROWS = 1000;

	private static final Options DEFAULTS = new Options(MAX_ROWS, DataSize.ofMegabytes(1).toBytes(), false, null);

	private final Connections connections;

	private final @Nullable EntityMapper mapper;

	DefaultBulkWriter(ConnectionFactory connectionFactory, @Nullable EntityMapper mapper) {
		this.connections = new Connections(connectionFactory);
		this.mapper = mapper;
	}

	@Override
	public TableSpec insertInto(String table) {
		return table(Mode.INSERT, table);
	}

	@Override
	public TableSpec upsertInto(String table) {
		return table(Mode.UPSERT, table);
	}

	@Override
	public TableSpec replaceInto(String table) {
		return table(Mode.REPLACE, table);
	}

	private TableSpec table(Mode mode, String table) {
		Identifiers.quoteTable(table);
		return new Table(this.connections, mode, table, List.of(), null);
	}

	@Override
	public <T> EntitySpec<T> insert(Class<T> type) {
		return entities(Mode.INSERT, type);
	}

	@Override
	public <T> EntitySpec<T> upsert(Class<T> type) {
		return entities(Mode.UPSERT, type);
	}

	@Override
	public <T> EntitySpec<T> replace(Class<T> type) {
		return entities(Mode.REPLACE, type);
	}

	private <T> EntitySpec<T> entities(Mode mode, Class<T> type) {
		EntityMapper entityMapper = this.mapper;
		Assert.state(entityMapper != null,
				"Entities need Spring Data R2DBC, and a writer that was made with its converter");
		return (entities) -> new Write<>(this.connections, entityMapper.rows(type, mode, entities), DEFAULTS);
	}

	/**
	 * A table and what is known of its columns so far.
	 */
	private record Table(Connections connections, Mode mode, String table, List<String> names,
			@Nullable List<String> updated) implements TableSpec {

		@Override
		public TableSpec columns(String... columns) {
			return new Table(this.connections, this.mode, this.table, List.of(columns), this.updated);
		}

		@Override
		public TableSpec update(String... columns) {
			Assert.state(this.mode == Mode.UPSERT, "Only an upsert updates columns");
			return new Table(this.connections, this.mode, this.table, this.names, List.of(columns));
		}

		@Override
		public <T> WriteSpec<KeyedRow<T>> rows(Publisher<T> rows) {
			return write(rows, RowReader.plain(this.names));
		}

		@Override
		public <T> WriteSpec<KeyedRow<T>> rows(Publisher<T> rows, Function<? super T, @Nullable Object[]> values) {
			return write(rows, RowReader.of(this.names, values));
		}

		private <T> WriteSpec<KeyedRow<T>> write(Publisher<T> rows, RowReader<T> reader) {
			Target target = new Target(this.mode, this.table, this.names,
					(this.updated != null) ? this.updated : this.names, null, null);
			return new Write<>(this.connections, new Rows.Plain<>(target, rows, reader), DEFAULTS);
		}

	}

	/**
	 * A write of which all is known.
	 */
	private record Write<P, R>(Connections connections, Rows<P, R> rows, Options options) implements WriteSpec<R> {

		@Override
		public WriteSpec<R> commitEachChunk() {
			return with(this.options.maxRows(), this.options.maxBytes(), true, this.options.listener());
		}

		@Override
		public WriteSpec<R> maxRows(int maxRows) {
			Assert.isTrue(maxRows > 0, "A statement has one row at the least");
			return with(maxRows, this.options.maxBytes(), this.options.eachChunk(), this.options.listener());
		}

		@Override
		public WriteSpec<R> maxSize(DataSize size) {
			Assert.isTrue(!size.isNegative(), "A statement has no negative size");
			return with(this.options.maxRows(), size.toBytes(), this.options.eachChunk(), this.options.listener());
		}

		@Override
		public WriteSpec<R> onProgress(Consumer<BulkProgress> listener) {
			return with(this.options.maxRows(), this.options.maxBytes(), this.options.eachChunk(), listener);
		}

		private WriteSpec<R> with(int maxRows, long maxBytes, boolean eachChunk,
				@Nullable Consumer<BulkProgress> listener) {
			return new Write<>(this.connections, this.rows, new Options(maxRows, maxBytes, eachChunk, listener));
		}

		@Override
		public Mono<BulkProgress> execute() {
			return Mono.defer(() -> {
				BulkWrite<P> write = write(false);
				return write.run((chunk) -> Flux.empty()).then(Mono.fromSupplier(write::written));
			});
		}

		@Override
		public Flux<R> executeAndReturn() {
			return Flux.defer(() -> {
				if (this.rows.target(true).mode() != Mode.INSERT) {
					throw new InvalidDataAccessApiUsageException(
							"The keys of an upsert or a replacement are not known: the server tells one, and not of which row");
				}
				return write(true).run(this.rows::returned);
			});
		}

		private BulkWrite<P> write(boolean keys) {
			return new BulkWrite<>(this.connections, this.rows.target(keys), this.rows.source(), this.rows.reader(keys),
					this.options, keys);
		}

	}

}
