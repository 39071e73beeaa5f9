package dev.asyncmysql.observability;

import java.time.Duration;
import java.util.List;

import io.micrometer.common.docs.KeyName;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.docs.MeterDocumentation;

/**
 * The meters that are recorded of each connection factory. The tables of the
 * documentation are held to this type by a test.
 */
public enum ConnectionMeter implements MeterDocumentation {

	/**
	 * How long callers waited for a connection of the pool.
	 */
	ACQUIRE("asyncmysql.connections.acquire", Meter.Type.TIMER, "How long callers waited for a connection of the pool",
			Key.OUTCOME),

	/**
	 * Callers that got no connection within the limit.
	 */
	ACQUIRE_TIMEOUTS("asyncmysql.connections.acquire.timeouts", Meter.Type.COUNTER,
			"Callers that got no connection within pool.max-acquire-time"),

	/**
	 * How long it took to open a connection.
	 */
	CREATE("asyncmysql.connections.create", Meter.Type.TIMER, "How long it took to open a connection, log in included",
			Key.OUTCOME),

	/**
	 * How long callers had a connection of the pool.
	 */
	USE("asyncmysql.connections.use", Meter.Type.TIMER, "How long callers had a connection of the pool"),

	/**
	 * Connections that have ended.
	 */
	ENDED("asyncmysql.connections.ended", Meter.Type.COUNTER, "Connections that have ended", Key.REASON),

	/**
	 * Times that the server was found to have ended a connection.
	 */
	RECONNECTS("asyncmysql.connections.reconnects", Meter.Type.COUNTER,
			"Times that a connection was found dead, so that all that were opened before are replaced"),

	/**
	 * Connections that were held for too long.
	 */
	LEAKED("asyncmysql.connections.leaked", Meter.Type.COUNTER,
			"Connections that were held for longer than pool.leak-detection-threshold"),

	/**
	 * Connections that each event loop serves.
	 */
	EVENT_LOOP("asyncmysql.event.loop.connections", Meter.Type.GAUGE,
			"Open connections that the event loop serves, the side connection included", Key.EVENT_LOOP),

	/**
	 * How long transactions took.
	 */
	TRANSACTIONS("asyncmysql.transactions", Meter.Type.TIMER,
			"How long transactions took, from their begin to the server's answer", Key.TRANSACTION, Key.OUTCOME),

	/**
	 * Transactions that another attempt may help.
	 */
	RETRIES("asyncmysql.transactions.retries", Meter.Type.COUNTER,
			"Transactions that have failed in a way that another attempt may not", Key.REASON, Key.OUTCOME),

	/**
	 * Statements whose callers have gone.
	 */
	CANCELLED("asyncmysql.statements.cancelled", Meter.Type.COUNTER,
			"Statements whose callers have gone before the end of the answer"),

	/**
	 * Statements that are logged as slow, those that the log has no room for included.
	 */
	SLOW("asyncmysql.statements.slow", Meter.Type.COUNTER, "Statements that took slow-query.threshold or longer"),

	/**
	 * Statements that were to be ended at the server.
	 */
	KILLS("asyncmysql.statements.kills", Meter.Type.COUNTER,
			"Times that the server was asked by KILL QUERY to end a statement", Key.OUTCOME),

	/**
	 * Transactions that the server has rolled back for a deadlock.
	 */
	DEADLOCKS("asyncmysql.deadlocks", Meter.Type.COUNTER, "Statements that have failed because of a deadlock (1213)"),

	/**
	 * Statements that have not got a lock.
	 */
	LOCK_WAIT_TIMEOUTS("asyncmysql.lock.wait.timeouts", Meter.Type.COUNTER,
			"Statements that got no lock in time (1205), or at once where they asked so (3572)");

	/** Enough for a quantile that tells microseconds from milliseconds and seconds. */
	private static final List<Duration> BUCKETS = List.of(Duration.ofNanos(100_000), Duration.ofMillis(1),
			Duration.ofMillis(5), Duration.ofMillis(10), Duration.ofMillis(50), Duration.ofMillis(100),
			Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofSeconds(10));

	private final String name;

	private final Meter.Type type;

	private final String description;

	private final KeyName[] keys;

	ConnectionMeter(String name, Meter.Type type, String description, Key... more) {
		this.name = name;
		this.type = type;
		this.description = description;
		this.keys = new KeyName[more.length + 1];
		this.keys[0] = Key.NAME;
		System.arraycopy(more, 0, this.keys, 1, more.length);
	}

	@Override
	public String getName() {
		return this.name;
	}

	@Override
	public Meter.Type getType() {
		return this.type;
	}

	@Override
	public KeyName[] getKeyNames() {
		return this.keys.clone();
	}

	/**
	 * Return what the meter tells.
	 * @return a sentence without a full stop
	 */
	public String description() {
		return this.description;
	}

	/**
	 * Return the times that a timer counts in buckets, so that quantiles can be told.
	 * @return the upper bounds, in ascending order; none for other meters
	 */
	List<Duration> buckets() {
		return (this.type == Meter.Type.TIMER) ? BUCKETS : List.of();
	}

	/**
	 * The tags of the meters.
	 */
	public enum Key implements KeyName {

		/**
		 * The bean of the connection factory, as in {@code r2dbc.pool.*}.
		 */
		NAME("name"),

		/**
		 * How it went: {@code success}, {@code error}, and for a caller that waited
		 * {@code timeout}, {@code rejected} and {@code cancelled}. For a transaction
		 * {@code committed}, {@code rolled-back} or {@code unknown}, for another attempt
		 * {@code retried}, {@code exhausted} or {@code refused}.
		 */
		OUTCOME("outcome"),

		/**
		 * The transaction's name, for {@code @Transactional} that of the method;
		 * {@code unnamed} without one, and {@code other} where there are more than 200.
		 */
		TRANSACTION("transaction"),

		/**
		 * Why a connection has ended, as
		 * {@link dev.asyncmysql.connection.ConnectionListener.EndReason} has it, or a
		 * transaction has failed, as {@link dev.asyncmysql.ConnectionSettings.RetryOn}
		 * has it, in small letters and with hyphens.
		 */
		REASON("reason"),

		/**
		 * The name of the event loop's thread.
		 */
		EVENT_LOOP("event.loop");

		private final String key;

		Key(String key) {
			this.key = key;
		}

		@Override
		public String asString() {
			return this.key;
		}

	}

}
