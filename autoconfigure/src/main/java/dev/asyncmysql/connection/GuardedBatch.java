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

	private final SessionGuard sessionGuard;

	private final int lease;

	GuardedBatch(Batch delegate, ExchangeLine line, SessionGuard sessionGuard) {
		this.delegate = delegate;
		this.line = line;
		this.sessionGuard = sessionGuard;
		this.lease = line.lease();
	}

	@Override
	public Batch add(String sql) {
		this.sessionGuard.text(sql);
		this.delegate.add(sql);
		return this;
	}

	@Override
	public Publisher<? extends Result> execute() {
		return Exchange.series(this.line, this.lease, this.delegate.execute());
	}

	@Override
	public String toString() {
		return String.valueOf(this.delegate);
	}

}
