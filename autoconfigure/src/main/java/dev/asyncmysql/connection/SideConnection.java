package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.function.Function;

import io.r2dbc.spi.Connection;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.pool.InstrumentedPool;
import reactor.pool.PoolBuilder;
import reactor.pool.PooledRef;

/**
 * One connection beside the pool, opened when it is needed, shared by all who need it,
 * and closed when nobody did for a while. One that fails its user is thrown away.
 */
final class SideConnection {

	private static final Log logger = LogFactory.getLog(SideConnection.class);

	/** Longer than the usual interval of probes, ten seconds to half a minute. */
	private static final Duration IDLE = Duration.ofMinutes(1);

	private final InstrumentedPool<Connection> pool;

	private final Duration closeLimit;

	private volatile @Nullable Connection last;

	SideConnection(Mono<Connection> source, Duration closeLimit, Scheduler rounds) {
		this.closeLimit = closeLimit;
		// As in r2dbc-pool: one that is opened from an event loop would be pinned to it.
		this.pool = PoolBuilder
			.from(source.subscribeOn(Schedulers.single()).doOnNext((connection) -> this.last = connection))
			.sizeBetween(0, 1)
			.evictionPredicate(new Eviction(IDLE, Duration.ofMillis(-1), 0))
			.evictInBackground(IDLE.dividedBy(2), rounds)
			.destroyHandler(Connection::close)
			.buildPool();
	}

	/**
	 * Do something by the connection.
	 * @param action what to do; cancelled when its time is over
	 * @param limit the time to wait, for others and opening included
	 * @param <T> the type of the answer
	 * @return a mono of the action's answer; it fails with
	 * {@link java.util.concurrent.TimeoutException} after the limit
	 */
	<T> Mono<T> use(Function<Connection, Mono<T>> action, Duration limit) {
		return Mono
			.usingWhen(this.pool.acquire(), (lent) -> action.apply(lent.poolable()), PooledRef::release,
					(lent, ex) -> discard(lent), SideConnection::discard)
			.timeout(limit);
	}

	// In the background: whoever waited in vain shall not wait for a goodbye as well.
	private static Mono<Void> discard(PooledRef<Connection> lent) {
		return Mono.fromRunnable(() -> lent.invalidate()
			.subscribe(null, (ex) -> logger.debug("A side connection could not be closed politely", ex)));
	}

	// The pool does not wait for one in use.
	private Mono<Void> closeLast() {
		Connection connection = this.last;
		return (connection != null) ? Mono.from(connection.close()) : Mono.empty();
	}

	void dispose() {
		Shutdown.await(this.pool.disposeLater().then(Mono.defer(this::closeLast)), this.closeLimit,
				"The side connection");
	}

}
