package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * A connection from the time that the pool lends it until it is given back. The return is
 * begun once and runs to its end, whatever becomes of the caller that asked for it:
 * r2dbc-pool loses a connection for ever whose return is cancelled half-way. Nothing
 * reaches the connection after that, as another caller may have it by then.
 */
final class LentConnection implements Connection, Wrapped<Connection> {

	private static final Log logger = LogFactory.getLog(LentConnection.class);

	private final Connection pooled;

	private final @Nullable LeakWatch watch;

	private final LeakWatch.@Nullable Lease lease;

	private final ConnectionListeners listeners;

	private volatile long since;

	private final AtomicReference<Sinks.@Nullable Empty<Void>> end = new AtomicReference<>();

	/**
	 * Create the connection.
	 * @param pooled the pool's view of the connection, which is r2dbc-pool's own
	 * @param watch who is told of the use, or {@code null} for nobody
	 * @param listeners who is told how long it took
	 */
	LentConnection(Connection pooled, @Nullable LeakWatch watch, ConnectionListeners listeners) {
		this.pooled = pooled;
		this.watch = watch;
		this.listeners = listeners;
		this.lease = (watch != null) ? watch.lent(id()) : null;
	}

	/**
	 * Note that a caller has the connection from now on.
	 * @param now the time, as of {@link System#nanoTime()}
	 * @param waited nanoseconds that it has waited for it
	 */
	void handedOver(long now, long waited) {
		this.since = now;
		if (unwrap() instanceof GuardedConnection guarded) {
			guarded.handedOver(waited);
		}
	}

	/**
	 * Note where the connection was taken.
	 * @param callSite the place
	 */
	void takenBy(CallSite callSite) {
		if (this.lease != null) {
			this.lease.note(callSite);
		}
	}

	/**
	 * Give the connection back. To do so again has no effect, as in JDBC, but to wait for
	 * the same end: several operators may each want to be sure.
	 * @return a mono that completes when the connection is back in the pool or has left
	 * it; to cancel it ends the wait only
	 */
	@Override
	public Mono<Void> close() {
		return Mono.deferContextual(this::release);
	}

	// The sink holds the end for all who wait, and lets it be where they have gone.
	private Mono<Void> release(ContextView context) {
		Sinks.Empty<Void> own = Sinks.empty();
		Sinks.Empty<Void> begun = this.end.compareAndExchange(null, own);
		if (begun != null) {
			return begun.asMono();
		}
		if (this.watch != null && this.lease != null) {
			this.watch.returned(this.lease);
		}
		if (unwrap() instanceof GuardedConnection guarded) {
			guarded.givenBack();
		}
		long lentAt = this.since;
		if (lentAt != 0) {
			long nanos = System.nanoTime() - lentAt;
			this.listeners.tell((listener) -> listener.used(nanos));
		}
		Mono.from(this.pooled.close()).subscribe(null, (ex) -> {
			logger.warn("A connection could not be given back to the pool", ex);
			own.tryEmitError(ex);
		}, own::tryEmitEmpty, Context.of(context));
		return own.asMono();
	}

	private @Nullable Long id() {
		return (unwrap() instanceof GuardedConnection guarded) ? guarded.session().id() : null;
	}

	private boolean isReturned() {
		return this.end.get() != null;
	}

	// Asked at the subscription, which may come long after the call.
	private Mono<Void> whileLent(Supplier<Publisher<Void>> command) {
		return Mono.defer(() -> isReturned() ? Mono.error(new IllegalStateException("The connection is closed"))
				: Mono.from(command.get()));
	}

	/**
	 * Return the connection below the pool.
	 */
	@Override
	public Connection unwrap() {
		return (this.pooled instanceof Wrapped<?> wrapped) ? (Connection) wrapped.unwrap() : this.pooled;
	}

	@Override
	public Mono<Void> beginTransaction() {
		return whileLent(this.pooled::beginTransaction);
	}

	@Override
	public Mono<Void> beginTransaction(TransactionDefinition definition) {
		return whileLent(() -> this.pooled.beginTransaction(definition));
	}

	@Override
	public Mono<Void> commitTransaction() {
		return whileLent(this.pooled::commitTransaction);
	}

	@Override
	public Batch createBatch() {
		Batch batch = this.pooled.createBatch();
		return (this.lease != null) ? new NotedBatch(batch, this.lease) : batch;
	}

	@Override
	public Mono<Void> createSavepoint(String name) {
		return whileLent(() -> this.pooled.createSavepoint(name));
	}

	@Override
	public Statement createStatement(String sql) {
		if (this.lease != null) {
			this.lease.note(sql);
		}
		return this.pooled.createStatement(sql);
	}

	@Override
	public boolean isAutoCommit() {
		return this.pooled.isAutoCommit();
	}

	@Override
	public ConnectionMetadata getMetadata() {
		return this.pooled.getMetadata();
	}

	@Override
	public IsolationLevel getTransactionIsolationLevel() {
		return this.pooled.getTransactionIsolationLevel();
	}

	@Override
	public Mono<Void> releaseSavepoint(String name) {
		return whileLent(() -> this.pooled.releaseSavepoint(name));
	}

	@Override
	public Mono<Void> rollbackTransaction() {
		return whileLent(this.pooled::rollbackTransaction);
	}

	@Override
	public Mono<Void> rollbackTransactionToSavepoint(String name) {
		return whileLent(() -> this.pooled.rollbackTransactionToSavepoint(name));
	}

	@Override
	public Mono<Void> setAutoCommit(boolean autoCommit) {
		return whileLent(() -> this.pooled.setAutoCommit(autoCommit));
	}

	@Override
	public Mono<Void> setLockWaitTimeout(Duration timeout) {
		return whileLent(() -> this.pooled.setLockWaitTimeout(timeout));
	}

	@Override
	public Mono<Void> setStatementTimeout(Duration timeout) {
		return whileLent(() -> this.pooled.setStatementTimeout(timeout));
	}

	@Override
	public Mono<Void> setTransactionIsolationLevel(IsolationLevel isolationLevel) {
		return whileLent(() -> this.pooled.setTransactionIsolationLevel(isolationLevel));
	}

	/**
	 * Ask whether the connection is of use, which it no longer is after its return.
	 */
	@Override
	public Mono<Boolean> validate(ValidationDepth depth) {
		return Mono.defer(() -> isReturned() ? Mono.just(false) : Mono.from(this.pooled.validate(depth)));
	}

	@Override
	public String toString() {
		return this.pooled.toString();
	}

	/**
	 * Notes the text of each statement of a batch.
	 */
	private record NotedBatch(Batch batch, LeakWatch.Lease lease) implements Batch {

		@Override
		public Batch add(String sql) {
			this.lease.note(sql);
			this.batch.add(sql);
			return this;
		}

		@Override
		public Publisher<? extends Result> execute() {
			return this.batch.execute();
		}

	}

}
