package dev.asyncmysql.connection;

import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import io.r2dbc.spi.Parameter;
import io.r2dbc.spi.Statement;
import org.jspecify.annotations.Nullable;

/**
 * The values of a statement's first execution, kept so that they can be bound to another
 * one. Not safe for use by many threads, as a statement is not.
 */
final class Bindings {

	private final List<Consumer<Statement>> list = new ArrayList<>();

	private boolean complete;

	private boolean readOnce;

	void add(Consumer<Statement> binding, @Nullable Object value) {
		if (!this.complete) {
			this.list.add(binding);
			Object plain = (value instanceof Parameter parameter) ? parameter.getValue() : value;
			this.readOnce |= plain instanceof Blob || plain instanceof Clob || plain instanceof InputStream
					|| plain instanceof Reader || plain instanceof ByteBuffer;
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
		if (this.readOnce) {
			return null;
		}
		List<Consumer<Statement>> now = List.copyOf(this.list);
		return (statement) -> now.forEach((binding) -> binding.accept(statement));
	}

}
