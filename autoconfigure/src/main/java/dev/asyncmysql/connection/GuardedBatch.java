package dev.asyncmysql.connection;

import java.util.function.Consumer;
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

	private final Consumer<String> noted;

	private final Function<String, @Nullable Execution> measured;

	private final int lease;

	private String first = "";

	private @Nullable TransactionText text;

	/**
	 * Create the batch.
	 * @param delegate what is guarded
	 * @param line where it waits for its turn
	 * @param noted who is told of each text
	 * @param measured what measures its executions
	 */
	GuardedBatch(Batch delegate, ExchangeLine line, Consumer<String> noted,
			Function<String, @Nullable Execution> measured) {
		this.delegate = delegate;
		this.line = line;
		this.noted = noted;
		this.measured = measured;
		this.lease = line.lease();
	}

	@Override
	public Batch add(String sql) {
		this.noted.accept(sql);
		this.delegate.add(sql);
		TransactionText added = TransactionText.of(sql);
		this.text = (this.text != null) ? this.text.and(added) : added;
		if (this.first.isEmpty()) {
			this.first = sql;
		}
		return this;
	}

	@Override
	public Publisher<? extends Result> execute() {
		TransactionText all = (this.text != null) ? this.text : TransactionText.PLAIN;
		return Exchange.series(this.line, this.lease, this.delegate.execute(), all,
				() -> this.measured.apply(this.first));
	}

	@Override
	public String toString() {
		return String.valueOf(this.delegate);
	}

}
