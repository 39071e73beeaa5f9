package dev.asyncmysql.benchmarks.jdbc;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

import com.zaxxer.hikari.HikariDataSource;
import dev.asyncmysql.benchmarks.load.VirtualThreads;
import dev.asyncmysql.benchmarks.peer.Peer;
import dev.asyncmysql.benchmarks.peer.PeerFactory;

import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Connector/J and HikariCP, with the settings that HikariCP's page on MySQL asks for.
 */
public abstract sealed class JdbcFactory implements PeerFactory {

	private static final String SETTING = "spring.datasource.hikari.data-source-properties.";

	private final boolean virtualThreads;

	private final boolean serverStatements;

	private JdbcFactory(boolean virtualThreads, boolean serverStatements) {
		this.virtualThreads = virtualThreads;
		this.serverStatements = serverStatements;
	}

	/**
	 * Return the data source as properties of Spring Boot.
	 * @param target the server
	 * @return properties by name
	 */
	public static Map<String, Object> properties(Target target) {
		Map<String, Object> properties = new LinkedHashMap<>();
		properties.put("spring.datasource.url",
				"jdbc:mysql://%s:%d/%s".formatted(target.host(), target.port(), target.database()));
		properties.put("spring.datasource.username", target.user());
		properties.put("spring.datasource.password", target.password());
		properties.put("spring.datasource.hikari.minimum-idle", target.connections());
		properties.put("spring.datasource.hikari.maximum-pool-size", target.connections());
		Map<String, Object> driver = Map.ofEntries(Map.entry("sslMode", "DISABLED"),
				Map.entry("allowPublicKeyRetrieval", true), Map.entry("cachePrepStmts", true),
				Map.entry("prepStmtCacheSize", 250), Map.entry("prepStmtCacheSqlLimit", 2048),
				Map.entry("useServerPrepStmts", true), Map.entry("useLocalSessionState", true),
				Map.entry("rewriteBatchedStatements", true), Map.entry("cacheResultSetMetadata", true),
				Map.entry("cacheServerConfiguration", true), Map.entry("elideSetAutoCommits", true),
				Map.entry("readOnlyPropagatesToServer", false), Map.entry("maintainTimeStats", false));
		driver.forEach((name, value) -> properties.put(SETTING + name, value));
		return properties;
	}

	// The pool is filled in the background.
	private static void awaitAll(HikariDataSource pool, int connections) {
		long limit = System.nanoTime() + Duration.ofSeconds(30).toNanos();
		while (pool.getHikariPoolMXBean().getTotalConnections() < connections) {
			if (System.nanoTime() > limit) {
				throw new IllegalStateException("The pool was not filled within 30 s");
			}
			LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
		}
	}

	@Override
	public Peer open(Target target) {
		if (this.virtualThreads) {
			VirtualThreads.require();
		}
		ConfigurableApplicationContext context = new SpringApplicationBuilder(JdbcApplication.class)
			.web(WebApplicationType.NONE)
			.bannerMode(Banner.Mode.OFF)
			.properties(properties(target))
			.properties(SETTING + "useServerPrepStmts=" + this.serverStatements)
			.run();
		awaitAll(context.getBean(HikariDataSource.class), target.connections());
		return new JdbcPeer(context, target, this.virtualThreads);
	}

	/**
	 * One platform thread for each caller.
	 */
	public static final class Platform extends JdbcFactory {

		/**
		 * Create the factory.
		 */
		public Platform() {
			super(false, true);
		}

	}

	/**
	 * One virtual thread for each caller.
	 */
	public static final class Virtual extends JdbcFactory {

		/**
		 * Create the factory.
		 */
		public Virtual() {
			super(true, true);
		}

	}

	/**
	 * One virtual thread for each caller, and nothing prepared on the server: what a
	 * batch is rewritten to would be prepared anew each time.
	 */
	public static final class Text extends JdbcFactory {

		/**
		 * Create the factory.
		 */
		public Text() {
			super(true, false);
		}

	}

}
