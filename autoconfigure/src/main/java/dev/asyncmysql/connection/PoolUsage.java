package dev.asyncmysql.connection;

import java.util.Optional;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.PoolMetrics;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Wrapped;

/**
 * How a pool stood at one moment.
 *
 * @param acquired number of connections that are lent
 * @param idle number of connections that wait to be lent
 * @param pending number of callers that wait for a connection
 * @param maximum number of connections that the pool may hold
 */
public record PoolUsage(int acquired, int idle, int pending, int maximum) {

	/**
	 * Return how the pool behind a factory stands.
	 * @param factory the factory
	 * @return the figures, empty where there is no pool
	 */
	public static Optional<PoolUsage> of(ConnectionFactory factory) {
		return pool(factory).flatMap(ConnectionPool::getMetrics).map(PoolUsage::of);
	}

	private static Optional<ConnectionPool> pool(Object candidate) {
		if (candidate instanceof ConnectionPool pool) {
			return Optional.of(pool);
		}
		return (candidate instanceof Wrapped<?> wrapped) ? pool(wrapped.unwrap()) : Optional.empty();
	}

	private static PoolUsage of(PoolMetrics metrics) {
		return new PoolUsage(metrics.acquiredSize(), metrics.idleSize(), metrics.pendingAcquireSize(),
				metrics.getMaxAllocatedSize());
	}

	/**
	 * Return whether a caller would have to wait for another to give a connection back.
	 * @return {@code true} where all connections are lent
	 */
	public boolean isSaturated() {
		return this.acquired >= this.maximum;
	}

}
