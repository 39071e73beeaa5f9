package dev.asyncmysql.connection;

import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import io.r2dbc.spi.Parameter;
import io.r2dbc.spi.Statement;
import org.jspecify.annotations.Nullable;

/**
 * The values of a statement's first execution, kept so that they can be bound to another
 * one. Of a statement that is bound and executed again, those that are in force. Not safe
 * for use by many threads, as a statement is not.
 */
final class Bindings {

	private final Map<Object, Binding> inForce = new LinkedHashMap<>();

	private boolean complete;

	/**
	 * Keep a value.
	 * @param place index or name of its place
	 * @param binder what binds it to another statement
	 * @param value the value, or {@code null} for none
	 */
	void add(Object place, Consumer<Statement> binder, @Nullable Object value) {
		if (!this.complete) {
			Object plain = (value instanceof Parameter parameter) ? parameter.getValue() : value;
			boolean readOnce = plain instanceof Blob || plain instanceof Clob || plain instanceof InputStream
					|| plain instanceof Reader || plain instanceof ByteBuffer;
			// The same place may have an index and a name: the last one counts.
			this.inForce.remove(place);
			this.inForce.put(place, new Binding(binder, readOnce));
		}
	}

	/**
	 * Note that the values of the first execution are complete.
	 */
	void complete() {
		this.complete = true;
	}

	/**
	 * Return the values as they are now.
	 * @return what binds them, or {@code null} where one of them can be read only once
	 */
	@Nullable Consumer<Statement> snapshot() {
		List<Binding> now = List.copyOf(this.inForce.values());
		return now.stream().anyMatch(Binding::readOnce) ? null
				: (statement) -> now.forEach((binding) -> binding.binder().accept(statement));
	}

	/**
	 * What binds one value.
	 *
	 * @param binder binds it to another statement
	 * @param readOnce whether it can be read only once
	 */
	private record Binding(Consumer<Statement> binder, boolean readOnce) {

	}

}
