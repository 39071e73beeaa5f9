package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.function.Consumer;

import dev.asyncmysql.ConnectionLostException;
import dev.asyncmysql.connection.ConnectionInfo.State;
import dev.asyncmysql.connection.ConnectionListener.EndReason;
import dev.asyncmysql.connection.Exchange.Kind;
import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A connection each of whose commands goes through one line, is watched, and leaves
 * neither a transaction nor a changed session to the next caller. It lies right under the
 * pool, above what decorators have wrapped the driver's connection in.
 */
final class GuardedConnection implements Connection, Lifecycle, Wrapped<Connection> {

	/** As where {@code innodb_rollback_on_timeout} is on. */
	private static final int NO_SUCH_SAVEPOINT = 1305;

	private static final Log logger = LogFactory.getLog(GuardedConnection.class);

	private final Connection delegate;

	private final Connection raw;

	private final @Nullable Lifecycle lifecycle;

	private final Wire wire;

	private final Server server;

	private final Session session;

	private final TransactionGuard transactionGuard;

	private final ExchangeLine line;

	private final SessionGuard sessionGuard;

	private final Watchdog watchdog;

	private final Inquiries inquiries;

	private final Departure departure;

	private final Tenure tenure;

	// Said once: who came second would find the driver done, and cut the connection.
	private final Mono<Void> goodbye = Mono.defer(this::sayGoodbye).cache();

	private volatile boolean givenBack;

	private volatile boolean everLent;

	private volatile boolean forCallers;

	private final long openedAt = System.nanoTime();

	private volatile long changedAt = this.openedAt;

	private volatile long waited;

	private volatile @Nullable EndReason endReason;

	GuardedConnection(Connection delegate, Wire wire, Server server, Session session) {
		this.delegate = delegate;
		this.raw = driver(delegate);
		// The pool looks at the connection itself only, and r2dbc-proxy hides what the
		// driver does before a release: it ends an open transaction.
		this.lifecycle = (this.raw instanceof Lifecycle found) ? found : null;
		this.wire = wire;
		this.server = server;
		this.session = session;
		this.sessionGuard = new SessionGuard(this.raw, session, server);
		this.transactionGuard = new TransactionGuard(() -> !this.raw.isAutoCommit(), wire::isGone, server.listeners());
		this.line = new ExchangeLine(this.transactionGuard);
		this.watchdog = new Watchdog(this, this.line, wire, server);
		this.tenure = new Tenure(server, wire, session.waitTimeout());
		this.inquiries = new Inquiries(this.raw, this.line, session, wire);
		this.departure = new Departure(delegate, this.raw, this.line, wire, server, this.sessionGuard,
				this.transactionGuard, this.watchdog, this.tenure, this::endsBecause);
	}

	/**
	 * Return the driver's own connection, for what decorators need not observe.
	 * @param connection the driver's connection as decorators have wrapped it
	 * @return the innermost connection
	 */
	static Connection driver(Connection connection) {
		return (connection instanceof Wrapped<?> wrapped && wrapped.unwrap() instanceof Connection inner)
				? driver(inner) : connection;
	}

	Session session() {
		return this.session;
	}

	/**
	 * Note that a caller has the connection from now on.
	 * @param waited nanoseconds that it has waited for it
	 */
	void handedOver(long waited) {
		this.waited = waited;
	}

	long waited() {
		return this.waited;
	}

	/**
	 * Note that the connection is opened for callers, rather than for what the starter
	 * asks by itself.
	 */
	void admitted() {
		this.forCallers = true;
	}

	boolean isForCallers() {
		return this.forCallers;
	}

	boolean guards(Connection driver) {
		return this.raw == driver;
	}

	/**
	 * Note that the connection is about to end.
	 * @param reason why; the first counts
	 */
	void endsBecause(EndReason reason) {
		if (this.endReason == null) {
			this.endReason = reason;
		}
	}

	/**
	 * Tell when the connection has ended, by whichever end.
	 * @param listener called once with the reason
	 */
	void whenEnded(Consumer<EndReason> listener) {
		this.wire.whenClosed(() -> {
			EndReason reason = this.endReason;
			listener.accept((reason != null) ? reason : EndReason.LOST);
		});
	}

	ConnectionInfo info() {
		long now = System.nanoTime();
		boolean busy = this.line.active() != null;
		boolean lent = !this.givenBack && (this.everLent || !this.server.settings().pool().enabled());
		State state = !lent ? (busy ? State.RETURNING : State.IDLE) : (busy ? State.BUSY : State.LENT);
		return new ConnectionInfo(this.session.id(), state, Duration.ofNanos(now - this.changedAt),
				Duration.ofNanos(now - this.openedAt), this.wire.eventLoop());
	}

	private @Nullable Execution measure(String sql) {
		return measure(sql, null);
	}

	private @Nullable Execution measure(String sql, @Nullable Consumer<Statement> values) {
		ConnectionListeners listeners = this.server.listeners();
		return listeners.isEmpty() ? null
				: new Execution(sql, values, this.waited, this.transactionGuard.name(), listeners);
	}

	/**
	 * Note that the caller is done. What is still under way is ended from now on, and has
	 * no longer than the release limit.
	 */
	void givenBack() {
		this.givenBack = true;
	}

	/**
	 * Return how long the server may work on a statement.
	 * @return the time, zero or {@code null} for as long as it takes
	 */
	@Nullable Duration statementTimeout() {
		return this.sessionGuard.statementTimeout();
	}

	/**
	 * Count the connection among those of its event loop, for as long as it is open.
	 * @param loops where to count
	 */
	void count(EventLoops loops) {
		this.wire.count(loops);
	}

	Tenure tenure() {
		return this.tenure;
	}

	boolean isGivenBack() {
		return this.givenBack;
	}

	/**
	 * Look at what is under way.
	 * @param now the time, as of {@link System#nanoTime()}
	 * @return {@code false} once the connection is closed, and nobody waits in its line
	 * behind a result that is not consumed
	 */
	boolean inspect(long now) {
		this.watchdog.inspect(now);
		this.tenure.inspect(now);
		return this.wire.isOpen() || this.line.active() != null;
	}

	/**
	 * Return what the application may ask by this connection on its own account.
	 * @return the questions
	 */
	Inquiries inquiries() {
		return this.inquiries;
	}

	/**
	 * Go through the server once more, so that a KILL that came late finds this rather
	 * than the next statement.
	 * @return a mono that completes with the server's answer
	 */
	Mono<Void> fence() {
		return Mono.defer(() -> Server.validate(this.raw));
	}

	@Override
	public Publisher<Void> postAllocate() {
		return Mono.deferContextual((context) -> {
			if (!Handover.begin(context, this)) {
				return Mono.never();
			}
			this.changedAt = System.nanoTime();
			this.everLent = true;
			this.givenBack = false;
			return (this.lifecycle != null) ? Mono.from(this.lifecycle.postAllocate()) : Mono.empty();
		});
	}

	/**
	 * Make the connection fit for the next caller: end what is open, and restore its
	 * session.
	 * @return a mono that completes when nothing is left to do, at once where every
	 * statement has ended outside a transaction and the session is unchanged; it fails
	 * where the connection must not be lent again
	 */
	@Override
	public Publisher<Void> preRelease() {
		this.changedAt = System.nanoTime();
		this.givenBack = true;
		return this.departure.prepareForNext();
	}

	@Override
	public Publisher<Void> close() {
		return Mono.defer(() -> this.wire.isCut() ? Mono.<Void>empty() : this.goodbye)
			.doOnTerminate(this.transactionGuard::released)
			.doOnTerminate(() -> this.server.openConnections().remove(this))
			.doOnCancel(() -> this.server.openConnections().remove(this));
	}

	private Mono<Void> sayGoodbye() {
		this.tenure.close();
		this.givenBack = true;
		return this.departure.sayGoodbye();
	}

	/**
	 * Roll the transaction back on behalf of its owner, who will be told. The locks that
	 * it holds are not to wait until then.
	 */
	void rollBack() {
		Mono<Void> end = Mono.defer(
				() -> this.transactionGuard.isDoomed() ? Mono.from(this.delegate.rollbackTransaction()) : Mono.empty());
		Exchange.command(this.line, end, Kind.UNDO, () -> null)
			.subscribe(null, (ex) -> logger.debug(
					"A transaction whose time was over could not be rolled back; its connection's release does it",
					ex));
	}

	/**
	 * End the connection now, whatever it does. Does not block.
	 */
	void cut() {
		endsBecause(EndReason.STUCK);
		this.wire.cut();
	}

	@Override
	public Connection unwrap() {
		return this.delegate;
	}

	@Override
	public Publisher<Void> beginTransaction() {
		return begins(null, this.delegate.beginTransaction());
	}

	@Override
	public Publisher<Void> beginTransaction(TransactionDefinition definition) {
		this.sessionGuard.transactionBegins(definition);
		// Where it fails half-way, the next transaction would have the level of this one.
		return begins(definition, Flux.<Void>from(this.delegate.beginTransaction(definition))
			.doOnError((ex) -> this.sessionGuard.stain("a transaction that could not begin")));
	}

	private Mono<Void> begins(@Nullable TransactionDefinition definition, Publisher<Void> begin) {
		return Mono.defer(() -> {
			long since = System.nanoTime();
			this.transactionGuard.begins();
			return Exchange.command(this.line, begin, Kind.COMMAND, () -> measure("BEGIN"))
				.doOnSuccess((done) -> this.transactionGuard.begun(definition, since));
		});
	}

	@Override
	public Publisher<Void> commitTransaction() {
		return ends(this.delegate.commitTransaction(), Kind.COMMIT)
			.onErrorResume((ex) -> this.transactionGuard.isDoomed(), this::rollBackBecause);
	}

	private Mono<Void> rollBackBecause(Throwable reason) {
		return Mono.from(rollbackTransaction()).onErrorResume((ex) -> {
			logger.debug("A transaction that can only be rolled back could not be; its connection's release does it",
					ex);
			return Mono.empty();
		}).then(Mono.error(reason));
	}

	@Override
	public Batch createBatch() {
		return new GuardedBatch(this.delegate.createBatch(), this.line, this.sessionGuard::text, this::measure);
	}

	@Override
	public Publisher<Void> createSavepoint(String name) {
		return Exchange.command(this.line, this.delegate.createSavepoint(name));
	}

	@Override
	public Statement createStatement(String sql) {
		this.sessionGuard.text(sql);
		Bindings bindings = this.server.listeners().needValues() ? new Bindings() : null;
		return new GuardedStatement(this.delegate.createStatement(sql), this.line, TransactionText.of(sql),
				(values) -> measure(sql, values), bindings);
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
		return Mono.defer(() -> this.transactionGuard.isDoomed() ? Mono.empty()
				: Exchange.command(this.line, this.delegate.releaseSavepoint(name)));
	}

	// The server does it where the connection is lost. Spring rolls back also after a
	// commit that has failed, and a failure here would hide an unknown outcome.
	@Override
	public Publisher<Void> rollbackTransaction() {
		return ends(this.delegate.rollbackTransaction(), Kind.ROLLBACK).onErrorResume(ConnectionLostException.class,
				(ex) -> {
					logger.debug("A transaction was rolled back by the server, as its connection was lost", ex);
					return Mono.empty();
				});
	}

	// Where a text or DDL has ended the transaction, the driver sets nothing back.
	private Mono<Void> ends(Publisher<Void> transaction, Kind kind) {
		return Mono.defer(() -> {
			boolean open = !this.raw.isAutoCommit() && !this.sessionGuard.isAutoCommitChanged();
			Mono<Void> end = Exchange.command(this.line, transaction, kind, () -> measure(kind.name()));
			return open ? end.doOnSuccess((done) -> this.sessionGuard.transactionEnded()) : end;
		});
	}

	// Where the server has rolled back more than that already, its error would hide why.
	// What follows is refused until all is rolled back.
	@Override
	public Publisher<Void> rollbackTransactionToSavepoint(String name) {
		return Mono.defer(() -> {
			if (!this.transactionGuard.hasSavepoints()) {
				return Mono.empty();
			}
			boolean doomed = this.transactionGuard.isDoomed();
			return Exchange
				.command(this.line, Mono.from(this.delegate.rollbackTransactionToSavepoint(name)), Kind.UNDO,
						() -> null)
				.doOnSuccess((done) -> this.transactionGuard.rolledBackToSavepoint())
				.onErrorResume((ex) -> doomed && ex instanceof R2dbcException failure
						&& failure.getErrorCode() == NO_SUCH_SAVEPOINT, (ex) -> Mono.empty());
		});
	}

	@Override
	public Publisher<Void> setAutoCommit(boolean autoCommit) {
		this.sessionGuard.autoCommitChanged();
		return Exchange.command(this.line, this.delegate.setAutoCommit(autoCommit));
	}

	@Override
	public Publisher<Void> setLockWaitTimeout(Duration timeout) {
		this.sessionGuard.lockWaitTimeoutChanged();
		return Exchange.command(this.line, this.delegate.setLockWaitTimeout(timeout));
	}

	@Override
	public Publisher<Void> setStatementTimeout(Duration timeout) {
		this.sessionGuard.statementTimeoutChanged(timeout);
		return Exchange.command(this.line, this.delegate.setStatementTimeout(timeout));
	}

	@Override
	public Publisher<Void> setTransactionIsolationLevel(IsolationLevel isolationLevel) {
		this.sessionGuard.isolationChanged();
		return Exchange.command(this.line, this.delegate.setTransactionIsolationLevel(isolationLevel));
	}

	@Override
	public Publisher<Boolean> validate(ValidationDepth depth) {
		if (depth == ValidationDepth.LOCAL) {
			return (this.wire.hasFailed() || this.wire.isCut()) ? Mono.just(false) : validateLocally();
		}
		return Exchange.probe(this.line, this.delegate.validate(depth));
	}

	// r2dbc-pool loses a connection for ever whose check throws as it is given back.
	private Publisher<Boolean> validateLocally() {
		try {
			return this.delegate.validate(ValidationDepth.LOCAL);
		}
		catch (RuntimeException ex) {
			return Mono.error(ex);
		}
	}

	@Override
	public String toString() {
		return this.delegate.toString();
	}

}
