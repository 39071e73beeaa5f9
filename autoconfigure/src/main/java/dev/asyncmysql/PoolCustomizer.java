package dev.asyncmysql;

import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import reactor.pool.PoolBuilder;
import reactor.pool.PoolConfig;

/**
 * Changes the pool beyond what {@code async-mysql.pool} offers, with objects that no
 * property can carry: a metrics recorder, a clock, hooks on allocation and release.
 * Declare it as a bean; several are called in order.
 */
public interface PoolCustomizer {

	/**
	 * Change the configuration of the pool, after the properties were applied to it: its
	 * clock, metrics recorder, hooks on allocation and release, limits of acquiring,
	 * creating and validating. Sizes, idle time and life time stay those of the
	 * properties, but for the acquire limit and its retries, which are the starter's own
	 * (properties {@code max-acquire-time} and {@code acquire-retry}). A call of
	 * {@link ConnectionPoolConfiguration.Builder#customizer} has no effect here: see
	 * {@link #customizePoolBuilder(PoolBuilder)}.
	 * @param configuration the configuration to change
	 */
	default void customizeConfiguration(ConnectionPoolConfiguration.Builder configuration) {
	}

	/**
	 * Change the builder of the pool that r2dbc-pool stands on, as the last step. To
	 * replace the eviction predicate here gives up the check for dead connections, the
	 * idle and the life time.
	 * @param builder the builder to change
	 */
	default void customizePoolBuilder(PoolBuilder<Connection, ? extends PoolConfig<? extends Connection>> builder) {
	}

}
