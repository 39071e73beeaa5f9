package dev.asyncmysql.benchmarks.r2dbc;

import java.util.HashMap;
import java.util.Map;

import dev.asyncmysql.benchmarks.peer.Peer;
import dev.asyncmysql.benchmarks.peer.PeerFactory;

/**
 * What Spring Boot itself makes of an R2DBC driver and r2dbc-pool.
 */
public abstract sealed class BootFactory implements PeerFactory {

	private final String driver;

	private final Map<String, String> options;

	private final boolean fewEventLoops;

	private final Class<?>[] more;

	private BootFactory(String driver, Map<String, String> options, boolean fewEventLoops, Class<?>... more) {
		this.driver = driver;
		this.fewEventLoops = fewEventLoops;
		this.options = options;
		this.more = more;
	}

	@Override
	public Peer open(Target target) {
		if (this.fewEventLoops) {
			System.setProperty("reactor.netty.ioWorkerCount", String.valueOf(EVENT_LOOPS));
		}
		Map<String, Object> properties = new HashMap<>();
		properties.put("spring.r2dbc.url",
				"r2dbc:%s://%s:%d/%s".formatted(this.driver, target.host(), target.port(), target.database()));
		properties.put("spring.r2dbc.username", target.user());
		properties.put("spring.r2dbc.password", target.password());
		properties.put("spring.r2dbc.pool.initial-size", target.connections());
		properties.put("spring.r2dbc.pool.min-idle", target.connections());
		properties.put("spring.r2dbc.pool.max-size", target.connections());
		this.options.forEach((name, value) -> properties.put("spring.r2dbc.properties." + name, value));
		return new R2dbcPeer(R2dbcApplication.start(properties, this.more), target);
	}

	/**
	 * The driver that this project uses, without this project.
	 */
	public static final class Plain extends BootFactory {

		/**
		 * Create the factory.
		 */
		public Plain() {
			super("mysql", Map.of("sslMode", "DISABLED", "tcpNoDelay", "true"), false);
		}

	}

	/**
	 * The same with as many event loops as other systems have.
	 */
	public static final class FewLoops extends BootFactory {

		/**
		 * Create the factory.
		 */
		public FewLoops() {
			super("mysql", Map.of("sslMode", "DISABLED", "tcpNoDelay", "true"), true);
		}

	}

	/**
	 * The same, where nothing but the ping is gone that each release costs.
	 */
	public static final class Bare extends BootFactory {

		/**
		 * Create the factory.
		 */
		public Bare() {
			super("mysql", Map.of("sslMode", "DISABLED", "tcpNoDelay", "true"), true, WithoutPing.class);
		}

	}

	/**
	 * MariaDB's driver.
	 */
	public static final class MariaDb extends BootFactory {

		/**
		 * Create the factory.
		 */
		public MariaDb() {
			super("mariadb", Map.of("sslMode", "disable", "allowPublicKeyRetrieval", "true"), true);
		}

	}

	/**
	 * The driver jasync.
	 */
	public static final class Jasync extends BootFactory {

		/**
		 * Create the factory.
		 */
		public Jasync() {
			super("mysql", Map.of(), false);
		}

	}

}
