package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

import javax.net.ssl.SSLSession;

import dev.asyncmysql.ConnectionLostException;
import dev.asyncmysql.connection.ConnectionInfo.State;
import dev.asyncmysql.connection.ConnectionListener.EndReason;
import dev.asyncmysql.connection.Exchange.Kind;
import io.asyncer.r2dbc.mysql.api.MySqlConnection;
import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
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
 * A connection whose release and close come to an end: where the server, or a statement
 * that is still under way, keeps them waiting for longer than their limit, the connection
 * is cut. It lies right under the pool, above what decorators have wrapped the driver's
 * connection in.
 */
final class GuardedConnection implements Connection, Lifecycle, Wrapped<Connection> {

	/** There is no such session, or no longer. From the MySQL error message reference. */
	private static final int NO_SUCH_THREAD = 1094;

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

	private final Tenure tenure;

	// Said once: who came second would find the driver done, and cut the connection.
	private final Mono<Void> goodbye = Mono.defer(this::sayGoodbye).cache();

	private volatile boolean givenBack;

	private volatile boolean everLent;

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
	 * End the statement of another session of the same server.
	 * @param other the session
	 * @return a mono that completes when the server has acknowledged, also where the
	 * other has ended; it fails where the server refuses or is another one
	 */
	Mono<Void> kill(Session other) {
		Long id = other.id();
		if (id == null || !Objects.equals(this.session.serverId(), other.serverId())) {
			return Mono.error(() -> new R2dbcNonTransientResourceException(
					"The statement runs on another server than the side connection reaches"));
		}
		return OwnSql.killQuery(this.raw, id)
			.flatMap(Result::getRowsUpdated)
			.then()
			.onErrorResume((ex) -> ex instanceof R2dbcException failure && failure.getErrorCode() == NO_SUCH_THREAD,
					(ex) -> Mono.empty());
	}

	/**
	 * Ask the server for the variables that matter to its clients.
	 * @return a mono of names and values
	 */
	Mono<Map<String, String>> variables() {
		return OwnSql.variables(this.raw)
			.flatMap((result) -> result.map((row, metadata) -> OwnSql.values(row, metadata)))
			.next();
	}

	/**
	 * Ask the server how it would execute a statement.
	 * @param statement the statement, with its values
	 * @return a mono of a line for each step, without values
	 */
	Mono<List<String>> explain(ExecutedStatement statement) {
		return Flux
			.defer(() -> new GuardedStatement(Explain.statement(this.raw, statement), this.line, TransactionText.PLAIN,
					(values) -> null, null)
				.execute())
			.concatMap((result) -> result.map((row, metadata) -> Explain.line(row, metadata)))
			.collectList();
	}

	/**
	 * Ask the server how it stands. The question is the application's own, of which
	 * decorators need not know.
	 * @return a mono of the answer; it fails where there is none
	 */
	Mono<ServerState> look() {
		return Mono.defer(() -> {
			long start = System.nanoTime();
			Mono<Optional<Boolean>> question = (this.raw instanceof MySqlConnection) ? readOnly()
					: Server.validate(this.raw).thenReturn(Optional.empty());
			return Exchange.probe(this.line, question).map((readOnly) -> {
				SSLSession tls = this.wire.tls();
				return new ServerState(readOnly.orElse(null), (tls != null) ? tls.getProtocol() : null,
						(tls != null) ? tls.getCipherSuite() : null, Duration.ofNanos(System.nanoTime() - start));
			});
		});
	}

	// A proxy may not know the variables; its refusal is an answer nevertheless.
	private Mono<Optional<Boolean>> readOnly() {
		return OwnSql.readOnly(this.raw)
			.flatMap((result) -> result
				.map((Readable row) -> Optional.ofNullable(row.get(0, Long.class)).map((sum) -> sum > 0)))
			.next()
			.onErrorResume((ex) -> ex instanceof R2dbcException failure && failure.getErrorCode() > 0,
					(ex) -> Mono.just(Optional.empty()));
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
		boolean idle = this.line.endLease();
		if (idle && this.raw.isAutoCommit() && this.sessionGuard.isClean() && !this.line.hasFailed()
				&& this.transactionGuard.isIdle()) {
			return Mono.empty();
		}
		Duration limit = this.server.settings().pool().maxReleaseTime();
		return settle().then(Mono.defer(this::learnState))
			.then(Mono.defer(this::endTransaction))
			.then(Mono.defer(() -> this.sessionGuard.isStained() ? Mono.empty() : this.sessionGuard.restore()))
			.timeout(limit)
			.onErrorMap(TimeoutException.class, (ex) -> {
				cut();
				return new R2dbcTimeoutException(
						"The connection was still busy %d ms (%s.pool.max-release-time) after it was given back, and was cut"
							.formatted(limit.toMillis(), this.server.prefix()),
						ex);
			})
			.then(Mono.defer(this::refuseToStay))
			.then(Mono.fromRunnable(this.transactionGuard::released));
	}

	private Mono<Void> settle() {
		this.line.withdrawAll().forEach((exchange) -> exchange.refuse(this.watchdog.tooLate()));
		Exchange<?> active = this.line.active();
		if (active != null && active.isForgotten()) {
			active.discardUntouched();
		}
		return this.line.idle();
	}

	private Mono<Void> learnState() {
		return this.line.takeFailure() ? Server.validate(this.raw) : Mono.empty();
	}

	private Mono<Void> endTransaction() {
		if (this.raw.isAutoCommit()) {
			return Mono.empty();
		}
		// A decorator that does not show what it has wrapped hides the driver's own step.
		return Mono.from((this.lifecycle != null) ? this.lifecycle.preRelease() : this.raw.rollbackTransaction());
	}

	// The pool closes a connection whose preparation for release fails.
	private Mono<Void> refuseToStay() {
		if (this.wire.isCut()) {
			return Mono.error(() -> TransactionGuard.lost(Kind.STATEMENT, null));
		}
		if (this.transactionGuard.areWritesRefused()) {
			endsBecause(EndReason.READ_ONLY);
			return Mono.error(() -> new R2dbcTransientResourceException(
					"The server takes no writes, and its connection is not lent again"));
		}
		if (!this.sessionGuard.isStained()) {
			return Mono.empty();
		}
		this.sessionGuard.tell();
		endsBecause(EndReason.SESSION_CHANGED);
		return Mono.error(new R2dbcTransientResourceException("The session was changed and is not lent again"));
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
		this.transactionGuard.released();
		if (this.wire.isOpen()) {
			endsBecause(EndReason.CLOSED);
		}
		this.givenBack = true;
		this.line.endLease();
		Exchange<?> active = this.line.active();
		if (active != null && active.isProbeInVain()) {
			this.wire.cut();
			return Mono.empty();
		}
		// A KILL that meets the goodbye would make it one of an aborted client.
		return settle().then(Mono.defer(() -> Mono.from(this.delegate.close())))
			.timeout(this.server.settings().pool().maxCloseTime())
			.onErrorResume((ex) -> {
				logger.debug("A connection could not be closed politely and is cut", ex);
				return Mono.empty();
			})
			.then(Mono.fromRunnable(this.wire::cut));
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

	// The server does it where the connection is lost. Spring rolls back after a commit
	// that
	// has failed as well, and a failure here would take the place of an unknown outcome.
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
