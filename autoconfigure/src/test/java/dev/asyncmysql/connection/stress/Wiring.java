package dev.asyncmysql.connection.stress;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.DriverObjects;
import dev.asyncmysql.connection.MySqlConnectionFactories;
import dev.asyncmysql.connection.Server;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.proxy.ProxyConnectionFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.r2dbc.ConnectionFactoryDecorator;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/**
 * The ways from properties to a pool that the tests compare.
 */
enum Wiring {

	/** Boot's own, by its auto-configuration. */
	PLAIN {

		@Override
		Opened open(Map<String, Object> properties) {
			AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
			TestPropertyValues.of(boot(properties)).applyTo(context);
			context.register(R2dbcAutoConfiguration.class);
			context.refresh();
			// Its pool is not closed here: that waits for the connections it has lost.
			return new Opened(context.getBean(ConnectionPool.class), null);
		}

	},

	/** The starter's. */
	GUARDED {

		@Override
		Opened open(Map<String, Object> properties) {
			return guarded(properties, List.of());
		}

	},

	/** The starter's with r2dbc-proxy around the driver. */
	GUARDED_PROXIED {

		@Override
		Opened open(Map<String, Object> properties) {
			return guarded(properties, List.of((factory) -> ProxyConnectionFactory.builder(factory).build()));
		}

	};

	/** What Boot has a property for; the rest of the properties it has not. */
	private static final Map<String, String> BOOT = Map.ofEntries(Map.entry("username", "username"),
			Map.entry("password", "password"), Map.entry("pool.max-size", "pool.max-size"),
			Map.entry("pool.initial-size", "pool.initial-size"), Map.entry("pool.acquire-retry", "pool.acquire-retry"),
			Map.entry("pool.max-acquire-time", "pool.max-acquire-time"),
			Map.entry("pool.max-create-connection-time", "pool.max-create-connection-time"),
			Map.entry("pool.max-idle-time", "pool.max-idle-time"),
			Map.entry("pool.max-life-time", "pool.max-life-time"),
			Map.entry("connect-timeout", "properties.connectTimeout"),
			Map.entry("use-server-prepare-statement", "properties.useServerPrepareStatement"));

	private static Opened guarded(Map<String, Object> properties, List<ConnectionFactoryDecorator> decorators) {
		Map<String, Object> prefixed = new HashMap<>();
		properties.forEach((name, value) -> prefixed.put("c." + name, value));
		ConnectionSettings settings = new Binder(new MapConfigurationPropertySource(prefixed)).bindOrCreate("c",
				ConnectionSettings.class);
		Server server = MySqlConnectionFactories.server(settings, MySqlConnectionFactories
			.driver(MySqlConnectionFactories.options(settings, DriverObjects.NONE, "c"), decorators), "c");
		return new Opened(MySqlConnectionFactories.pooled(server, List.of()), server);
	}

	private static Map<String, String> boot(Map<String, Object> properties) {
		Map<String, String> boot = new HashMap<>();
		properties.forEach((name, value) -> {
			if (BOOT.containsKey(name)) {
				boot.put("spring.r2dbc." + BOOT.get(name), value.toString());
			}
		});
		// Boot's own initial size of ten would not go into a smaller pool.
		boot.putIfAbsent("spring.r2dbc.pool.initial-size", boot.getOrDefault("spring.r2dbc.pool.max-size", "10"));
		boot.put("spring.r2dbc.url", "r2dbc:mysql://%s:%s/%s".formatted(properties.get("host"), properties.get("port"),
				properties.get("database")));
		return boot;
	}

	/**
	 * Open a pool. Nothing connects yet.
	 * @param properties the properties below {@code async-mysql}; PLAIN takes those that
	 * Boot has as well
	 * @return the pool and, where there is one, the server behind it
	 */
	abstract Opened open(Map<String, Object> properties);

	/** What a wiring makes. */
	record Opened(ConnectionPool pool, @Nullable Server server) {

	}

}
