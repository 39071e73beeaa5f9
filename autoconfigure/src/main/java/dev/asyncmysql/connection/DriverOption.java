package dev.asyncmysql.connection;

import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

import dev.asyncmysql.ConnectionSettings;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.asyncer.r2dbc.mysql.constant.CompressionAlgorithm;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import org.jspecify.annotations.Nullable;

import org.springframework.util.unit.DataSize;

/**
 * Options of the driver that a property carries, each with the property's name and its
 * component of {@link ConnectionSettings}.
 */
enum DriverOption {

	HOST(ConnectionFactoryOptions.HOST, "host", ConnectionSettings::host),

	PORT(ConnectionFactoryOptions.PORT, "port", ConnectionSettings::port),

	DATABASE(ConnectionFactoryOptions.DATABASE, "database", ConnectionSettings::database),

	USER(ConnectionFactoryOptions.USER, "username", ConnectionSettings::username),

	PASSWORD(ConnectionFactoryOptions.PASSWORD, "password", ConnectionSettings::password),

	CONNECT_TIMEOUT(ConnectionFactoryOptions.CONNECT_TIMEOUT, "connect-timeout", ConnectionSettings::connectTimeout),

	STATEMENT_TIMEOUT(ConnectionFactoryOptions.STATEMENT_TIMEOUT, "statement-timeout",
			ConnectionSettings::statementTimeout),

	LOCK_WAIT_TIMEOUT(ConnectionFactoryOptions.LOCK_WAIT_TIMEOUT, "lock-wait-timeout",
			ConnectionSettings::lockWaitTimeout),

	UNIX_SOCKET(MySqlConnectionFactoryProvider.UNIX_SOCKET, "unix-socket", ConnectionSettings::unixSocket),

	CREATE_DATABASE_IF_NOT_EXIST(MySqlConnectionFactoryProvider.CREATE_DATABASE_IF_NOT_EXIST,
			"create-database-if-not-exist", ConnectionSettings::createDatabaseIfNotExist),

	SESSION_VARIABLES(MySqlConnectionFactoryProvider.SESSION_VARIABLES, "session-variables",
			(settings) -> strings(settings.sessionVariables())),

	CONNECTION_TIME_ZONE(MySqlConnectionFactoryProvider.CONNECTION_TIME_ZONE, "connection-time-zone",
			ConnectionSettings::connectionTimeZone),

	FORCE_CONNECTION_TIME_ZONE_TO_SESSION(MySqlConnectionFactoryProvider.FORCE_CONNECTION_TIME_ZONE_TO_SESSION,
			"force-connection-time-zone-to-session", ConnectionSettings::forceConnectionTimeZoneToSession),

	PRESERVE_INSTANTS(MySqlConnectionFactoryProvider.PRESERVE_INSTANTS, "preserve-instants",
			ConnectionSettings::preserveInstants),

	ZERO_DATE(MySqlConnectionFactoryProvider.ZERO_DATE, "zero-date", ConnectionSettings::zeroDate),

	TINY_INT_1_IS_BIT(MySqlConnectionFactoryProvider.TINY_INT_1_IS_BIT, "tiny-int1-is-bit",
			ConnectionSettings::tinyInt1IsBit),

	USE_SERVER_PREPARE_STATEMENT(MySqlConnectionFactoryProvider.USE_SERVER_PREPARE_STATEMENT,
			"use-server-prepare-statement", ConnectionSettings::useServerPrepareStatement),

	PREPARE_CACHE_SIZE(MySqlConnectionFactoryProvider.PREPARE_CACHE_SIZE, "prepare-cache-size",
			ConnectionSettings::prepareCacheSize),

	QUERY_CACHE_SIZE(MySqlConnectionFactoryProvider.QUERY_CACHE_SIZE, "query-cache-size",
			ConnectionSettings::queryCacheSize),

	EVENT_LOOPS(WiredDriver.EVENT_LOOPS, "event-loops", ConnectionSettings::eventLoops),

	TCP_KEEP_ALIVE(MySqlConnectionFactoryProvider.TCP_KEEP_ALIVE, "tcp-keep-alive", ConnectionSettings::tcpKeepAlive),

	TCP_NO_DELAY(MySqlConnectionFactoryProvider.TCP_NO_DELAY, "tcp-no-delay", ConnectionSettings::tcpNoDelay),

	METRICS(MySqlConnectionFactoryProvider.METRICS, "metrics", ConnectionSettings::metrics),

	COMPRESSION_ALGORITHMS(MySqlConnectionFactoryProvider.COMPRESSION_ALGORITHMS, "compression-algorithms",
			(settings) -> settings.compressionAlgorithms().isEmpty() ? null
					: settings.compressionAlgorithms().toArray(CompressionAlgorithm[]::new)),

	ZSTD_COMPRESSION_LEVEL(MySqlConnectionFactoryProvider.ZSTD_COMPRESSION_LEVEL, "zstd-compression-level",
			ConnectionSettings::zstdCompressionLevel),

	ALLOW_LOAD_LOCAL_INFILE_IN_PATH(MySqlConnectionFactoryProvider.ALLOW_LOAD_LOCAL_INFILE_IN_PATH,
			"allow-load-local-infile-in-path", ConnectionSettings::allowLoadLocalInfileInPath),

	LOCAL_INFILE_BUFFER_SIZE(MySqlConnectionFactoryProvider.LOCAL_INFILE_BUFFER_SIZE, "local-infile-buffer-size",
			(settings) -> bytes(settings.localInfileBufferSize())),

	SERVER_RSA_PUBLIC_KEY_FILE(MySqlConnectionFactoryProvider.SERVER_RSA_PUBLIC_KEY_FILE, "server-rsa-public-key-file",
			ConnectionSettings::serverRsaPublicKeyFile),

	AUTODETECT_EXTENSIONS(MySqlConnectionFactoryProvider.AUTODETECT_EXTENSIONS, "autodetect-extensions",
			ConnectionSettings::autodetectExtensions),

	SSL_MODE(MySqlConnectionFactoryProvider.SSL_MODE, "ssl.mode", Tls::mode),

	SSL_CA(MySqlConnectionFactoryProvider.SSL_CA, "ssl.ca", DriverOption::readBeforehand),

	SSL_CERT(MySqlConnectionFactoryProvider.SSL_CERT, "ssl.cert", DriverOption::readBeforehand),

	SSL_KEY(MySqlConnectionFactoryProvider.SSL_KEY, "ssl.key", DriverOption::readBeforehand),

	SSL_KEY_PASSWORD(MySqlConnectionFactoryProvider.SSL_KEY_PASSWORD, "ssl.key-password", DriverOption::readBeforehand),

	TLS_VERSION(MySqlConnectionFactoryProvider.TLS_VERSION, "ssl.tls-version",
			(settings) -> strings(settings.ssl().tlsVersion()));

	private static final Map<String, DriverOption> BY_NAME = Arrays.stream(values())
		.collect(Collectors.toUnmodifiableMap((option) -> option.option.name(), Function.identity()));

	private final Option<?> option;

	private final String property;

	private final Function<ConnectionSettings, @Nullable Object> value;

	DriverOption(Option<?> option, String property, Function<ConnectionSettings, @Nullable Object> value) {
		this.option = option;
		this.property = property;
		this.value = value;
	}

	static @Nullable DriverOption byName(String name) {
		return BY_NAME.get(name);
	}

	Option<?> option() {
		return this.option;
	}

	String property() {
		return this.property;
	}

	void apply(ConnectionSettings settings, ConnectionFactoryOptions.Builder options) {
		Object value = this.value.apply(settings);
		if (value != null) {
			options.option(Option.<Object>valueOf(this.option.name()), value);
		}
	}

	// The driver would read the file on an event loop, anew for each connection.
	// TlsMaterial brings what is in it.
	private static @Nullable Object readBeforehand(ConnectionSettings settings) {
		return null;
	}

	private static String @Nullable [] strings(Collection<String> values) {
		return values.isEmpty() ? null : values.toArray(String[]::new);
	}

	private static @Nullable Integer bytes(@Nullable DataSize size) {
		return (size != null) ? Math.toIntExact(size.toBytes()) : null;
	}

}
