package dev.asyncmysql.benchmarks.r2dbc;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import dev.asyncmysql.benchmarks.peer.Peer;
import dev.asyncmysql.benchmarks.peer.PeerFactory;

/**
 * This project: its starter, with its defaults but for the size of the pool, TLS, the
 * number of event loops and where statements are prepared.
 */
public final class StarterFactory implements PeerFactory {

	/** What the documentation has for a driver that has to share its machine. */
	private static final Map<String, Object> BEST = Map.of("async-mysql.event-loops", EVENT_LOOPS,
			"async-mysql.use-server-prepare-statement", true);

	/** No log of slow statements either. */
	private static final Map<String, Object> QUIET = Map.of("async-mysql.slow-query.threshold", "-1ms");

	@Override
	public Peer open(Target target) {
		return open(target, BEST);
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

	private static Map<String, Object> both(Map<String, Object> some, Map<String, Object> more) {
		Map<String, Object> all = new HashMap<>(some);
		all.putAll(more);
		return all;
	}

	/**
	 * The same without anything that observes it.
	 */
	public static final class Quiet implements PeerFactory {

		@Override
		public Peer open(Target target) {
			return StarterFactory.open(target, both(BEST, QUIET));
		}

	}

	/**
	 * The same with the observations of r2dbc-proxy as they are without this project.
	 */
	public static final class ProxyAlone implements PeerFactory {

		@Override
		public Peer open(Target target) {
			return StarterFactory.open(target,
					both(both(BEST, QUIET),
							Map.of("spring.autoconfigure.exclude",
									List.of("dev.asyncmysql.autoconfigure.MySqlMetricsAutoConfiguration",
											"dev.asyncmysql.autoconfigure.StatementObservationAutoConfiguration"))));
		}

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
					both(BEST,
							Map.of("async-mysql.slow-query.explain", true, "async-mysql.pool.leak-detection-threshold",
									"1m", "management.endpoints.web.exposure.include", "asyncmysql")));
		}

	}

	/**
	 * The same with statements that are put together by the driver.
	 */
	public static final class Text implements PeerFactory {

		@Override
		public Peer open(Target target) {
			return StarterFactory.open(target, Map.of("async-mysql.event-loops", EVENT_LOOPS));
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
