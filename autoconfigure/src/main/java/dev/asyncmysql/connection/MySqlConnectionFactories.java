package dev.asyncmysql.connection;

import java.util.List;
import java.util.Set;
import java.util.function.Function;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.PasswordProvider;
import dev.asyncmysql.PoolCustomizer;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.asyncer.r2dbc.mysql.constant.SslMode;
import io.netty.handler.ssl.SslContextBuilder;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTimeoutException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;

import org.springframework.boot.r2dbc.ConnectionFactoryDecorator;
import org.springframework.boot.r2dbc.OptionsCapableConnectionFactory;

/**
 * The way from {@link ConnectionSettings} to a {@link ConnectionFactory}: the one door of
 * this package.
 */
public final class MySqlConnectionFactories {

	/**
	 * Options of the driver that it knows but that have no property, because they take an
	 * object or because the driver has replaced them.
	 */
	private static final Set<String> OPTIONS_WITHOUT_PROPERTY = Set.of(
			MySqlConnectionFactoryProvider.LOOP_RESOURCES.name(), MySqlConnectionFactoryProvider.RESOLVER.name(),
			MySqlConnectionFactoryProvider.PASSWORD_PUBLISHER.name(),
			MySqlConnectionFactoryProvider.SSL_HOSTNAME_VERIFIER.name(),
			MySqlConnectionFactoryProvider.SSL_CONTEXT_BUILDER_CUSTOMIZER.name(), "serverZoneId");

	private static final Log logger = LogFactory.getLog(MySqlConnectionFactories.class);

	private MySqlConnectionFactories() {
	}

	/**
	 * Return the property that carries an option of the driver.
	 * @param option name of the option, as in a URL
	 * @return the property's name below the prefix, such as {@code ssl.mode}, or
	 * {@code null} where there is none
	 */
	public static @Nullable String propertyOf(String option) {
		DriverOption known = DriverOption.byName(option);
		return (known != null) ? known.property() : null;
	}

	/**
	 * Return whether the driver reads an option.
	 * @param option name of the option, as in a URL
	 * @return {@code false} for an option that the driver would ignore
	 */
	public static boolean isKnown(String option) {
		return DriverOption.byName(option) != null || OPTIONS_WITHOUT_PROPERTY.contains(option);
	}

	/**
	 * Return how far TLS is demanded, with what the settings leave to the defaults.
	 * @param settings the settings
	 * @return the mode in force
	 */
	public static SslMode sslMode(ConnectionSettings settings) {
		SslMode mode = Tls.mode(settings);
		return (mode != null) ? mode : (settings.unixSocket() != null) ? SslMode.DISABLED : SslMode.PREFERRED;
	}

	/**
	 * Check the settings and translate them into the driver's options.
	 * @param settings the settings
	 * @param objects what the driver takes as objects
	 * @param prefix prefix of the properties that the settings came from, for messages
	 * @return the options
	 * @throws dev.asyncmysql.InvalidSettingsException if the settings are wrong or
	 * contradict themselves
	 */
	public static ConnectionFactoryOptions options(ConnectionSettings settings, DriverObjects objects, String prefix) {
		new SettingsValidator(settings, prefix).validate();
		ConnectionFactoryOptions.Builder options = ConnectionFactoryOptions.builder()
			.option(ConnectionFactoryOptions.DRIVER, MySqlConnectionFactoryProvider.MYSQL_DRIVER);
		settings.options().forEach((name, value) -> options.option(Option.<Object>valueOf(name), value));
		for (DriverOption option : DriverOption.values()) {
			option.apply(settings, options);
		}
		applyObjects(settings, objects, prefix, options);
		return options.build();
	}

	private static void applyObjects(ConnectionSettings settings, DriverObjects objects, String prefix,
			ConnectionFactoryOptions.Builder options) {
		if (objects.loopResources() != null) {
			options.option(MySqlConnectionFactoryProvider.LOOP_RESOURCES, objects.loopResources());
		}
		if (objects.resolver() != null) {
			options.option(MySqlConnectionFactoryProvider.RESOLVER, objects.resolver());
		}
		if (objects.hostnameVerifier() != null) {
			options.option(MySqlConnectionFactoryProvider.SSL_HOSTNAME_VERIFIER, objects.hostnameVerifier());
		}
		Function<SslContextBuilder, SslContextBuilder> customizer = sslContextCustomizer(settings, objects, prefix);
		if (customizer != null) {
			options.option(MySqlConnectionFactoryProvider.SSL_CONTEXT_BUILDER_CUSTOMIZER, customizer);
		}
		if (objects.passwordProvider() != null) {
			options.option(MySqlConnectionFactoryProvider.PASSWORD_PUBLISHER,
					passwordPublisher(objects.passwordProvider(), settings));
		}
	}

	private static @Nullable Function<SslContextBuilder, SslContextBuilder> sslContextCustomizer(
			ConnectionSettings settings, DriverObjects objects, String prefix) {
		TlsMaterial material = (objects.tlsMaterial() != null) ? objects.tlsMaterial()
				: Tls.pem(settings.ssl(), prefix);
		if (material == null) {
			return objects.sslContextCustomizer();
		}
		SslMode mode = Tls.mode(settings);
		if (material.hasTrust() && mode != null && !mode.verifyCertificate()) {
			logger.warn("The server at " + settings.location() + " is not verified, although certificates to trust are "
					+ "configured: remove " + prefix + ".ssl.mode=" + mode + ", or set VERIFY_CA or VERIFY_IDENTITY");
		}
		Function<SslContextBuilder, SslContextBuilder> certificates = material.customizer(mode,
				!settings.ssl().tlsVersion().isEmpty());
		return (objects.sslContextCustomizer() != null) ? certificates.andThen(objects.sslContextCustomizer())
				: certificates;
	}

	private static Publisher<String> passwordPublisher(PasswordProvider provider, ConnectionSettings settings) {
		String limit = settings.connectTimeout().toMillis() + " ms (connect-timeout)";
		return Mono.defer(() -> Mono.from(provider.getPassword()))
			.onErrorMap((ex) -> new R2dbcNonTransientResourceException(
					ConnectionFailure.NO_PASSWORD + " for " + settings.location() + ": " + ex.getMessage(), ex))
			.switchIfEmpty(Mono.error(() -> new R2dbcNonTransientResourceException(
					ConnectionFailure.NO_PASSWORD + " for " + settings.location())))
			.timeout(settings.connectTimeout(),
					Mono.error(() -> new R2dbcTimeoutException(
							ConnectionFailure.NO_PASSWORD + " for " + settings.location() + " within " + limit)))
			// A password that arrives on an event loop would pin all connections to that
			// one loop.
			.publishOn(Schedulers.single());
	}

	/**
	 * Create a factory that opens a new connection at each request, by the driver itself
	 * rather than by whichever driver claims its name.
	 * @param options the options
	 * @param decorators what to wrap the driver's factory in, the innermost first
	 * @return the factory, which gives its options to Boot
	 */
	public static ConnectionFactory driver(ConnectionFactoryOptions options,
			List<ConnectionFactoryDecorator> decorators) {
		// Loads Netty's native library now, rather than on a thread that must not wait,
		// with the first connection.
		LoopResources.hasNativeSupport();
		ConnectionFactory factory = new OptionsCapableConnectionFactory(options, new WiredDriver(options));
		for (ConnectionFactoryDecorator decorator : decorators) {
			factory = decorator.decorate(factory);
		}
		return factory;
	}

	/**
	 * Create what knows the server behind a factory: the source of {@link #pooled pooled}
	 * and {@link #unpooled unpooled} connections.
	 * @param settings the settings
	 * @param factory the driver's factory, as from {@link #driver}
	 * @param prefix prefix of the properties that the settings came from, for messages
	 * @return the server, not yet connected to
	 */
	public static Server server(ConnectionSettings settings, ConnectionFactory factory, String prefix) {
		return new Server(settings, factory, prefix);
	}

	/**
	 * Create a factory without a pool. Each use opens a connection, within the time that
	 * a pool would allow for it.
	 * @param server the server to connect to
	 * @return the factory
	 */
	public static ConnectionFactory unpooled(Server server) {
		return server.connections();
	}

	/**
	 * Create a bounded pool. Its {@link ConnectionPool#warmup()} opens the initial
	 * connections; its {@link ConnectionPool#dispose()} is bounded in time.
	 * @param server the server to connect to
	 * @param customizers what to change in the pool, in order
	 * @return the pool
	 */
	public static ConnectionPool pooled(Server server, List<PoolCustomizer> customizers) {
		return GuardedPool.create(server, customizers);
	}

}
