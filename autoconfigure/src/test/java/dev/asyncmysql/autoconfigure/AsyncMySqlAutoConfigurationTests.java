package dev.asyncmysql.autoconfigure;

import java.util.function.Function;

import javax.net.ssl.HostnameVerifier;

import dev.asyncmysql.AsyncMySql;
import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.InvalidSettingsException;
import dev.asyncmysql.PasswordProvider;
import dev.asyncmysql.PoolCustomizer;
import dev.asyncmysql.connection.DriverObjects;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.DefaultAddressResolverGroup;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.context.ConfigurationPropertiesAutoConfiguration;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.boot.r2dbc.OptionsCapableConnectionFactory;
import org.springframework.boot.r2dbc.autoconfigure.ConnectionFactoryOptionsBuilderCustomizer;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcConnectionDetails;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcTransactionManagerAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.mock.env.MockEnvironment;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.ReactiveTransactionManager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link AsyncMySqlAutoConfiguration} without a server: nothing listens on the
 * port that they name.
 */
class AsyncMySqlAutoConfigurationTests {

	private static final String[] NOWHERE = { "async-mysql.url=r2dbc:mysql://127.0.0.1:1/db",
			"async-mysql.username=app", "async-mysql.password=secret", "async-mysql.pool.max-acquire-time=1s" };

	private final ApplicationContextRunner bare = new ApplicationContextRunner().withConfiguration(
			AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, DriverMissingAutoConfiguration.class,
					R2dbcAutoConfiguration.class, R2dbcTransactionManagerAutoConfiguration.class,
					TransactionAutoConfiguration.class, ConfigurationPropertiesAutoConfiguration.class));

	private final ApplicationContextRunner unconnected = this.bare.withPropertyValues("async-mysql.startup=lazy");

	private final ApplicationContextRunner contexts = this.unconnected.withPropertyValues(NOWHERE);

	@Test
	void bootBuildsOnThePool() {
		this.contexts.run((context) -> {
			assertThat(context).hasNotFailed()
				.hasSingleBean(ConnectionFactory.class)
				.hasSingleBean(DatabaseClient.class)
				.hasSingleBean(ReactiveTransactionManager.class)
				.hasSingleBean(R2dbcConnectionDetails.class)
				.hasSingleBean(ConnectionSettings.class);
			assertThat(context.getBean("connectionFactory")).isInstanceOf(ConnectionPool.class);
			assertThat(options(context.getBean(ConnectionFactory.class)).getValue(ConnectionFactoryOptions.DATABASE))
				.isEqualTo("db");
			assertThat(context.getBean(R2dbcConnectionDetails.class)
				.getConnectionFactoryOptions()
				.getValue(ConnectionFactoryOptions.USER)).isEqualTo("app");
		});
	}

	@Test
	void springR2dbcUrlIsEnough() {
		this.unconnected.withPropertyValues("spring.r2dbc.url=r2dbc:pool:mysql://app@127.0.0.1:1/db?maxSize=3")
			.run((context) -> {
				assertThat(context).hasNotFailed().hasSingleBean(ConnectionPool.class);
				assertThat(context.getBean(ConnectionPool.class).getMetrics().orElseThrow().getMaxAllocatedSize())
					.isEqualTo(3);
			});
	}

	@Test
	void ownConnectionFactoryMakesUsStandBackAsAWhole() {
		this.contexts
			.withBean("mine", ConnectionFactory.class,
					() -> new MySqlConnectionFactoryProvider()
						.create(ConnectionFactoryOptions.parse("r2dbc:mysql://mine@127.0.0.1:1/db")))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(ConnectionFactory.class)
				.doesNotHaveBean(ConnectionSettings.class)
				.doesNotHaveBean(ConnectionStartup.class));
	}

	@Test
	void ownSettingsTakeThePlaceOfProperties() {
		this.contexts.withUserConfiguration(OwnSettings.class).run((context) -> {
			assertThat(context).hasNotFailed().hasSingleBean(ConnectionSettings.class);
			assertThat(options(context.getBean(ConnectionFactory.class)).getValue(ConnectionFactoryOptions.PORT))
				.isEqualTo(2);
		});
	}

	@Test
	void disabled() {
		this.contexts
			.withPropertyValues("async-mysql.enabled=false", "spring.r2dbc.url=r2dbc:mysql://app@127.0.0.1:1/db")
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(ConnectionSettings.class)
				.hasSingleBean(ConnectionFactory.class));
	}

	@ParameterizedTest
	@ValueSource(strings = { "r2dbc:postgresql://h/d", "r2dbc:mariadb://h/d", "r2dbc:h2:mem:///x" })
	void anotherDatabaseMakesUsStandBackAsAWhole(String url) {
		this.bare.withPropertyValues("spring.r2dbc.url=" + url)
			.run((context) -> assertThat(context.getStartupFailure())
				// Boot's own configuration takes over, and fails for the want of that
				// driver.
				.hasStackTraceContaining("Unable to create a ConnectionFactory")
				.hasStackTraceContaining("ConnectionFactoryConfigurations$PoolConfiguration")
				.hasStackTraceContaining("org.springframework.boot.r2dbc.autoconfigure")
				.hasStackTraceContaining(url.split(":")[1]));
	}

	@Test
	void withoutTheDriverTheApplicationIsTold() {
		this.contexts.withClassLoader(new FilteredClassLoader(MySqlConnectionFactoryProvider.class))
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(InvalidSettingsException.class)
				.hasMessageContaining("the driver is not on the class path"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "async-mysql.enabled=false", "some.other=thing" })
	void withoutTheDriverAndUnconfiguredWeStandBack(String property) {
		this.bare.withClassLoader(new FilteredClassLoader(MySqlConnectionFactoryProvider.class))
			.withPropertyValues(property)
			.run((context) -> assertThat(context.getStartupFailure())
				.hasStackTraceContaining("Failed to determine a suitable R2DBC Connection URL"));
	}

	@Test
	void withoutThePoolTheApplicationIsTold() {
		this.contexts.withClassLoader(new FilteredClassLoader(ConnectionPool.class, PoolCustomizer.class))
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(InvalidSettingsException.class)
				.hasMessageContaining("the pool is not on the class path"));
	}

	@Test
	void withoutThePoolAndSwitchedOff() {
		this.contexts.withClassLoader(new FilteredClassLoader(ConnectionPool.class, PoolCustomizer.class))
			.withPropertyValues("async-mysql.pool.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed().hasSingleBean(ConnectionFactory.class));
	}

	@Test
	void nothingConfigured() {
		this.bare.run((context) -> assertThat(context).getFailure()
			.rootCause()
			.isInstanceOf(InvalidSettingsException.class)
			.hasMessageContaining("no connection is configured"));
	}

	@Test
	void jdbcUrlIsRefusedByEitherName() {
		for (String property : new String[] { "async-mysql.url", "spring.r2dbc.url" }) {
			this.bare.withPropertyValues(property + "=jdbc:mysql://h/d?user=u&password=secret")
				.run((context) -> assertThat(context).getFailure()
					.rootCause()
					.isInstanceOfSatisfying(InvalidSettingsException.class,
							(ex) -> assertThat(ex.getAction()).isEqualTo("Write " + property + ": r2dbc:mysql://h/d")));
		}
	}

	@Test
	void missingBundleNamesThoseThatExist() {
		this.contexts.withPropertyValues("async-mysql.ssl.bundle=nope")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("async-mysql.ssl.bundle: there is no SSL bundle 'nope'"));
	}

	@Test
	void badValueNamesTheProperty() {
		this.contexts.withPropertyValues("async-mysql.pool.max-life-time=soon")
			.run((context) -> assertThat(context.getStartupFailure())
				.hasStackTraceContaining("Failed to bind properties under 'async-mysql.pool.max-life-time'"));
	}

	@Test
	void onlyMarkedObjectsReachTheDriver() {
		this.contexts.withUserConfiguration(MarkedObjects.class).run((context) -> {
			DriverObjects objects = context.getBean(DriverObjects.class);
			assertThat(objects.loopResources()).isSameAs(context.getBean("marked"));
			assertThat(objects.hostnameVerifier()).isNull();
			assertThat(objects.resolver()).isSameAs(DefaultAddressResolverGroup.INSTANCE);
			assertThat(objects.sslContextCustomizer()).isNotNull();
		});
	}

	@Test
	void customizersHaveTheLastWord() {
		this.contexts
			.withBean(ConnectionFactoryOptionsBuilderCustomizer.class,
					() -> (options) -> options.option(MySqlConnectionFactoryProvider.QUERY_CACHE_SIZE, 77))
			.run((context) -> assertThat(options(context.getBean(ConnectionFactory.class))
				.getValue(MySqlConnectionFactoryProvider.QUERY_CACHE_SIZE)).isEqualTo(77));
	}

	@Test
	void aPasswordProviderYieldsToConnectionDetails() {
		this.unconnected.withBean(PasswordProvider.class, () -> Mono::empty)
			.withBean(R2dbcConnectionDetails.class,
					() -> () -> ConnectionFactoryOptions.parse("r2dbc:mysql://app:secret@127.0.0.1:1/db"))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean(DriverObjects.class).passwordProvider()).isNull();
			});
	}

	@Test
	void aPasswordProviderWinsOverSpringR2dbc() {
		this.unconnected.withBean(PasswordProvider.class, () -> Mono::empty)
			.withPropertyValues("spring.r2dbc.url=r2dbc:mysql://app:secret@127.0.0.1:1/db")
			.run((context) -> assertThat(context.getBean(DriverObjects.class).passwordProvider()).isNotNull());
	}

	@ParameterizedTest
	@ValueSource(strings = { "async-mysql.password=secret", "async-mysql.url=r2dbc:mysql://app:secret@127.0.0.1:1/db" })
	void aPasswordProviderAndAPasswordOfOursContradict(String property) {
		this.unconnected.withBean(PasswordProvider.class, () -> Mono::empty)
			.withPropertyValues("async-mysql.database=db", "async-mysql.username=app", property)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("a password and a PasswordProvider bean are both there"));
	}

	@Test
	void failureOfABootPropertyNamesIt() {
		this.bare
			.withPropertyValues("spring.r2dbc.url=r2dbc:mysql://app@127.0.0.1:1/db",
					"spring.r2dbc.pool.initial-size=20")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageStartingWith("spring.r2dbc.pool.initial-size (pool.initial-size): 20 is above"));
	}

	@Test
	void failureAnalyzersAreFound() {
		assertThat(SpringFactoriesLoader.forDefaultResourceLocation()
			.load(FailureAnalyzer.class, (type, name, failure) -> {
			})).hasAtLeastOneElementOfType(InvalidSettingsFailureAnalyzer.class)
			.hasAtLeastOneElementOfType(EmbeddedDatabaseFailureAnalyzer.class);
	}

	@Test
	void severalContextsInOneJvm() {
		this.contexts.run((first) -> this.contexts.run((second) -> assertThat(second.getBean(ConnectionFactory.class))
			.isNotSameAs(first.getBean(ConnectionFactory.class))));
	}

	private static ConnectionFactoryOptions options(ConnectionFactory factory) {
		OptionsCapableConnectionFactory capable = OptionsCapableConnectionFactory.unwrapFrom(factory);
		assertThat(capable).isNotNull();
		return capable.getOptions();
	}

	@Configuration(proxyBeanMethods = false)
	static class MarkedObjects {

		@Bean
		@AsyncMySql
		LoopResources marked() {
			return mock();
		}

		@Bean
		LoopResources other() {
			return mock();
		}

		@Bean
		HostnameVerifier ofTheHttpClient() {
			return (host, session) -> true;
		}

		@Bean
		@AsyncMySql
		AddressResolverGroup<?> resolver() {
			return DefaultAddressResolverGroup.INSTANCE;
		}

		@Bean
		@AsyncMySql
		Function<SslContextBuilder, SslContextBuilder> customizer() {
			return Function.identity();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnSettings {

		@Bean
		ConnectionSettings settings() {
			return ConnectionSettings.bind(new MockEnvironment().withProperty("my.host", "127.0.0.1")
				.withProperty("my.port", "2")
				.withProperty("my.username", "mine")
				.withProperty("my.startup", "lazy"), "my");
		}

	}

}
