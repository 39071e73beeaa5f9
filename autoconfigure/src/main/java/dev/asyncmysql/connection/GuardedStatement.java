package dev.asyncmysql.connection;

import java.util.function.Consumer;
import java.util.function.Supplier;

import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

/**
 * A statement that waits for its turn on its connection.
 */
final class GuardedStatement implements Statement {

	private final Statement delegate;

	private final ExchangeLine line;

	private final Measure measure;

	private final @Nullable Bindings bindings;

	private final TransactionText text;

	private final int lease;

	private boolean several;

	/**
	 * Create the statement.
	 * @param delegate what is guarded
	 * @param line where it waits for its turn
	 * @param text what its text does
	 * @param measure what measures its executions
	 * @param bindings where its values are kept, or {@code null} where nobody needs them
	 */
	GuardedStatement(Statement delegate, ExchangeLine line, TransactionText text, Measure measure,
			@Nullable Bindings bindings) {
		this.delegate = delegate;
		this.line = line;
		this.text = text;
		this.measure = measure;
		this.bindings = bindings;
		this.lease = line.lease();
	}

	@Override
	public Publisher<? extends Result> execute() {
		Publisher<? extends Result> results = this.delegate.execute();
		Consumer<Statement> values = (this.bindings != null) ? this.bindings.snapshot() : null;
		Supplier<@Nullable Execution> measured = () -> this.measure.begin(values);
		return this.several ? Exchange.series(this.line, this.lease, results, this.text, measured)
				: Exchange.statement(this.line, this.lease, results, this.text, measured);
	}

	@Override
	public Statement add() {
		this.delegate.add();
		this.several = true;
		if (this.bindings != null) {
			this.bindings.complete();
		}
		return this;
	}

	@Override
	public Statement bind(int index, Object value) {
		this.delegate.bind(index, value);
		keep(index, (other) -> other.bind(index, value), value);
		return this;
	}

	@Override
	public Statement bind(String name, Object value) {
		this.delegate.bind(name, value);
		keep(name, (other) -> other.bind(name, value), value);
		return this;
	}

	@Override
	public Statement bindNull(int index, Class<?> type) {
		this.delegate.bindNull(index, type);
		keep(index, (other) -> other.bindNull(index, type), null);
		return this;
	}

	@Override
	public Statement bindNull(String name, Class<?> type) {
		this.delegate.bindNull(name, type);
		keep(name, (other) -> other.bindNull(name, type), null);
		return this;
	}

	private void keep(Object place, Consumer<Statement> binding, @Nullable Object value) {
		if (this.bindings != null) {
			this.bindings.add(place, binding, value);
		}
	}

	@Override
	public Statement fetchSize(int rows) {
		this.delegate.fetchSize(rows);
		return this;
	}

	@Override
	public Statement returnGeneratedValues(String... columns) {
		this.delegate.returnGeneratedValues(columns);
		return this;
	}

	@Override
	public String toString() {
		return String.valueOf(this.delegate);
	}

	/**
	 * Begins to measure an execution.
	 */
	interface Measure {

		/**
		 * Begin.
		 * @param values what binds its values to another statement, or {@code null} where
		 * that is not known
		 * @return the execution, or {@code null} where nobody listens
		 */
		@Nullable Execution begin(@Nullable Consumer<Statement> values);

	}

}
