package dev.asyncmysql.autoconfigure;

import java.util.function.Function;

import javax.net.ssl.HostnameVerifier;

import dev.asyncmysql.AsyncMySql;
import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.InvalidSettingsException;
import dev.asyncmysql.PasswordProvider;
import dev.asyncmysql.connection.DriverObjects;
import dev.asyncmysql.connection.MySqlConnectionFactories;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.connection.TlsMaterial;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.resolver.AddressResolverGroup;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.netty.resources.LoopResources;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.r2dbc.ConnectionFactoryDecorator;
import org.springframework.boot.r2dbc.autoconfigure.ConnectionFactoryOptionsBuilderCustomizer;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcConnectionDetails;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.core.env.Environment;

/**
 * Auto-configuration of the connection to MySQL. It comes before Boot's, which then
 * builds its {@code DatabaseClient}, transaction manager, health and metrics on the
 * {@link ConnectionFactory} it finds, and it stands back as a whole from an application's
 * own factory and from another database.
 */
@AutoConfiguration(before = R2dbcAutoConfiguration.class)
@ConditionalOnClass(MySqlConnectionFactoryProvider.class)
@ConditionalOnMissingBean(ConnectionFactory.class)
@Conditional(OnMySqlConnection.class)
@Import({ ConnectionFactoryConfigurations.Pooled.class, ConnectionFactoryConfigurations.PoolMissing.class,
		ConnectionFactoryConfigurations.Unpooled.class })
@ImportRuntimeHints(SettingsRuntimeHints.class)
public final class AsyncMySqlAutoConfiguration {

	private static final Log logger = LogFactory.getLog(AsyncMySqlAutoConfiguration.class);

	@Bean
	@ConditionalOnMissingBean({ R2dbcConnectionDetails.class, ConnectionSettings.class })
	PropertiesConnectionDetails asyncMySqlConnectionDetails(Environment environment,
			ObjectProvider<DriverObjects> objects) {
		return new PropertiesConnectionDetails(new SettingsResolver(environment).resolve(null), objects::getObject);
	}

	@Bean
	@ConditionalOnMissingBean
	ConnectionSettings asyncMySqlConnectionSettings(Environment environment, R2dbcConnectionDetails details) {
		if (details instanceof PropertiesConnectionDetails properties) {
			return properties.getSettings();
		}
		return new SettingsResolver(environment).resolve(details.getConnectionFactoryOptions());
	}

	@Bean
	@ConditionalOnMissingBean
	DriverObjects asyncMySqlDriverObjects(ConnectionSettings settings, Environment environment,
			ObjectProvider<R2dbcConnectionDetails> details, @AsyncMySql ObjectProvider<LoopResources> loopResources,
			@AsyncMySql ObjectProvider<AddressResolverGroup<?>> resolver,
			@AsyncMySql ObjectProvider<HostnameVerifier> hostnameVerifier,
			@AsyncMySql ObjectProvider<Function<SslContextBuilder, SslContextBuilder>> sslContextCustomizer,
			ObjectProvider<PasswordProvider> passwordProvider, ObjectProvider<SslBundles> sslBundles) {
		return new DriverObjects(loopResources.getIfAvailable(), resolver.getIfAvailable(),
				hostnameVerifier.getIfAvailable(), sslContextCustomizer.getIfAvailable(),
				passwordProvider(passwordProvider.getIfAvailable(), details.getIfAvailable(), settings, environment),
				tlsMaterial(settings.ssl().bundle(), sslBundles.getIfAvailable()));
	}

	@Bean
	ConnectionFailures asyncMySqlConnectionFailures(Environment environment, BeanFactory beanFactory) {
		return new ConnectionFailures(environment, beanFactory);
	}

	@Bean(destroyMethod = "dispose")
	@ConditionalOnMissingBean
	Server asyncMySqlServer(ConnectionSettings settings, DriverObjects objects, Environment environment,
			ObjectProvider<ConnectionFactoryOptionsBuilderCustomizer> customizers,
			ObjectProvider<ConnectionFactoryDecorator> decorators) {
		try {
			ConnectionFactoryOptions.Builder options = MySqlConnectionFactories
				.options(settings, objects, SettingsResolver.PREFIX)
				.mutate();
			customizers.orderedStream().forEach((customizer) -> customizer.customize(options));
			ConnectionFactory driver = MySqlConnectionFactories.driver(options.build(),
					decorators.orderedStream().toList());
			return MySqlConnectionFactories.server(settings, driver, SettingsResolver.PREFIX);
		}
		catch (InvalidSettingsException ex) {
			throw new SettingsResolver(environment).locate(ex);
		}
	}

	private static @Nullable PasswordProvider passwordProvider(@Nullable PasswordProvider provider,
			@Nullable R2dbcConnectionDetails details, ConnectionSettings settings, Environment environment) {
		if (provider == null || settings.password() == null) {
			return provider;
		}
		if (details != null && !(details instanceof PropertiesConnectionDetails)) {
			logger.info("The PasswordProvider is not in force: the connection details bring a password");
			return null;
		}
		if (new SettingsResolver(environment).hasOwnPassword()) {
			throw new InvalidSettingsException(SettingsResolver.PREFIX + ".password",
					"a password and a PasswordProvider bean are both there", "Remove the password or the bean.");
		}
		return provider;
	}

	private static @Nullable TlsMaterial tlsMaterial(@Nullable String name, @Nullable SslBundles bundles) {
		if (name == null) {
			return null;
		}
		if (bundles == null || !bundles.getBundleNames().contains(name)) {
			throw missingBundle(name, (bundles != null) ? String.join(", ", bundles.getBundleNames()) : "");
		}
		try {
			TlsMaterial material = new TlsMaterial(bundles.getBundle(name));
			bundles.addBundleUpdateHandler(name, material::update);
			return material;
		}
		catch (RuntimeException ex) {
			InvalidSettingsException invalid = new InvalidSettingsException(SettingsResolver.PREFIX + ".ssl.bundle",
					"the SSL bundle '" + name + "' cannot be read",
					"Check its files and passwords below spring.ssl.bundle.");
			invalid.initCause(ex);
			throw invalid;
		}
	}

	private static InvalidSettingsException missingBundle(String name, String known) {
		return new InvalidSettingsException(SettingsResolver.PREFIX + ".ssl.bundle",
				"there is no SSL bundle '" + name + "'",
				"Configure spring.ssl.bundle.pem." + name + " or spring.ssl.bundle.jks." + name
						+ (known.isEmpty() ? "; there are no bundles yet." : ", or use one of: " + known + "."));
	}

}
