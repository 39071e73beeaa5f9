package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.ConnectionSettings.AfterProcedure;
import dev.asyncmysql.ConnectionSettings.RetryOn;
import dev.asyncmysql.connection.ConnectionListener.RetryOutcome;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.ValidationDepth;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * One MySQL server as this application knows it: it opens the connections, remembers what
 * the server is and when it last answered, and keeps one side connection for what must
 * not wait behind the application's own statements. All methods may be called from any
 * thread, and none blocks but {@link #dispose()}.
 */
public final class Server {

	private static final Log logger = LogFactory.getLog(Server.class);

	/**
	 * What a living server refuses a further connection with: too many connections
	 * (1040), too many of this user (1203, 1226). From the MySQL error message reference.
	 */
	private static final Set<Integer> NO_ROOM = Set.of(1040, 1203, 1226);

	private static final Duration GRACE = Duration.ofMillis(500);

	/**
	 * A server that takes no writes on purpose would lose its pool with each that is
	 * refused. A failover takes seconds to some minutes, until which new connections may
	 * lead to the same server.
	 */
	private static final Duration READ_ONLY_INTERVAL = Duration.ofSeconds(30);

	private final ConnectionSettings settings;

	private final String prefix;

	private final BoundedConnectionFactory connections;

	private final IdleLimit idleLimit;

	private final OpenConnections open = new OpenConnections();

	private final ConnectionListeners listeners = new ConnectionListeners();

	private final EventLoops eventLoops = new EventLoops();

	private final SideConnection side;

	private final Watch watch = new Watch();

	private final @Nullable LeakWatch leakWatch;

	private final AtomicBoolean stained = new AtomicBoolean();

	private final AtomicBoolean nameless = new AtomicBoolean();

	private final AtomicInteger generation = new AtomicInteger();

	private volatile int evicted;

	private volatile long foundReadOnly = System.nanoTime() - Long.MAX_VALUE / 2;

	private volatile @Nullable Failure lastFailure;

	private volatile @Nullable ServerVersion version;

	private volatile long lastAnswer = System.nanoTime() - Long.MAX_VALUE / 2;

	Server(ConnectionSettings settings, ConnectionFactory factory, String prefix) {
		this.settings = settings;
		this.prefix = prefix;
		this.connections = new BoundedConnectionFactory(factory, this);
		this.idleLimit = new IdleLimit(settings.pool(), prefix);
		this.side = new SideConnection(this.connections.open().cast(Connection.class), settings.pool().maxCloseTime(),
				this.idleLimit.rounds());
		Duration threshold = settings.pool().leakDetectionThreshold();
		this.leakWatch = (threshold != null) ? new LeakWatch(threshold, settings.pool().leakDetectionCallSite(), prefix)
				: null;
	}

	/**
	 * Return what the server said of itself.
	 * @return product and version, or {@code null} before the first connection
	 */
	public @Nullable ServerVersion version() {
		return this.version;
	}

	/**
	 * Open no further connection for the application, and wait until those that it uses
	 * are closed. Those that a pool keeps have to be closed by it.
	 * @return a mono that completes then, however long it takes
	 */
	public Mono<Void> drain() {
		return this.open.drained();
	}

	/**
	 * Close all connections and wait for it, no longer than the close limit. Those that
	 * the application still uses end as well, and the server rolls back what they have
	 * not committed.
	 */
	public void dispose() {
		Duration limit = this.settings.pool().maxCloseTime();
		// Each connection has that limit for its goodbye and is cut after it.
		Shutdown.await(this.open.close(), limit.plus(GRACE), "Connections that were in use");
		this.watch.stop();
		this.side.dispose();
	}

	/**
	 * Return how many connections of the pool were held for longer than
	 * {@code leak-detection-threshold} so far.
	 * @return a number that only grows, and stays zero without a threshold
	 */
	public long leaks() {
		return (this.leakWatch != null) ? this.leakWatch.leaks() : 0;
	}

	/**
	 * Return how the connections of the application stand. Those that the starter opens
	 * for its own questions are left out.
	 * @return one entry for each, in no order
	 */
	public List<ConnectionInfo> connectionInfos() {
		return this.open.infos();
	}

	/**
	 * Return what tells how long the present caller of a connection has waited for it.
	 * @param driver the driver's own connection
	 * @return what tells nanoseconds, or nothing where the connection is none of the
	 * application's
	 */
	public Optional<LongSupplier> waitFor(Connection driver) {
		return this.open.guarding(driver).map((connection) -> connection::waited);
	}

	/**
	 * Ask the server for the variables that matter to its clients, by the side
	 * connection.
	 * @param limit the time to wait, opening included
	 * @return a mono of names and values; it fails where the server does not answer
	 */
	public Mono<Map<String, String>> variables(Duration limit) {
		return this.side.use((connection) -> ((GuardedConnection) connection).inquiries().variables(), limit);
	}

	/**
	 * Ask the server how it would execute a statement, by a connection that is opened for
	 * it and closed afterwards.
	 * @param statement the statement, with its values
	 * @param limit the time to wait for the connection, and for the answer
	 * @return a mono of a line for each step, without values, that comes when the
	 * connection is closed; it fails where the server does not answer, or cannot explain
	 * it
	 */
	public Mono<List<String>> explain(ExecutedStatement statement, Duration limit) {
		Mono<Connection> opened = this.open
			.admit(TimeLimit.within(this.connections.open().cast(Connection.class), limit));
		Mono<List<String>> plan = Mono.usingWhen(opened,
				(connection) -> ((GuardedConnection) connection).inquiries().explain(statement).timeout(limit),
				Connection::close);
		return Mono.defer(() -> this.open.isDraining() ? Mono.empty() : plan);
	}

	/**
	 * Return what to say of a server that nobody verifies.
	 * @return a sentence or two, or {@code null} where nothing is to be said
	 */
	public @Nullable String tlsAdvice() {
		return Tls.advice(this.settings, this.prefix);
	}

	/**
	 * Return what to say where the server closes idle connections before the pool does,
	 * as far as its connections have told.
	 * @return a sentence or two, or {@code null} where nothing is to be said
	 */
	public @Nullable String idleTimeAdvice() {
		return this.idleLimit.advice();
	}

	/**
	 * Have all connections that are open replaced: those in use when they are given back,
	 * the others before they are lent again.
	 */
	public void replaceConnections() {
		this.evicted = this.generation.incrementAndGet();
	}

	/**
	 * Return which generations somebody has asked to be replaced.
	 * @return the first generation that may stay
	 */
	int evictedBefore() {
		return this.evicted;
	}

	/**
	 * Let somebody hear of the connections from now on.
	 * @param listener who is told
	 */
	public void addListener(ConnectionListener listener) {
		this.listeners.add(listener);
	}

	/**
	 * Tell somebody no more.
	 * @param listener who is told no more
	 */
	public void removeListener(ConnectionListener listener) {
		this.listeners.remove(listener);
	}

	/**
	 * Tell the listeners that a transaction has failed in a way that another attempt may
	 * not.
	 * @param reason how
	 * @param outcome whether there is another attempt
	 */
	public void retried(RetryOn reason, RetryOutcome outcome) {
		this.listeners.tell((listener) -> listener.retried(reason, outcome));
	}

	ConnectionListeners listeners() {
		return this.listeners;
	}

	/**
	 * Return the event loops that serve the connections.
	 * @return what counts them, from the first connection on
	 */
	public EventLoops eventLoops() {
		return this.eventLoops;
	}

	@Nullable LeakWatch leakWatch() {
		return this.leakWatch;
	}

	IdleLimit idleLimit() {
		return this.idleLimit;
	}

	ConnectionSettings settings() {
		return this.settings;
	}

	String prefix() {
		return this.prefix;
	}

	/**
	 * Return whether the connections in use are being closed, as the application ends.
	 * @return {@code false} while they may still be used
	 */
	boolean isStopping() {
		return this.open.isClosed();
	}

	OpenConnections openConnections() {
		return this.open;
	}

	BoundedConnectionFactory connections() {
		return this.connections;
	}

	/**
	 * Ask the server for a sign of life by the side connection.
	 * @param limit the time to wait, opening included
	 * @return a mono that completes with the answer, or fails with the reason for none
	 */
	Mono<Void> ask(Duration limit) {
		return this.side.use(Server::validate, limit)
			.doOnSuccess((answer) -> answered())
			.doOnError(Server::isOutOfRoom, (ex) -> answered());
	}

	/**
	 * End the statement that a session runs.
	 * @param session the session
	 * @param limit the time to wait, opening the side connection included
	 * @return a mono that completes when the server has acknowledged; it fails where it
	 * did not
	 */
	Mono<Void> kill(Session session, Duration limit) {
		return this.side.use((connection) -> ((GuardedConnection) connection).inquiries().kill(session), limit)
			.doOnSuccess((done) -> this.listeners.tell((listener) -> listener.killed(true)))
			.doOnError((ex) -> this.listeners.tell((listener) -> listener.killed(false)));
	}

	/**
	 * Ask the server how it stands, by a connection of the application.
	 * @param connection the connection
	 * @return a mono of the answer, empty where it is a sign of life alone; it fails
	 * where there is none
	 */
	Mono<ServerState> look(Connection connection) {
		Connection own = (connection instanceof LentConnection lent) ? lent.unwrap() : connection;
		Mono<ServerState> answer = (own instanceof GuardedConnection guarded) ? guarded.inquiries().look()
				: validate(connection).then(Mono.empty());
		return answer.doOnSuccess((done) -> answered());
	}

	/**
	 * Ask the server for a sign of life by a given connection.
	 * @param connection the connection
	 * @return a mono that completes with the answer, or fails where there is none
	 */
	static Mono<Void> validate(Connection connection) {
		return Mono.from(connection.validate(ValidationDepth.REMOTE))
			.filter(Boolean::booleanValue)
			.switchIfEmpty(Mono.error(() -> new R2dbcNonTransientResourceException("The connection is dead")))
			.then();
	}

	/**
	 * Return whether a living server has no room for a further connection.
	 * @param ex what the attempt to open one failed with
	 * @return {@code false} for any other failure
	 */
	static boolean isOutOfRoom(Throwable ex) {
		return ex instanceof R2dbcException failure && NO_ROOM.contains(failure.getErrorCode());
	}

	void opened(GuardedConnection connection) {
		connection.count(this.eventLoops);
		this.watch.add(connection);
		connection.tenure().watch();
		Duration waitTimeout = connection.session().waitTimeout();
		if (waitTimeout != null) {
			this.idleLimit.learn(waitTimeout);
		}
		if (connection.session().id() == null && this.settings.cancel().killQuery()
				&& this.nameless.compareAndSet(false, true)) {
			logger.warn(
					"%s does not tell the identifiers of its sessions, or a ConnectionFactoryDecorator hides them by connections that are not Wrapped: statements whose callers go away cost their connection instead of a KILL QUERY"
						.formatted(this.settings.location()));
		}
		this.lastFailure = null;
		this.version = ServerVersion.of(connection.getMetadata().getDatabaseVersion());
		answered();
	}

	/**
	 * Return the generation of the connections that are opened now.
	 * @return a number that grows with each death, or refusal of writes, that is news
	 */
	int generation() {
		return this.generation.get();
	}

	/**
	 * Note that a connection is dead that was not ended here. The first death of a
	 * generation ends it; the others, which may be found much later, tell nothing of
	 * those that were opened since.
	 * @param generation the generation of the connection
	 */
	void foundDead(int generation) {
		if (this.generation.compareAndSet(generation, generation + 1)) {
			logger.info("A connection to %s was ended by the other side; all that were opened before are replaced"
				.formatted(this.settings.location()));
			this.listeners.tell(ConnectionListener::serverLost);
		}
	}

	/**
	 * Note that a write was refused by a server that takes none, as after a failover: the
	 * other connections of its time lead there as well. It ends their generation, as a
	 * death does, but not again within {@link #READ_ONLY_INTERVAL}.
	 * @param generation the generation of the connection
	 * @param now the time, as of {@link System#nanoTime()}
	 */
	void foundReadOnly(int generation, long now) {
		if (now - this.foundReadOnly >= READ_ONLY_INTERVAL.toNanos()
				&& this.generation.compareAndSet(generation, generation + 1)) {
			this.foundReadOnly = now;
			logger.info("%s takes no writes; all connections that were opened before are replaced"
				.formatted(this.settings.location()));
		}
	}

	/**
	 * Note that a connection is open for the application.
	 * @param connection the connection
	 * @param nanos how long that took
	 */
	void admitted(GuardedConnection connection, long nanos) {
		connection.admitted();
		this.listeners.tell((listener) -> listener.opened(nanos));
		connection.whenEnded((reason) -> this.listeners.tell((listener) -> listener.ended(reason)));
	}

	/**
	 * Note that no connection could be opened for the application.
	 * @param ex the reason
	 * @param nanos how long the attempt took
	 */
	void failed(Throwable ex, long nanos) {
		this.lastFailure = new Failure(ex, System.nanoTime());
		this.listeners.tell((listener) -> listener.notOpened(nanos));
	}

	/**
	 * Return whether a session in which a procedure was called may not be lent again.
	 * @return {@code false} where procedures are trusted to leave it as it was
	 */
	boolean distrustsProcedures() {
		return this.settings.pool().afterProcedure() == AfterProcedure.DISCARD;
	}

	/**
	 * Return whether no session was changed before, as far as callers of this method
	 * know.
	 * @return {@code true} once
	 */
	boolean isFirstStain() {
		return this.stained.compareAndSet(false, true);
	}

	/**
	 * Return why the last attempt to open a connection for the application failed.
	 * @param age how long ago that may be
	 * @return the failure, or {@code null} where it was longer ago or a connection was
	 * opened since
	 */
	@Nullable Throwable recentFailure(Duration age) {
		Failure failure = this.lastFailure;
		return (failure != null && System.nanoTime() - failure.time <= age.toNanos()) ? failure.reason : null;
	}

	/**
	 * Note that the server has answered something just now.
	 */
	void answered() {
		this.lastAnswer = System.nanoTime();
	}

	boolean hasAnsweredWithin(Duration age) {
		return System.nanoTime() - this.lastAnswer <= age.toNanos();
	}

	/**
	 * A failure and when it was.
	 */
	private record Failure(Throwable reason, long time) {

	}

}
