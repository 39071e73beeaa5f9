package dev.asyncmysql.autoconfigure;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import dev.asyncmysql.connection.MySqlConnectionFactories;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.asyncer.r2dbc.mysql.constant.SslMode;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;

import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/**
 * What one source says of a connection, in the vocabulary of {@code async-mysql}: a URL's
 * contents, a service connection, or {@code spring.r2dbc}.
 */
final class SettingsLayer {

	/**
	 * Where the server is. The three belong together: a host of one source never meets
	 * the port of another.
	 */
	static final Set<String> LOCATION = Set.of("host", "port", "unix-socket");

	private static final Map<String, String> POOL_OPTIONS = Map.ofEntries(
			Map.entry("acquireRetry", "pool.acquire-retry"),
			Map.entry("backgroundEvictionInterval", "pool.background-eviction-interval"),
			Map.entry("initialSize", "pool.initial-size"), Map.entry("maxSize", "pool.max-size"),
			Map.entry("minIdle", "pool.min-idle"), Map.entry("maxAcquireTime", "pool.max-acquire-time"),
			Map.entry("maxCreateConnectionTime", "pool.max-create-connection-time"),
			Map.entry("maxIdleTime", "pool.max-idle-time"), Map.entry("maxLifeTime", "pool.max-life-time"),
			Map.entry("maxValidationTime", "pool.max-validation-time"), Map.entry("poolName", "pool.name"),
			Map.entry("registerJmx", "pool.register-jmx"), Map.entry("validationQuery", "pool.validation-query"),
			Map.entry("validationDepth", "pool.validation-depth"));

	private final String origin;

	private final Map<String, Object> values = new LinkedHashMap<>();

	private final Set<String> unknownOptions = new TreeSet<>();

	SettingsLayer(String origin) {
		this.origin = origin;
	}

	static SettingsLayer of(String origin, ConnectionFactoryOptions options) {
		SettingsLayer layer = new SettingsLayer(origin);
		layer.addOptions(options);
		return layer;
	}

	void addOptions(ConnectionFactoryOptions options) {
		List<Option<?>> all = new ArrayList<>();
		// A filter that keeps nothing is the one way to see all options of this type.
		ConnectionFactoryOptions.builder().from(options, (option) -> !all.add(option));
		for (Option<?> option : all) {
			addOption(option.name(), options.getRequiredValue(option));
		}
	}

	/**
	 * Add an option of the driver or of the pool under the property that carries it.
	 * @param name the option's name
	 * @param value its value
	 */
	void addOption(String name, Object value) {
		String property = MySqlConnectionFactories.propertyOf(name);
		if (name.equals(ConnectionFactoryOptions.SSL.name())) {
			this.values.putIfAbsent("ssl.mode",
					Boolean.parseBoolean(value.toString()) ? SslMode.REQUIRED : SslMode.DISABLED);
		}
		else if (name.equals(MySqlConnectionFactoryProvider.SESSION_VARIABLES.name()) && value instanceof String) {
			// The driver joins what it is given, so that a value with commas in quotes
			// stays whole as one element.
			this.values.put("session-variables", List.of(value));
		}
		else if (property != null && !isPredicate(name, value)) {
			add(property, value);
		}
		else if (POOL_OPTIONS.containsKey(name)) {
			add(POOL_OPTIONS.get(name), value);
		}
		else if (!name.equals(ConnectionFactoryOptions.DRIVER.name())
				&& !name.equals(ConnectionFactoryOptions.PROTOCOL.name())) {
			add("options[" + name + "]", value);
			if (!MySqlConnectionFactories.isKnown(name)) {
				this.unknownOptions.add(name);
			}
		}
	}

	private static boolean isPredicate(String name, Object value) {
		return name.equals(MySqlConnectionFactoryProvider.USE_SERVER_PREPARE_STATEMENT.name())
				&& !value.toString().equalsIgnoreCase("true") && !value.toString().equalsIgnoreCase("false");
	}

	/**
	 * Add a value. A string is kept in a form that hides it from the resolution of
	 * placeholders, which took place when the source was read and must not happen twice:
	 * a password may contain <code>${</code>.
	 * @param property name below the prefix
	 * @param value its value
	 */
	void add(String property, Object value) {
		if (property.equals("unix-socket")) {
			removeLocation();
		}
		else if (LOCATION.contains(property) && has("unix-socket")) {
			// A URL cannot do without a host, which the driver ignores beside a socket.
			return;
		}
		this.values.put(property, (value instanceof String string) ? new StringBuilder(string) : value);
	}

	SettingsLayer only(String property) {
		SettingsLayer layer = new SettingsLayer(this.origin);
		Object value = this.values.get(property);
		if (value != null) {
			layer.values.put(property, value);
		}
		return layer;
	}

	void removeLocation() {
		this.values.keySet().removeAll(LOCATION);
	}

	boolean has(String property) {
		return this.values.containsKey(property);
	}

	Set<String> properties() {
		return this.values.keySet();
	}

	Set<String> unknownOptions() {
		return this.unknownOptions;
	}

	String origin() {
		return this.origin;
	}

	ConfigurationPropertySource asSource() {
		MapConfigurationPropertySource source = new MapConfigurationPropertySource();
		this.values.forEach((property, value) -> source.put(SettingsResolver.PREFIX + "." + property, value));
		return source;
	}

}
