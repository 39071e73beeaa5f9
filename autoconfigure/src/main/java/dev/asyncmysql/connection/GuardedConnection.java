package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.concurrent.TimeoutException;

import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/**
 * A connection whose release and close come to an end: where the server, or a statement
 * that is still under way, keeps them waiting for longer than their limit, the connection
 * is cut. It lies right under the pool, above what decorators have wrapped the driver's
 * connection in.
 */
final class GuardedConnection implements Connection, Lifecycle, Wrapped<Connection> {

	private static final Log logger = LogFactory.getLog(GuardedConnection.class);

	private final Connection delegate;

	private final @Nullable Lifecycle lifecycle;

	private final Wire wire;

	private final Server server;

	GuardedConnection(Connection delegate, Wire wire, Server server) {
		this.delegate = delegate;
		this.lifecycle = lifecycle(delegate);
		this.wire = wire;
		this.server = server;
	}

	// The pool looks at the connection itself only, and r2dbc-proxy hides what the driver
	// does before a release: it ends an open transaction.
	private static @Nullable Lifecycle lifecycle(Object connection) {
		if (connection instanceof Lifecycle found) {
			return found;
		}
		return (connection instanceof Wrapped<?> wrapped) ? lifecycle(wrapped.unwrap()) : null;
	}

	@Override
	public Publisher<Void> postAllocate() {
		return (this.lifecycle != null) ? this.lifecycle.postAllocate() : Mono.empty();
	}

	/**
	 * Make the connection fit for the next caller: end what is open.
	 * @return a mono that completes when the server has answered; it fails where it has
	 * not in time, and the connection is dead then
	 */
	@Override
	public Publisher<Void> preRelease() {
		if (this.lifecycle == null) {
			return Mono.empty();
		}
		Duration limit = this.server.settings().pool().maxReleaseTime();
		return Mono.from(this.lifecycle.preRelease())
			.timeout(limit)
			.doOnSuccess((released) -> this.server.answered())
			.onErrorMap(TimeoutException.class, (ex) -> {
				this.wire.cut();
				return new R2dbcTimeoutException(
						"The connection was still busy %d ms (%s.pool.max-release-time) after it was given back, and was cut"
							.formatted(limit.toMillis(), this.server.prefix()),
						ex);
			});
	}

	@Override
	public Publisher<Void> close() {
		return Mono.defer(() -> this.wire.isCut() ? Mono.empty() : sayGoodbye());
	}

	private Mono<Void> sayGoodbye() {
		return Mono.from(this.delegate.close())
			.timeout(this.server.settings().pool().maxCloseTime())
			.onErrorResume((ex) -> {
				logger.debug("A connection could not be closed politely and is cut", ex);
				return Mono.empty();
			})
			.then(Mono.<Void>fromRunnable(this.wire::cut))
			.doOnCancel(this.wire::cut);
	}

	/**
	 * End the connection now, whatever it does. Does not block.
	 */
	void cut() {
		this.wire.cut();
	}

	@Override
	public Connection unwrap() {
		return this.delegate;
	}

	@Override
	public Publisher<Void> beginTransaction() {
		return this.delegate.beginTransaction();
	}

	@Override
	public Publisher<Void> beginTransaction(TransactionDefinition definition) {
		return this.delegate.beginTransaction(definition);
	}

	@Override
	public Publisher<Void> commitTransaction() {
		return this.delegate.commitTransaction();
	}

	@Override
	public Batch createBatch() {
		return this.delegate.createBatch();
	}

	@Override
	public Publisher<Void> createSavepoint(String name) {
		return this.delegate.createSavepoint(name);
	}

	@Override
	public Statement createStatement(String sql) {
		return this.delegate.createStatement(sql);
	}

	@Override
	public boolean isAutoCommit() {
		return this.delegate.isAutoCommit();
	}

	@Override
	public ConnectionMetadata getMetadata() {
		return this.delegate.getMetadata();
	}

	@Override
	public IsolationLevel getTransactionIsolationLevel() {
		return this.delegate.getTransactionIsolationLevel();
	}

	@Override
	public Publisher<Void> releaseSavepoint(String name) {
		return this.delegate.releaseSavepoint(name);
	}

	@Override
	public Publisher<Void> rollbackTransaction() {
		return this.delegate.rollbackTransaction();
	}

	@Override
	public Publisher<Void> rollbackTransactionToSavepoint(String name) {
		return this.delegate.rollbackTransactionToSavepoint(name);
	}

	@Override
	public Publisher<Void> setAutoCommit(boolean autoCommit) {
		return this.delegate.setAutoCommit(autoCommit);
	}

	@Override
	public Publisher<Void> setLockWaitTimeout(Duration timeout) {
		return this.delegate.setLockWaitTimeout(timeout);
	}

	@Override
	public Publisher<Void> setStatementTimeout(Duration timeout) {
		return this.delegate.setStatementTimeout(timeout);
	}

	@Override
	public Publisher<Void> setTransactionIsolationLevel(IsolationLevel isolationLevel) {
		return this.delegate.setTransactionIsolationLevel(isolationLevel);
	}

	@Override
	public Publisher<Boolean> validate(ValidationDepth depth) {
		return this.delegate.validate(depth);
	}

	@Override
	public String toString() {
		return this.delegate.toString();
	}

}
