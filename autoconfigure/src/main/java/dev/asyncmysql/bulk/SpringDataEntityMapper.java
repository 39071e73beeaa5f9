package dev.asyncmysql.bulk;

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.dao.InvalidDataAccessApiUsageException;
import org.springframework.data.mapping.PersistentPropertyAccessor;
import org.springframework.data.mapping.callback.ReactiveEntityCallbacks;
import org.springframework.data.mapping.context.MappingContext;
import org.springframework.data.mapping.model.ConvertingPropertyAccessor;
import org.springframework.data.r2dbc.convert.R2dbcConverter;
import org.springframework.data.r2dbc.mapping.OutboundRow;
import org.springframework.data.r2dbc.mapping.event.AfterSaveCallback;
import org.springframework.data.r2dbc.mapping.event.BeforeConvertCallback;
import org.springframework.data.r2dbc.mapping.event.BeforeSaveCallback;
import org.springframework.data.relational.core.mapping.RelationalPersistentEntity;
import org.springframework.data.relational.core.mapping.RelationalPersistentProperty;
import org.springframework.data.relational.core.sql.SqlIdentifier;
import org.springframework.util.ClassUtils;

/**
 * Maps entities as Spring Data's {@code R2dbcEntityTemplate} does when it inserts them.
 */
final class SpringDataEntityMapper implements EntityMapper {

	private final R2dbcConverter converter;

	private final @Nullable ReactiveEntityCallbacks callbacks;

	SpringDataEntityMapper(R2dbcConverter converter, @Nullable ReactiveEntityCallbacks callbacks) {
		this.converter = converter;
		this.callbacks = callbacks;
	}

	@Override
	@SuppressWarnings("unchecked")
	public <T> Rows<?, T> rows(Class<T> type, Mode mode, Publisher<? extends T> entities) {
		RelationalPersistentEntity<T> entity = (RelationalPersistentEntity<T>) this.converter.getMappingContext()
			.getRequiredPersistentEntity(type);
		if (mode == Mode.REPLACE && entity.hasVersionProperty()) {
			throw new InvalidDataAccessApiUsageException("To replace a " + type.getName()
					+ " would begin its @Version anew, so that old ones counted again: upsert it instead");
		}
		return new EntityRows<>(this.converter, this.callbacks, entity, mode, entities);
	}

	/**
	 * An entity on its way.
	 *
	 * @param entity the entity
	 * @param row what is written of it
	 * @param failure why nothing can be, or {@code null}
	 * @param <T> the type of the entity
	 */
	record Prepared<T>(T entity, OutboundRow row, @Nullable Throwable failure) {

		Prepared(T entity, OutboundRow row) {
			this(entity, row, null);
		}

		// Told by who reads the row, who knows which one it is.
		static <T> Prepared<T> failed(T entity, Throwable failure) {
			return new Prepared<>(entity, new OutboundRow(), failure);
		}

	}

	/**
	 * The rows of entities of one type.
	 *
	 * @param <T> the type of the entities
	 */
	private static final class EntityRows<T> implements Rows<Prepared<T>, T> {

		private final R2dbcConverter converter;

		private final @Nullable ReactiveEntityCallbacks callbacks;

		private final RelationalPersistentEntity<T> entity;

		private final SqlIdentifier table;

		private final Mode mode;

		private final Publisher<? extends T> entities;

		private final List<SqlIdentifier> columns = new ArrayList<>();

		private final List<String> updated = new ArrayList<>();

		private final @Nullable SqlIdentifier key;

		private final @Nullable SqlIdentifier version;

		EntityRows(R2dbcConverter converter, @Nullable ReactiveEntityCallbacks callbacks,
				RelationalPersistentEntity<T> entity, Mode mode, Publisher<? extends T> entities) {
			this.converter = converter;
			this.callbacks = callbacks;
			this.entity = entity;
			this.table = entity.getQualifiedTableName();
			this.mode = mode;
			this.entities = entities;
			this.key = columnOf(entity.getIdProperty());
			this.version = columnOf(entity.getVersionProperty());
			addColumns(entity, false);
		}

		private static @Nullable SqlIdentifier columnOf(@Nullable RelationalPersistentProperty property) {
			return (property != null && !property.isEmbedded()) ? property.getColumnName() : null;
		}

		private void addColumns(RelationalPersistentEntity<?> owner, boolean ofKey) {
			for (RelationalPersistentProperty property : owner) {
				if (!property.isWritable()) {
					continue;
				}
				if (property.isEmbedded()) {
					addColumns(context().getRequiredPersistentEntity(property), ofKey || property.isIdProperty());
					continue;
				}
				SqlIdentifier column = property.getColumnName();
				this.columns.add(column);
				if (!ofKey && !column.equals(this.key) && !column.equals(this.version) && !property.isInsertOnly()) {
					this.updated.add(column.getReference());
				}
			}
		}

		// The type of the entities and properties is fixed, but not in the signature.
		@SuppressWarnings("unchecked")
		private MappingContext<RelationalPersistentEntity<?>, RelationalPersistentProperty> context() {
			return (MappingContext<RelationalPersistentEntity<?>, RelationalPersistentProperty>) this.converter
				.getMappingContext();
		}

		@Override
		public Target target(boolean keys) {
			if (keys) {
				checkKey();
			}
			List<String> path = new ArrayList<>();
			this.table.forEach((part) -> path.add(part.getReference()));
			List<String> names = columns(keys).stream().map(SqlIdentifier::getReference).toList();
			boolean upsert = this.mode == Mode.UPSERT;
			return new Target(this.mode, String.join(".", path), names, upsert ? this.updated : List.of(),
					(upsert && this.version != null) ? this.version.getReference() : null,
					(this.key != null) ? this.key.getReference() : null);
		}

		private void checkKey() {
			RelationalPersistentProperty property = this.entity.getIdProperty();
			if (property == null || this.key == null || !(ClassUtils.isAssignable(property.getType(), Long.class)
					|| this.converter.getConversionService().canConvert(Long.class, property.getType()))) {
				throw new InvalidDataAccessApiUsageException("The keys that the server generates cannot be given to a "
						+ this.entity.getType().getName() + ": it needs an @Id of one column that takes a number");
			}
		}

		private List<SqlIdentifier> columns(boolean keys) {
			return keys ? this.columns.stream().filter((column) -> !column.equals(this.key)).toList() : this.columns;
		}

		@Override
		public Publisher<Prepared<T>> source() {
			ReactiveEntityCallbacks called = this.callbacks;
			return (called != null) ? Flux.<T>from(this.entities).concatMap((bean) -> prepare(bean, called))
					: Flux.<T>from(this.entities).map(this::prepareOrFail);
		}

		private Prepared<T> prepareOrFail(T bean) {
			try {
				return prepare(bean);
			}
			catch (Throwable ex) {
				Exceptions.throwIfJvmFatal(ex);
				return Prepared.failed(bean, ex);
			}
		}

		private Prepared<T> prepare(T bean) {
			T initialized = withVersion(bean);
			OutboundRow row = new OutboundRow();
			this.converter.write(initialized, row);
			return new Prepared<>(initialized, row);
		}

		private Mono<Prepared<T>> prepare(T bean, ReactiveEntityCallbacks called) {
			return called.callback(BeforeConvertCallback.class, bean, this.table)
				.map(this::prepare)
				.flatMap((prepared) -> called
					.callback(BeforeSaveCallback.class, prepared.entity(), prepared.row(), this.table)
					.map((saved) -> new Prepared<>(saved, prepared.row())))
				.onErrorResume((ex) -> Mono.just(Prepared.failed(bean, ex)));
		}

		private T withVersion(T bean) {
			RelationalPersistentProperty property = this.entity.getVersionProperty();
			if (property == null) {
				return bean;
			}
			return set(bean, property, property.getType().isPrimitive() ? 1L : 0L);
		}

		private T set(T bean, RelationalPersistentProperty property, Object value) {
			PersistentPropertyAccessor<T> accessor = new ConvertingPropertyAccessor<>(
					this.entity.getPropertyAccessor(bean), this.converter.getConversionService());
			accessor.setProperty(property, value);
			return accessor.getBean();
		}

		@Override
		public RowReader<Prepared<T>> reader(boolean keys) {
			SqlIdentifier[] names = columns(keys).toArray(SqlIdentifier[]::new);
			return (Prepared<T> prepared, @Nullable Object[] values, int offset) -> {
				if (prepared.failure() != null) {
					throw Exceptions.propagate(prepared.failure());
				}
				OutboundRow row = prepared.row();
				int found = 0;
				for (int i = 0; i < names.length; i++) {
					var parameter = row.get(names[i]);
					if (parameter != null) {
						found++;
						Object value = parameter.getValue();
						values[offset + i] = names[i].equals(this.key) ? withoutZero(value) : value;
					}
				}
				if (keys && this.key != null && row.containsKey(this.key)) {
					found++;
					if (withoutZero(row.get(this.key).getValue()) != null) {
						throw new IllegalArgumentException(
								"it gives its key itself, so that the server generates none");
					}
				}
				if (found < row.size()) {
					throw new IllegalArgumentException(
							"it has the columns " + row.keySet() + " instead of " + List.of(names));
				}
			};
		}

		// As Spring Data has it, zero stands for a key that is not there yet.
		private static @Nullable Object withoutZero(@Nullable Object value) {
			return (value instanceof Number number && number.longValue() == 0) ? null : value;
		}

		@Override
		public Flux<T> returned(Chunk<Prepared<T>> written) {
			RelationalPersistentProperty property = this.entity.getRequiredIdProperty();
			Flux<Prepared<T>> saved = Flux.range(0, written.size()).map((i) -> {
				Prepared<T> prepared = written.rows().get(i);
				return new Prepared<>(set(prepared.entity(), property, written.keys().get(i)), prepared.row());
			});
			ReactiveEntityCallbacks called = this.callbacks;
			return (called != null) ? saved.concatMap((prepared) -> called.callback(AfterSaveCallback.class,
					prepared.entity(), prepared.row(), this.table)) : saved.map(Prepared::entity);
		}

	}

}
