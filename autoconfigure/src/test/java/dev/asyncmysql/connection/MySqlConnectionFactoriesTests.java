package dev.asyncmysql.connection;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import javax.net.ssl.HostnameVerifier;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.InvalidSettingsException;
import dev.asyncmysql.PasswordProvider;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.asyncer.r2dbc.mysql.constant.CompressionAlgorithm;
import io.asyncer.r2dbc.mysql.constant.SslMode;
import io.asyncer.r2dbc.mysql.constant.ZeroDateOption;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.resolver.DefaultAddressResolverGroup;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcTimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;
import reactor.test.StepVerifier;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.BDDMockito.willAnswer;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link MySqlConnectionFactories}: settings to options, and what is refused.
 */
@ExtendWith(OutputCaptureExtension.class)
class MySqlConnectionFactoriesTests {

	@Test
	void eachSettingReachesTheDriverAsItsOption(@TempDir Path folder) {
		ConnectionFactoryOptions options = options("database=db", "password=p", "connect-timeout=1s",
				"statement-timeout=2s", "lock-wait-timeout=3s", "create-database-if-not-exist=true",
				"session-variables=a=1,b=2", "connection-time-zone=UTC", "force-connection-time-zone-to-session=true",
				"preserve-instants=false", "zero-date=USE_ROUND", "tiny-int1-is-bit=false",
				"use-server-prepare-statement=true", "prepare-cache-size=5", "query-cache-size=6", "event-loops=3",
				"tcp-keep-alive=false", "tcp-no-delay=false", "metrics=false", "compression-algorithms=ZLIB",
				"zstd-compression-level=7", "allow-load-local-infile-in-path=" + folder,
				"local-infile-buffer-size=16KB", "autodetect-extensions=false", "ssl.mode=REQUIRED",
				"ssl.tls-version=TLSv1.3", "options.some=thing");
		Map<String, Object> expected = new LinkedHashMap<>();
		expected.put("driver", "mysql");
		expected.put("host", "h");
		expected.put("port", 3306);
		expected.put("user", "u");
		expected.put("password", "p");
		expected.put("database", "db");
		expected.put("connectTimeout", Duration.ofSeconds(1));
		expected.put("statementTimeout", Duration.ofSeconds(2));
		expected.put("lockWaitTimeout", Duration.ofSeconds(3));
		expected.put("createDatabaseIfNotExist", true);
		expected.put("sessionVariables", new String[] { "a=1", "b=2" });
		expected.put("connectionTimeZone", "UTC");
		expected.put("forceConnectionTimeZoneToSession", true);
		expected.put("preserveInstants", false);
		expected.put("zeroDate", ZeroDateOption.USE_ROUND);
		expected.put("tinyInt1isBit", false);
		expected.put("useServerPrepareStatement", true);
		expected.put("prepareCacheSize", 5);
		expected.put("eventLoops", 3);
		expected.put("queryCacheSize", 6);
		expected.put("tcpKeepAlive", false);
		expected.put("tcpNoDelay", false);
		expected.put("metrics", false);
		expected.put("compressionAlgorithms", new CompressionAlgorithm[] { CompressionAlgorithm.ZLIB });
		expected.put("zstdCompressionLevel", 7);
		expected.put("allowLoadLocalInfileInPath", folder.toString());
		expected.put("localInfileBufferSize", 16384);
		expected.put("autodetectExtensions", false);
		expected.put("sslMode", SslMode.REQUIRED);
		expected.put("tlsVersion", new String[] { "TLSv1.3" });
		expected.put("some", "thing");
		expected.forEach((name, value) -> assertThat(options.getValue(Option.valueOf(name))).as(name).isEqualTo(value));
		assertThat(MySqlConnectionFactories.driver(options, List.of())).isNotNull();
	}

	@Test
	void whatIsNotConfiguredIsLeftToTheDriver() {
		ConnectionFactoryOptions options = options();
		assertThat(options.getValue(MySqlConnectionFactoryProvider.TCP_NO_DELAY)).isEqualTo(true);
		assertThat(options.getValue(MySqlConnectionFactoryProvider.TCP_KEEP_ALIVE)).isEqualTo(true);
		assertThat(options.getValue(ConnectionFactoryOptions.CONNECT_TIMEOUT)).isEqualTo(Duration.ofSeconds(5));
		assertThat(options.hasOption(MySqlConnectionFactoryProvider.SSL_MODE)).isFalse();
		assertThat(options.hasOption(MySqlConnectionFactoryProvider.ZERO_DATE)).isFalse();
		assertThat(options.hasOption(MySqlConnectionFactoryProvider.SESSION_VARIABLES)).isFalse();
	}

	@Test
	void objectsReachTheDriver() {
		LoopResources loops = mock();
		HostnameVerifier verifier = mock();
		Function<SslContextBuilder, SslContextBuilder> customizer = Function.identity();
		PasswordProvider passwords = () -> Mono.just("fresh");
		ConnectionFactoryOptions options = MySqlConnectionFactories.options(settings(),
				new DriverObjects(loops, DefaultAddressResolverGroup.INSTANCE, verifier, customizer, passwords, null),
				"async-mysql");
		assertThat(options.getValue(MySqlConnectionFactoryProvider.LOOP_RESOURCES)).isSameAs(loops);
		assertThat(options.getValue(MySqlConnectionFactoryProvider.RESOLVER))
			.isSameAs(DefaultAddressResolverGroup.INSTANCE);
		assertThat(options.getValue(MySqlConnectionFactoryProvider.SSL_HOSTNAME_VERIFIER)).isSameAs(verifier);
		assertThat(options.getValue(MySqlConnectionFactoryProvider.SSL_CONTEXT_BUILDER_CUSTOMIZER))
			.isSameAs(customizer);
		assertThat(password(options)).isEqualTo("fresh");
	}

	@Test
	void aPasswordProviderThatNeverAnswersFailsWithinTheConnectTimeout() {
		ConnectionFactoryOptions options = MySqlConnectionFactories.options(settings("connect-timeout=100ms"),
				new DriverObjects(null, null, null, null, Mono::never, null), "async-mysql");
		assertThatExceptionOfType(R2dbcTimeoutException.class).isThrownBy(() -> password(options))
			.withMessageContaining("gave no password for h:3306 within 100 ms");
	}

	@ParameterizedTest
	@CsvSource({ "db.example.com,VERIFY_IDENTITY", "localhost,VERIFY_CA", "127.0.0.1,VERIFY_CA",
			"127.0.0.1.evil,VERIFY_IDENTITY" })
	void anAuthorityMeansThatTheServerIsVerified(String host, SslMode mode) {
		assertThat(Tls.mode(settings("host=" + host, "ssl.bundle=b"))).isEqualTo(mode);
		assertThat(Tls.mode(settings("host=" + host, "ssl.bundle=b", "ssl.mode=REQUIRED"))).isEqualTo(SslMode.REQUIRED);
		assertThat(MySqlConnectionFactories.sslMode(settings("host=" + host))).isEqualTo(SslMode.PREFERRED);
	}

	@Test
	void aServerThatNobodyVerifiesIsSaid() {
		Server server = MySqlConnectionFactories.server(settings("host=db.example.com"), never(), "async-mysql");
		assertThat(server.tlsAdvice()).startsWith("The server at db.example.com:3306 is not verified")
			.endsWith("by async-mysql.ssl.ca or async-mysql.ssl.bundle");
	}

	@ParameterizedTest
	@CsvSource({ "PREFERRED,is not verified", "REQUIRED,is not verified", "DISABLED,is reached without TLS" })
	void aModeThatVerifiesNothingIsSaid(String mode, String said) {
		Server server = MySqlConnectionFactories.server(settings("host=db.example.com", "ssl.mode=" + mode), never(),
				"async-mysql");
		assertThat(server.tlsAdvice()).contains(said).endsWith(", and take async-mysql.ssl.mode=" + mode + " away");
	}

	@ParameterizedTest
	@ValueSource(strings = { "host=localhost", "host=127.0.0.1", "host=::1", "ssl.mode=VERIFY_CA",
			"ssl.mode=VERIFY_IDENTITY", "ssl.bundle=b", "ssl.ca=ca.pem", "unix-socket=/run/mysqld.sock" })
	void aServerThatIsNearOrVerifiedIsNot(String setting) {
		Server server = MySqlConnectionFactories.server(settings("host=db.example.com", setting), never(),
				"async-mysql");
		assertThat(server.tlsAdvice()).isNull();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			host= | host | no host is configured
			host=h:3307 | host | is not the name or address
			host=r2dbc:mysql://h | host | is not the name or address
			connect-timeout=106751d | connect-timeout | is longer than can be counted
			pool.max-idle-time=0s | pool.max-idle-time | no connection would be kept
			pool.max-life-time=0s | pool.max-life-time | no connection would be kept
			port=0 | port | 0 is not a port
			event-loops=0 | event-loops | 0 event loops serve no connection
			port=70000 | port | 70000 is not a port
			username= | username | no user is configured
			connect-timeout=0s | connect-timeout | is not a time to wait
			statement-timeout=-1s | statement-timeout | is not a time to wait
			unix-socket=/run/mysqld.sock | unix-socket | a socket and a host
			options.tcpNoDelay=true | options.tcpNoDelay | has a property of its own
			allow-load-local-infile-in-path=/no/such/folder | allow-load-local-infile-in-path | there is no folder
			server-rsa-public-key-file=/no/such/file | server-rsa-public-key-file | there is no readable file
			compression-algorithms=ZSTD | compression-algorithms | com.github.luben:zstd-jni is not on the class path
			local-infile-buffer-size=3GB | local-infile-buffer-size | not the size of a buffer
			local-infile-buffer-size=0B | local-infile-buffer-size | not the size of a buffer
			connection-time-zone=Mars | connection-time-zone | is not a time zone
			session-variables=bad | session-variables | is not of the form name=value
			ssl.tls-version=TLSv9 | ssl.tls-version | is not a version of TLS
			zstd-compression-level=23 | zstd-compression-level | not a level
			ssl.ca=/no/such/ca.pem | ssl.ca | cannot be read as PEM
			ssl.ca=classpath:logback-test.xml | ssl.ca | cannot be read as PEM
			ssl.cert=/x.pem | ssl.key | needs both
			ssl.key=/x.pem | ssl.cert | needs both
			ssl.ca=/x.pem,ssl.bundle=b | ssl.bundle | both configured
			ssl.ca=/x.pem,ssl.mode=DISABLED | ssl.mode | TLS is disabled
			ssl.ca=/x.pem,ssl.mode=REQUIRED | ssl.ca | no certificate is verified
			pool.max-size=0 | pool.max-size | 0 is below 1
			pool.min-idle=11 | pool.min-idle | 11 is above pool.max-size (10)
			pool.initial-size=11 | pool.initial-size | 11 is above pool.max-size (10)
			pool.min-idle=-1 | pool.min-idle | -1 is below 0
			pool.acquire-retry=-1 | pool.acquire-retry | -1 is below 0
			pool.max-pending-acquire=-1 | pool.max-pending-acquire | -1 is below 0
			pool.warmup-parallelism=0 | pool.warmup-parallelism | 0 is below 1
			pool.max-acquire-time=-1ms | pool.max-acquire-time | is not a time to wait
			pool.max-create-connection-time=0s | pool.max-create-connection-time | is not a time to wait
			pool.max-validation-time=0s | pool.max-validation-time | is not a time to wait
			pool.max-close-time=0s | pool.max-close-time | is not a time to wait
			pool.background-eviction-interval=0s | pool.background-eviction-interval | is not a time to wait
			pool.leak-detection-threshold=0s | pool.leak-detection-threshold | 0ms is not a time to hold a connection
			pool.leak-detection-threshold=-1s | pool.leak-detection-threshold | is not a time to hold a connection
			pool.leak-detection-call-site=true | pool.leak-detection-call-site | nothing is reported without a threshold
			health.timeout=0s | health.timeout | is not a time to wait
			pool.life-time-jitter=1 | pool.life-time-jitter | is not a fraction
			pool.life-time-jitter=NaN | pool.life-time-jitter | is not a fraction
			""")
	void refusesWhatIsWrongAndSaysWhatToDo(String properties, String property, String problem) {
		assertThatExceptionOfType(InvalidSettingsException.class).isThrownBy(() -> options(properties.split(",")))
			.withMessageContaining(problem)
			.satisfies((ex) -> {
				assertThat(ex.getProperty()).isEqualTo("async-mysql." + property);
				assertThat(ex.getAction()).isNotBlank().endsWith(".");
			});
	}

	@Test
	void refusesTlsOverASocket() {
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> options("host=", "unix-socket=/run/mysqld.sock", "ssl.mode=REQUIRED"))
			.withMessageContaining("REQUIRED cannot be had over the Unix socket");
	}

	@ParameterizedTest
	@ValueSource(strings = { "database", "password", "unix-socket", "connection-time-zone",
			"allow-load-local-infile-in-path", "server-rsa-public-key-file", "ssl.bundle", "ssl.ca", "ssl.cert",
			"ssl.key", "ssl.key-password", "pool.validation-query" })
	void aBlankValueIsNone(String property) {
		assertThat(settings(property + "=")).isEqualTo(settings());
	}

	@Test
	void settingsCanBeBoundUnderAnotherPrefix() {
		MockEnvironment environment = new MockEnvironment().withProperty("my.db.host", "h")
			.withProperty("my.db.pool.max-size", "3");
		ConnectionSettings settings = ConnectionSettings.bind(environment, "my.db");
		assertThat(settings.location()).isEqualTo("h:3306");
		assertThat(settings.pool().maxSize()).isEqualTo(3);
	}

	@Test
	void metricsOfTheSocketsNeedMicrometer() {
		SettingsValidator validator = new SettingsValidator(settings("host=h", "username=u", "metrics=true"),
				"async-mysql", new FilteredClassLoader("io.micrometer"));
		assertThatExceptionOfType(InvalidSettingsException.class).isThrownBy(validator::validate)
			.withMessageContaining("io.micrometer:micrometer-core is not on the class path");
	}

	@Test
	void withoutPoolTheTimeToConnectIsBoundedToo() {
		ConnectionFactory silent = mock();
		willAnswer((invocation) -> Mono.never()).given(silent).create();
		ConnectionFactory factory = MySqlConnectionFactories.unpooled(MySqlConnectionFactories
			.server(settings("pool.max-create-connection-time=100ms"), silent, "async-mysql"));
		StepVerifier.create(factory.create())
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(R2dbcTimeoutException.class)
				.hasMessageContaining("within 100 ms (async-mysql.pool.max-create-connection-time)"))
			.verify(Duration.ofSeconds(5));
	}

	@Test
	void aPasswordOfTheSettingsYieldsToTheProvider() {
		ConnectionFactoryOptions options = MySqlConnectionFactories.options(settings("password=old"),
				new DriverObjects(null, null, null, null, () -> Mono.just("fresh"), null), "async-mysql");
		assertThat(password(options)).isEqualTo("fresh");
	}

	@Test
	void aPrefixOfItsOwnShowsInMessages() {
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> MySqlConnectionFactories.options(settings("port=0"), DriverObjects.NONE, "other.place"))
			.withMessageStartingWith("other.place.port");
	}

	@Test
	void pemContentIsNotRepeated() {
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> options("ssl.ca=-----BEGIN CERTIFICATE-----hush-----END CERTIFICATE-----"))
			.satisfies((ex) -> assertThat(ex.getMessage()).doesNotContain("hush"));
	}

	private static @Nullable Object password(ConnectionFactoryOptions options) {
		Object publisher = options.getRequiredValue(MySqlConnectionFactoryProvider.PASSWORD_PUBLISHER);
		return Mono.from((Publisher<?>) publisher).block(Duration.ofSeconds(5));
	}

	private static ConnectionFactoryOptions options(String... properties) {
		return MySqlConnectionFactories.options(settings(properties), DriverObjects.NONE, "async-mysql");
	}

	private static ConnectionFactory never() {
		ConnectionFactory factory = mock();
		willAnswer((invocation) -> Mono.never()).given(factory).create();
		return factory;
	}

	private static ConnectionSettings settings(String... properties) {
		Map<String, String> map = new LinkedHashMap<>(Map.of("c.host", "h", "c.username", "u"));
		Arrays.stream(properties)
			.map((property) -> property.split("=", 2))
			.forEach((pair) -> map.put("c." + pair[0], pair[1]));
		return new Binder(new MapConfigurationPropertySource(map)).bindOrCreate("c", ConnectionSettings.class);
	}

}
