package dev.asyncmysql.connection;

import java.util.Optional;

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
	 * @return the figures, empty where there is no pool, or it is not of
	 * {@link MySqlConnectionFactories#pooled}
	 */
	public static Optional<PoolUsage> of(ConnectionFactory factory) {
		return find(factory);
	}

	private static Optional<PoolUsage> find(Object candidate) {
		if (candidate instanceof Source source) {
			return source.usage();
		}
		return (candidate instanceof Wrapped<?> wrapped) ? find(wrapped.unwrap()) : Optional.empty();
	}

	/**
	 * Return whether a caller would have to wait for another to give a connection back.
	 * @return {@code true} where all connections are lent
	 */
	public boolean isSaturated() {
		return this.acquired >= this.maximum;
	}

	/**
	 * A pool. So that nothing but the pool itself needs the pool's library.
	 */
	interface Source {

		/**
		 * Return how the pool stands.
		 * @return the figures, empty where it does not tell
		 */
		Optional<PoolUsage> usage();

	}

}
