package dev.asyncmysql.benchmarks.r2dbc;

import java.util.HashMap;
import java.util.Map;

import dev.asyncmysql.benchmarks.peer.Peer;
import dev.asyncmysql.benchmarks.peer.PeerFactory;

/**
 * This project: its starter, with its defaults but for the size of the pool, TLS and the
 * number of event loops.
 */
public final class StarterFactory implements PeerFactory {

	@Override
	public Peer open(Target target) {
		return open(target, Map.of("async-mysql.event-loops", EVENT_LOOPS));
	}

	private static Peer open(Target target, Map<String, Object> settings) {
		Map<String, Object> properties = new HashMap<>(settings);
		properties.put("async-mysql.host", target.host());
		properties.put("async-mysql.port", target.port());
		properties.put("async-mysql.database", target.database());
		properties.put("async-mysql.username", target.user());
		properties.put("async-mysql.password", target.password());
		properties.put("async-mysql.ssl.mode", "DISABLED");
		properties.put("async-mysql.pool.max-size", target.connections());
		properties.put("async-mysql.pool.initial-size", target.connections());
		properties.put("async-mysql.pool.min-idle", target.connections());
		return new StarterPeer(R2dbcApplication.start(properties), target);
	}

	/**
	 * The same with what observes it switched on: metrics, the endpoint's statements and
	 * a log of slow statements that keeps values for their plans, and observations where
	 * r2dbc-proxy is there.
	 */
	public static final class Observed implements PeerFactory {

		@Override
		public Peer open(Target target) {
			return StarterFactory.open(target,
					Map.of("async-mysql.event-loops", EVENT_LOOPS, "async-mysql.slow-query.explain", true,
							"async-mysql.pool.leak-detection-threshold", "1m",
							"management.endpoints.web.exposure.include", "asyncmysql"));
		}

	}

	/**
	 * The same with as many event loops as it has without a setting.
	 */
	public static final class Defaults implements PeerFactory {

		@Override
		public Peer open(Target target) {
			return StarterFactory.open(target, Map.of());
		}

	}

}
