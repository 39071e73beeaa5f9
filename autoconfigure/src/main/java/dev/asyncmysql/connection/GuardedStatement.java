package dev.asyncmysql.connection;

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

	private final Supplier<? extends @Nullable Execution> measured;

	private final int lease;

	private boolean several;

	GuardedStatement(Statement delegate, ExchangeLine line, Supplier<? extends @Nullable Execution> measured) {
		this.delegate = delegate;
		this.line = line;
		this.measured = measured;
		this.lease = line.lease();
	}

	@Override
	public Publisher<? extends Result> execute() {
		Publisher<? extends Result> results = this.delegate.execute();
		return this.several ? Exchange.series(this.line, this.lease, results, this.measured)
				: Exchange.statement(this.line, this.lease, results, this.measured);
	}

	@Override
	public Statement add() {
		this.delegate.add();
		this.several = true;
		return this;
	}

	@Override
	public Statement bind(int index, Object value) {
		this.delegate.bind(index, value);
		return this;
	}

	@Override
	public Statement bind(String name, Object value) {
		this.delegate.bind(name, value);
		return this;
	}

	@Override
	public Statement bindNull(int index, Class<?> type) {
		this.delegate.bindNull(index, type);
		return this;
	}

	@Override
	public Statement bindNull(String name, Class<?> type) {
		this.delegate.bindNull(name, type);
		return this;
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

}
