package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

import dev.asyncmysql.ConnectionSettings.Pool;
import dev.asyncmysql.ConnectionSettings.ReuseOrder;
import dev.asyncmysql.InvalidSettingsException;
import dev.asyncmysql.PoolCustomizer;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.pool.ConnectionPoolException;
import io.r2dbc.pool.PoolMetrics;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.ValidationDepth;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.pool.PoolAcquirePendingLimitException;
import reactor.pool.PoolBuilder;
import reactor.pool.PoolConfig;
import reactor.pool.PoolShutdownException;

/**
 * The pool with the limits and answers that r2dbc-pool leaves open: a caller waits no
 * longer than the acquire limit, retries included, and is told why it waited in vain;
 * dead connections are never lent; the idle minimum is restored; closing is bounded in
 * time.
 */
final class GuardedPool extends ConnectionPool implements PoolUsage.Source {

	private static final Log logger = LogFactory.getLog(GuardedPool.class);

	private static final Duration LEAK_INSPECTION_INTERVAL = Duration.ofMillis(100);

	private final Pool settings;

	private final Server server;

	private final String prefix;

	private final Mono<Connection> acquire;

	private final Disposable.Composite tasks = Disposables.composite();

	private GuardedPool(Pool settings, ConnectionPoolConfiguration configuration, Server server, String prefix) {
		super(configuration);
		this.settings = settings;
		this.server = server;
		this.prefix = prefix;
		this.acquire = Handover.of(
				super.create().map((pooled) -> new LentConnection(pooled, server.leakWatch(), server.listeners())),
				new Handover.Terms(settings.maxAcquireTime(), settings.acquireRetry(), GuardedPool::isWorthRetry,
						this::explain, server.listeners()));
	}

	static ConnectionPool create(Server server, List<PoolCustomizer> customizers) {
		Pool settings = server.settings().pool();
		String prefix = server.prefix();
		ConnectionPoolConfiguration.Builder configuration = ConnectionPoolConfiguration.builder(server.connections())
			.name(settings.name())
			.registerJmx(settings.registerJmx())
			.maxSize(settings.maxSize())
			.minIdle(settings.minIdle())
			.initialSize(settings.minIdle())
			.maxIdleTime(settings.maxIdleTime())
			.maxLifeTime(settings.maxLifeTime())
			.maxValidationTime(validationLimit(settings))
			.validationDepth(settings.validationDepth());
		if (settings.validationQuery() != null) {
			configuration.validationQuery(settings.validationQuery());
		}
		customizers.forEach((customizer) -> customizer.customizeConfiguration(configuration));
		// The handover does both, and the pool's own may release a connection twice.
		configuration.acquireRetry(0).maxAcquireTime(ConnectionPoolConfiguration.NO_TIMEOUT);
		configuration.customizer((builder) -> {
			apply(server, builder);
			customizers.forEach((customizer) -> customizer.customizePoolBuilder(builder));
		});
		try {
			GuardedPool pool = new GuardedPool(settings, configuration.build(), server, prefix);
			pool.startRefill();
			pool.startLeakWatch();
			return pool;
		}
		catch (ConnectionPoolException ex) {
			InvalidSettingsException invalid = new InvalidSettingsException(prefix + ".pool.name",
					"a pool named '" + settings.name() + "' cannot be registered in JMX",
					"Give each pool in this JVM a name of its own, or remove " + prefix + ".pool.register-jmx.");
			invalid.initCause(ex);
			throw invalid;
		}
	}

	// A validation that outlived the acquire limit would put an unanswering connection
	// back, to be lent again. One that asks nobody needs no timer at each acquire.
	private static Duration validationLimit(Pool settings) {
		if (settings.validationDepth() == ValidationDepth.LOCAL && settings.validationQuery() == null) {
			return ConnectionPoolConfiguration.NO_TIMEOUT;
		}
		Duration half = settings.maxAcquireTime().dividedBy(2);
		return (settings.maxValidationTime().compareTo(half) > 0) ? half : settings.maxValidationTime();
	}

	private static void apply(Server server,
			PoolBuilder<Connection, ? extends PoolConfig<? extends Connection>> builder) {
		Pool settings = server.settings().pool();
		int parallelism = Math.min(settings.warmupParallelism(), Math.max(1, settings.minIdle()));
		Eviction eviction = new Eviction(settings.maxIdleTime(), settings.maxLifeTime(), settings.lifeTimeJitter());
		builder.sizeBetween(settings.minIdle(), settings.maxSize(), parallelism)
			.maxPendingAcquire(settings.maxPendingAcquire())
			.evictionPredicate(
					(connection, pooled) -> eviction.isOver(connection, pooled.idleTime(), pooled.lifeTime()))
			.evictInBackground(settings.backgroundEvictionInterval(), server.idleLimit().rounds())
			.idleResourceReuseOrder(settings.reuseOrder() == ReuseOrder.LEAST_RECENTLY_USED);
	}

	/**
	 * Obtain a connection within the acquire limit.
	 * @return a mono of a connection; it fails with {@link R2dbcTimeoutException} when
	 * none became free in time, with {@link R2dbcTransientResourceException} when too
	 * many callers wait already, with {@link R2dbcNonTransientResourceException} when the
	 * pool is closed, and with the driver's exception when none could be opened
	 */
	@Override
	public Mono<Connection> create() {
		LeakWatch watch = this.server.leakWatch();
		return (watch != null && watch.isWithCallSite()) ? CallSite.note(this.acquire) : this.acquire;
	}

	// What another attempt cannot change is told at once: a refused login, a missing
	// schema, a full or closed pool.
	private static boolean isWorthRetry(Throwable ex) {
		return !(ex instanceof R2dbcPermissionDeniedException || ex instanceof R2dbcBadGrammarException
				|| ex instanceof PoolAcquirePendingLimitException || ex instanceof PoolShutdownException);
	}

	private Throwable explain(Throwable ex) {
		if (ex instanceof TimeoutException) {
			boolean exhausted = usage().filter(PoolUsage::isSaturated).isPresent();
			Throwable failure = exhausted ? null : this.server.recentFailure(this.settings.maxAcquireTime());
			return new R2dbcTimeoutException("No connection within %d ms (%s.pool.max-acquire-time): %s. %s".formatted(
					this.settings.maxAcquireTime().toMillis(), this.prefix, figures(), advice(exhausted, failure)),
					(failure != null) ? failure : ex);
		}
		if (ex instanceof PoolAcquirePendingLimitException) {
			return new R2dbcTransientResourceException(
					"No more callers may wait for a connection (%s.pool.max-pending-acquire): %s. Send fewer requests, or raise %s.pool.max-size"
						.formatted(this.prefix, figures(), this.prefix),
					ex);
		}
		if (ex instanceof PoolShutdownException) {
			return new R2dbcNonTransientResourceException("The connection pool is closed: the application is stopping",
					ex);
		}
		return ex;
	}

	private String advice(boolean exhausted, @Nullable Throwable failure) {
		if (exhausted) {
			return "Find what holds connections for long, or raise " + this.prefix + ".pool.max-size";
		}
		return (failure != null) ? "The last attempt to open one failed: " + failure.getMessage()
				: "The server does not let new connections in, or does so slowly";
	}

	@Override
	public Optional<PoolUsage> usage() {
		return getMetrics().map((metrics) -> new PoolUsage(metrics.acquiredSize(), metrics.idleSize(),
				metrics.pendingAcquireSize(), metrics.getMaxAllocatedSize()));
	}

	private String figures() {
		return usage()
			.map((usage) -> "%d of %d connections are in use, %d callers wait".formatted(usage.acquired(),
					usage.maximum(), usage.pending()))
			.orElse("no figures");
	}

	/**
	 * Open the initial connections.
	 * @return a mono of the number of connections that were opened; it fails when one
	 * could not be
	 */
	@Override
	public Mono<Integer> warmup() {
		return Mono.defer(() -> {
			int before = allocated();
			return Flux.range(0, Math.max(this.settings.initialSize(), this.settings.minIdle()))
				.flatMap((index) -> create(), this.settings.warmupParallelism())
				.collectList()
				.doOnDiscard(Connection.class, (connection) -> Mono.from(connection.close()).subscribe())
				.flatMap((connections) -> Flux.fromIterable(connections)
					.flatMap(Connection::close)
					.then(Mono.fromSupplier(() -> Math.max(0, allocated() - before))));
		});
	}

	private int allocated() {
		return getMetrics().map(PoolMetrics::allocatedSize).orElse(0);
	}

	// r2dbc-pool fills the pool up to the minimum once, and not again after an eviction
	// or
	// when a server that was away is back.
	private void startRefill() {
		if (this.settings.minIdle() > 0) {
			this.tasks.add(Flux.interval(this.settings.backgroundEvictionInterval())
				.onBackpressureDrop()
				.concatMap((tick) -> super.warmup().onErrorResume((ex) -> {
					logger.debug("The idle minimum could not be restored, the next attempt follows", ex);
					return Mono.empty();
				}), 1)
				.subscribe());
		}
	}

	private void startLeakWatch() {
		LeakWatch watch = this.server.leakWatch();
		if (watch != null) {
			this.tasks.add(Flux.interval(LEAK_INSPECTION_INTERVAL)
				.onBackpressureDrop()
				.subscribe((tick) -> watch.inspect(System.nanoTime())));
		}
	}

	@Override
	public Mono<Void> disposeLater() {
		return Mono.defer(() -> {
			this.tasks.dispose();
			return super.disposeLater();
		});
	}

	/**
	 * Close all connections and wait for it, but no longer than the close limit and never
	 * on an event loop.
	 */
	@Override
	public void dispose() {
		Shutdown.await(disposeLater(), this.settings.maxCloseTime(), "The connection pool");
	}

}
