package dev.asyncmysql.connection;

import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Result;
import org.reactivestreams.Publisher;

/**
 * A batch that waits for its turn on its connection.
 */
final class GuardedBatch implements Batch {

	private final Batch delegate;

	private final ExchangeLine line;

	GuardedBatch(Batch delegate, ExchangeLine line) {
		this.delegate = delegate;
		this.line = line;
	}

	@Override
	public Batch add(String sql) {
		this.delegate.add(sql);
		return this;
	}

	@Override
	public Publisher<? extends Result> execute() {
		return Exchange.statement(this.line, this.delegate.execute());
	}

	@Override
	public String toString() {
		return String.valueOf(this.delegate);
	}

}
