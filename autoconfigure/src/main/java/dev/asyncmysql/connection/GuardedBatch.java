package dev.asyncmysql.connection;

import java.util.function.Function;

import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Result;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

/**
 * A batch that waits for its turn on its connection.
 */
final class GuardedBatch implements Batch {

	private final Batch delegate;

	private final ExchangeLine line;

	private final SessionGuard sessionGuard;

	private final Function<String, @Nullable Execution> measured;

	private final int lease;

	private String text = "";

	GuardedBatch(Batch delegate, ExchangeLine line, SessionGuard sessionGuard,
			Function<String, @Nullable Execution> measured) {
		this.delegate = delegate;
		this.line = line;
		this.sessionGuard = sessionGuard;
		this.measured = measured;
		this.lease = line.lease();
	}

	@Override
	public Batch add(String sql) {
		this.sessionGuard.text(sql);
		this.delegate.add(sql);
		if (this.text.isEmpty()) {
			this.text = sql;
		}
		return this;
	}

	@Override
	public Publisher<? extends Result> execute() {
		return Exchange.series(this.line, this.lease, this.delegate.execute(), () -> this.measured.apply(this.text));
	}

	@Override
	public String toString() {
		return String.valueOf(this.delegate);
	}

}
