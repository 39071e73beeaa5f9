package dev.asyncmysql.autoconfigure;

import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.InvalidSettingsException;
import io.asyncer.r2dbc.mysql.constant.CompressionAlgorithm;
import io.asyncer.r2dbc.mysql.constant.SslMode;
import io.asyncer.r2dbc.mysql.constant.ZeroDateOption;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link SettingsResolver}: which of several sources is in force, key by key.
 */
@ExtendWith(OutputCaptureExtension.class)
class SettingsResolverTests {

	private static final ConnectionFactoryOptions SERVICE = ConnectionFactoryOptions.builder()
		.option(ConnectionFactoryOptions.DRIVER, "mariadb")
		.option(ConnectionFactoryOptions.HOST, "service")
		.option(ConnectionFactoryOptions.PORT, 33061)
		.option(ConnectionFactoryOptions.USER, "service-user")
		.option(ConnectionFactoryOptions.PASSWORD, "service-password")
		.option(ConnectionFactoryOptions.DATABASE, "service-db")
		.build();

	@Test
	void ownPropertiesWinKeyByKey() {
		ConnectionSettings settings = resolve("async-mysql.username=own", "async-mysql.pool.max-size=7",
				"spring.r2dbc.url=r2dbc:mysql://boot:3307/bootdb?tcpNoDelay=false", "spring.r2dbc.username=boot",
				"spring.r2dbc.password=boot-password", "spring.r2dbc.pool.max-size=3", "spring.r2dbc.pool.min-idle=2");
		assertThat(settings.location()).isEqualTo("boot:3307/bootdb");
		assertThat(settings.username()).isEqualTo("own");
		assertThat(settings.password()).isEqualTo("boot-password");
		assertThat(settings.tcpNoDelay()).isFalse();
		assertThat(settings.pool().maxSize()).isEqualTo(7);
		assertThat(settings.pool().minIdle()).isEqualTo(2);
	}

	@Test
	void whatIsShadowedIsTold(CapturedOutput output) {
		resolve("async-mysql.url=r2dbc:mysql://own/db", "async-mysql.username=own", "spring.r2dbc.username=boot",
				"spring.r2dbc.url=r2dbc:mysql://x:secret@boot/db", "spring.r2dbc.pool.max-size=3",
				"async-mysql.pool.max-size=4");
		assertThat(output).contains("spring.r2dbc.url by async-mysql.url")
			.contains("spring.r2dbc's pool.max-size, username")
			.doesNotContain("secret");
	}

	@Test
	void ownUrlDisplacesTheOtherUrlAsAWhole() {
		ConnectionSettings settings = resolve("async-mysql.url=r2dbc:mysql://own/db", "async-mysql.username=own",
				"spring.r2dbc.url=r2dbc:mysql://boot:3307/other?tcpKeepAlive=false");
		assertThat(settings.location()).isEqualTo("own:3306/db");
		assertThat(settings.tcpKeepAlive()).isTrue();
	}

	@Test
	void ownHostDisplacesTheOtherUrl() {
		assertThat(resolve("async-mysql.host=own", "spring.r2dbc.url=r2dbc:mysql://boot:3307/other").location())
			.isEqualTo("own:3306");
	}

	@Test
	void ownSocketDisplacesTheOtherUrl() {
		ConnectionSettings settings = resolve("async-mysql.unix-socket=/run/mysqld.sock",
				"spring.r2dbc.url=r2dbc:mysql://boot:3307/other");
		assertThat(settings.host()).isNull();
		assertThat(settings.unixSocket()).isEqualTo("/run/mysqld.sock");
	}

	@Test
	void precedenceHoldsAcrossPropertySources() {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources()
			.addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment",
					Map.of("SPRING_R2DBC_PASSWORD", "boot", "ASYNCMYSQL_POOL_MAXSIZE", "9")));
		environment.getPropertySources()
			.addLast(new MapPropertySource("file",
					Map.of("async-mysql.password", "own", "async-mysql.host", "h", "async-mysql.pool.max-size", "5")));
		ConnectionSettings settings = new SettingsResolver(environment).resolve(null);
		assertThat(settings.password()).isEqualTo("own");
		assertThat(settings.pool().maxSize()).isEqualTo(9);
	}

	@Test
	void serviceConnectionWinsAndOwnSettingsStay() {
		ConnectionSettings settings = resolve(SERVICE, "async-mysql.host=own", "async-mysql.port=1",
				"async-mysql.username=own", "async-mysql.password=own", "async-mysql.database=own",
				"async-mysql.connect-timeout=1s", "async-mysql.ssl.mode=required", "async-mysql.pool.max-size=2");
		assertThat(settings.toString()).isEqualTo("ConnectionSettings[service:33061/service-db as service-user]");
		assertThat(settings.password()).isEqualTo("service-password");
		assertThat(settings.connectTimeout()).isEqualTo(Duration.ofSeconds(1));
		assertThat(settings.ssl().mode()).isEqualTo(SslMode.REQUIRED);
		assertThat(settings.pool().maxSize()).isEqualTo(2);
	}

	@Test
	void serviceConnectionDisplacesASocketAndUrls() {
		ConnectionSettings settings = resolve(SERVICE, "async-mysql.unix-socket=/x",
				"spring.r2dbc.url=r2dbc:mysql://boot/db?tcpNoDelay=false");
		assertThat(settings.unixSocket()).isNull();
		assertThat(settings.host()).isEqualTo("service");
		assertThat(settings.tcpNoDelay()).isTrue();
		assertThat(resolve(SERVICE, "async-mysql.url=r2dbc:mysql://own/db?sslMode=VERIFY_CA").ssl().mode()).isNull();
	}

	@Test
	void serviceConnectionOfAnotherDatabaseIsRefused() {
		ConnectionFactoryOptions other = SERVICE.mutate().option(ConnectionFactoryOptions.DRIVER, "postgresql").build();
		assertThatExceptionOfType(InvalidSettingsException.class).isThrownBy(() -> resolve(other))
			.withMessageContaining("'postgresql'")
			.satisfies((ex) -> assertThat(ex.getAction()).contains("async-mysql.enabled=false"));
	}

	@Test
	void serviceConnectionKeepsObjects() {
		Object object = new Object();
		ConnectionFactoryOptions service = SERVICE.mutate().option(Option.valueOf("resolver"), object).build();
		assertThat(resolve(service).options()).containsEntry("resolver", object);
	}

	@Test
	void urlCarriesOptionsOfDriverAndPool() {
		ConnectionSettings settings = resolve("async-mysql.url=r2dbcs:pool:mysql://u:p%40ss@h:1/db?connectTimeout=PT3S"
				+ "&zeroDate=use_null&compressionAlgorithms=ZSTD,UNCOMPRESSED&sessionVariables=sql_mode%3D'A,B',x%3D1"
				+ "&useServerPrepareStatement=true&maxSize=4&maxIdleTime=PT1M&poolName=p&tinyInt1isBit=false");
		assertThat(settings.toString()).isEqualTo("ConnectionSettings[h:1/db as u]");
		assertThat(settings.password()).isEqualTo("p@ss");
		assertThat(settings.ssl().mode()).isEqualTo(SslMode.REQUIRED);
		assertThat(settings.connectTimeout()).isEqualTo(Duration.ofSeconds(3));
		assertThat(settings.zeroDate()).isEqualTo(ZeroDateOption.USE_NULL);
		assertThat(settings.compressionAlgorithms()).containsExactly(CompressionAlgorithm.ZSTD,
				CompressionAlgorithm.UNCOMPRESSED);
		assertThat(String.join(",", settings.sessionVariables())).isEqualTo("sql_mode='A,B',x=1");
		assertThat(settings.useServerPrepareStatement()).isTrue();
		assertThat(settings.tinyInt1IsBit()).isFalse();
		assertThat(settings.pool().maxSize()).isEqualTo(4);
		assertThat(settings.pool().maxIdleTime()).isEqualTo(Duration.ofMinutes(1));
		assertThat(settings.pool().name()).isEqualTo("p");
	}

	@Test
	void sslModeOfAUrlWinsOverItsScheme() {
		assertThat(resolve("async-mysql.url=r2dbcs:mysql://h/d?sslMode=VERIFY_CA").ssl().mode())
			.isEqualTo(SslMode.VERIFY_CA);
		assertThat(resolve("async-mysql.url=r2dbc:mysql://h/d?ssl=false").ssl().mode()).isEqualTo(SslMode.DISABLED);
	}

	@Test
	void bootPropertiesOfTheDriverAreUnderstood(CapturedOutput output) {
		ConnectionSettings settings = resolve("spring.r2dbc.url=r2dbc:mysql://h/d?tcpKeepAlive=false&foo=1",
				"spring.r2dbc.properties.tcpNoDelay=false", "spring.r2dbc.properties.serverZoneId=UTC",
				"spring.r2dbc.name=other", "spring.r2dbc.username=u");
		assertThat(settings.tcpNoDelay()).isFalse();
		assertThat(settings.tcpKeepAlive()).isFalse();
		assertThat(settings.database()).isEqualTo("d");
		assertThat(settings.options()).containsEntry("serverZoneId", "UTC").containsEntry("foo", "1");
		assertThat(output).contains("knows no option foo and will ignore it");
	}

	@Test
	void bootNameAppliesWhereTheUrlHasNone() {
		assertThat(resolve("spring.r2dbc.url=r2dbc:mysql://h", "spring.r2dbc.name=ledger").database())
			.isEqualTo("ledger");
		assertThat(resolve("spring.r2dbc.url=r2dbc:mysql://h", "spring.r2dbc.generate-unique-name=true").database())
			.matches("[0-9a-f-]{36}");
	}

	@Test
	void aBlankValueHidesNoOther() {
		ConnectionSettings settings = resolve("async-mysql.host=", "async-mysql.port=", "async-mysql.password= ",
				"async-mysql.pool.max-size=", "spring.r2dbc.url=r2dbc:mysql://u:secret@boot:3307/db",
				"spring.r2dbc.pool.max-size=3");
		assertThat(settings.location()).isEqualTo("boot:3307/db");
		assertThat(settings.password()).isEqualTo("secret");
		assertThat(settings.pool().maxSize()).isEqualTo(3);
		assertThat(resolve("async-mysql.url=r2dbc:mysql://u:secret@h/db", "async-mysql.password=").password())
			.isEqualTo("secret");
	}

	@Test
	void databaseOrUserAloneMeanLocalhost() {
		assertThat(resolve("async-mysql.database=ledger").location()).isEqualTo("localhost:3306/ledger");
		assertThat(resolve("async-mysql.port=3307").location()).isEqualTo("localhost:3307");
	}

	@Test
	void nothingConfiguredSaysWhatToWrite() {
		assertThatExceptionOfType(InvalidSettingsException.class).isThrownBy(() -> resolve())
			.withMessage("async-mysql.url: no connection is configured")
			.satisfies((ex) -> assertThat(ex.getAction()).contains("r2dbc:mysql://host:3306/database"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "host=h", "port=3306", "unix-socket=/x" })
	void urlAndPlaceContradict(String property) {
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> resolve("async-mysql.url=r2dbc:mysql://h/d", "async-mysql." + property))
			.withMessageContaining("both say where the server is");
	}

	@ParameterizedTest
	@ValueSource(strings = { "database=x", "username=x", "password=x", "tcp-no-delay=true", "ssl.mode=DISABLED" })
	void urlAndPropertyContradict(String property) {
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> resolve("async-mysql.url=r2dbc:mysql://u:p@h/d?tcpNoDelay=false&sslMode=REQUIRED",
					"async-mysql." + property))
			.withMessageContaining("say different things");
	}

	@Test
	void urlAndPropertyMayAgreeInOtherWords() {
		assertThat(resolve("async-mysql.url=r2dbc:mysql://h/d?connectTimeout=PT3S&sslMode=VERIFY_CA",
				"async-mysql.connect-timeout=3s", "async-mysql.ssl.mode=verify-ca")
			.connectTimeout()).isEqualTo(Duration.ofSeconds(3));
	}

	@ParameterizedTest
	@ValueSource(strings = { "async-mysql.url", "spring.r2dbc.url" })
	void aSocketInAUrlTakesThePlaceOfTheHost(String property) {
		ConnectionSettings settings = resolve(property + "=r2dbc:mysql://u@localhost/db?unixSocket=/run/mysqld.sock");
		assertThat(settings.unixSocket()).isEqualTo("/run/mysqld.sock");
		assertThat(settings.host()).isNull();
		assertThat(settings.database()).isEqualTo("db");
	}

	@Test
	void aSocketInBootsPropertiesTakesThePlaceOfTheHost() {
		assertThat(resolve("spring.r2dbc.url=r2dbc:mysql://u@localhost/db",
				"spring.r2dbc.properties.unixSocket=/run/mysqld.sock")
			.host()).isNull();
	}

	@Test
	void aPortAloneChangesThePortOfAUrl() {
		assertThat(resolve("async-mysql.port=4444", "spring.r2dbc.url=r2dbc:mysql://boot:3307/db").location())
			.isEqualTo("boot:4444/db");
	}

	@Test
	void ownHostMeetsNoPortOfDriverProperties() {
		assertThat(resolve("async-mysql.host=own", "spring.r2dbc.properties.unixSocket=/x").unixSocket()).isNull();
	}

	@Test
	void failuresNameThePropertyThatTheUserWrote() {
		InvalidSettingsException failure = new InvalidSettingsException("async-mysql.pool.initial-size", "too many",
				"Lower it.");
		assertThat(resolver("spring.r2dbc.pool.initial-size=20").locate(failure))
			.hasMessage("spring.r2dbc.pool.initial-size (pool.initial-size): too many");
		assertThat(resolver("spring.r2dbc.url=r2dbc:mysql://h/d?initialSize=20").locate(failure))
			.hasMessage("spring.r2dbc.url (pool.initial-size): too many");
		assertThat(resolver("async-mysql.url=r2dbc:mysql://h/d?initialSize=20").locate(failure))
			.hasMessage("async-mysql.url (pool.initial-size): too many");
		assertThat(resolver("async-mysql.pool.initial-size=20", "spring.r2dbc.pool.initial-size=20").locate(failure))
			.isSameAs(failure);
	}

	@Test
	void misspelledOptionAmongTheOptionsIsTold(CapturedOutput output) {
		resolve("async-mysql.host=h", "async-mysql.options.sslmode=REQUIRED");
		assertThat(output).contains("knows no option sslmode");
	}

	@Test
	void urlAndPropertyMayAgree() {
		assertThat(resolve("async-mysql.url=r2dbc:mysql://u@h/d", "async-mysql.username=u").username()).isEqualTo("u");
	}

	@Test
	void misspelledOptionOfTheUrlIsRefused() {
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> resolve("async-mysql.url=r2dbc:mysql://h/d?sslmode=REQUIRED"))
			.withMessageContaining("no option sslmode");
	}

	@Test
	void poolIsEnabledUnlessSaidOtherwise() {
		assertThat(resolver().isPoolEnabled()).isTrue();
		assertThat(resolver("spring.r2dbc.pool.enabled=false").isPoolEnabled()).isFalse();
		assertThat(resolver("spring.r2dbc.pool.enabled=false", "async-mysql.pool.enabled=true").isPoolEnabled())
			.isTrue();
	}

	@Test
	void noSecretInToString() {
		ConnectionSettings settings = resolve("async-mysql.host=h", "async-mysql.password=hush",
				"async-mysql.ssl.key-password=hush");
		assertThat(settings.toString() + settings.ssl()).doesNotContain("hush");
	}

	private static ConnectionSettings resolve(String... properties) {
		return resolver(properties).resolve(null);
	}

	private static ConnectionSettings resolve(ConnectionFactoryOptions service, String... properties) {
		return resolver(properties).resolve(service);
	}

	private static SettingsResolver resolver(String... properties) {
		StandardEnvironment environment = new StandardEnvironment();
		Map<String, Object> map = Arrays.stream(properties)
			.map((property) -> property.split("=", 2))
			.collect(Collectors.toMap((pair) -> pair[0], (pair) -> pair[1]));
		environment.getPropertySources().addFirst(new MapPropertySource("test", map));
		return new SettingsResolver(environment);
	}

}
