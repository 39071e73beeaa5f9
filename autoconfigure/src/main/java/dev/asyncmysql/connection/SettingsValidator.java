package dev.asyncmysql.connection;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.ConnectionSettings.Pool;
import dev.asyncmysql.ConnectionSettings.Ssl;
import dev.asyncmysql.ConnectionSettings.TransactionSettings.Retry;
import dev.asyncmysql.InvalidSettingsException;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.asyncer.r2dbc.mysql.constant.CompressionAlgorithm;
import io.asyncer.r2dbc.mysql.constant.SslMode;
import org.jspecify.annotations.Nullable;
import reactor.netty.resources.LoopResources;

import org.springframework.util.ClassUtils;
import org.springframework.util.StringUtils;
import org.springframework.util.unit.DataSize;

/**
 * Checks settings as a whole before anything is opened with them, and says what to write
 * instead.
 */
final class SettingsValidator {

	private static final Duration LONGEST = Duration.ofMillis(Integer.MAX_VALUE);

	private final ConnectionSettings settings;

	private final String prefix;

	private final @Nullable ClassLoader libraries;

	SettingsValidator(ConnectionSettings settings, String prefix) {
		this(settings, prefix, MySqlConnectionFactoryProvider.class.getClassLoader());
	}

	SettingsValidator(ConnectionSettings settings, String prefix, @Nullable ClassLoader libraries) {
		this.settings = settings;
		this.prefix = prefix;
		this.libraries = libraries;
	}

	void validate() {
		validateServer();
		validateUser();
		validateOptions();
		validateEventLoops();
		validateSsl(this.settings.ssl());
		validatePool(this.settings.pool());
	}

	private void validateServer() {
		if (this.settings.unixSocket() != null) {
			validateUnixSocket(this.settings.unixSocket());
		}
		else if (!StringUtils.hasText(this.settings.host())) {
			throw invalid("host", "no host is configured", "Set it, or " + this.prefix + ".url.");
		}
		String host = this.settings.host();
		if (host != null && (host.contains("/") || host.contains(" ") || host.matches("[^:]*:[^:]*"))) {
			throw invalid("host", "'" + host + "' is not the name or address of a host",
					"Set the host alone, and the port by " + this.prefix + ".port; a whole URL belongs into "
							+ this.prefix + ".url.");
		}
		if (this.settings.port() < 1 || this.settings.port() > 65535) {
			throw invalid("port", this.settings.port() + " is not a port", "Set a number from 1 to 65535.");
		}
		positive("connect-timeout", this.settings.connectTimeout());
		positive("startup-timeout", this.settings.startupTimeout());
		positiveIfSet("statement-timeout", this.settings.statementTimeout());
		positiveIfSet("lock-wait-timeout", this.settings.lockWaitTimeout());
		positive("response-timeout", this.settings.responseTimeout());
		positive("cancel.grace", this.settings.cancel().grace());
		positive("health.timeout", this.settings.health().timeout());
		if (this.settings.health().interval().isNegative()) {
			throw invalid("health.interval", "it is negative", "Set 0s to ask the server each time.");
		}
		validateRetry(this.settings.transaction().retry());
		if (this.settings.advice().instances() < 1) {
			throw invalid("advice.instances", this.settings.advice().instances() + " instances share no server",
					"Set a number from 1 on.");
		}
		if (this.settings.slowQuery().maxPerMinute() < 1) {
			throw invalid("slow-query.max-per-minute", this.settings.slowQuery().maxPerMinute() + " lines tell nothing",
					"Set a number from 1 on, or " + this.prefix + ".slow-query.threshold=-1s for no line at all.");
		}
	}

	private void validateRetry(Retry retry) {
		if (retry.maxAttempts() < 1) {
			throw invalid("transaction.retry.max-attempts", retry.maxAttempts() + " attempts are none",
					"Set 1 for no retry, or more.");
		}
		positive("transaction.retry.delay", retry.delay());
		positive("transaction.retry.max-delay", retry.maxDelay());
		if (retry.jitter().isNegative()) {
			throw invalid("transaction.retry.jitter", "it is negative", "Set 0ms for none.");
		}
		if (!(retry.multiplier() >= 1)) {
			throw invalid("transaction.retry.multiplier", retry.multiplier() + " would shorten the delay",
					"Set a number from 1 on.");
		}
		if (!(retry.budgetShare() >= 0) || retry.budgetPerSecond() < 0) {
			throw invalid("transaction.retry.budget-share",
					"%s for each transaction and %d for each second are no budget".formatted(retry.budgetShare(),
							retry.budgetPerSecond()),
					"Set it and " + this.prefix + ".transaction.retry.budget-per-second to numbers from 0 on.");
		}
	}

	private void validateUnixSocket(String socket) {
		if (this.settings.host() != null) {
			throw invalid("unix-socket", "a socket and a host are both configured",
					"Remove this property or " + this.prefix + ".host.");
		}
		SslMode mode = this.settings.ssl().mode();
		if (mode != null && mode != SslMode.DISABLED && mode != SslMode.PREFERRED) {
			throw invalid("ssl.mode", mode + " cannot be had over the Unix socket " + socket,
					"Remove it: a socket does not leave the machine. Or connect to a host.");
		}
		if (!LoopResources.hasNativeSupport()) {
			throw invalid("unix-socket",
					"no native transport of Netty is available, and without one there are no " + "Unix sockets",
					"Add io.netty:netty-transport-native-epoll with the classifier of your platform, such as "
							+ "linux-x86_64 (on macOS netty-transport-native-kqueue), or connect to a host.");
		}
	}

	private void validateUser() {
		if (!StringUtils.hasText(this.settings.username())) {
			throw invalid("username", "no user is configured for " + this.settings.location(),
					"Set " + this.prefix + ".username and " + this.prefix + ".password.");
		}
	}

	private void validateEventLoops() {
		Integer number = this.settings.eventLoops();
		if (number != null && number < 1) {
			throw invalid("event-loops", number + " event loops serve no connection",
					"Set a number from 1 on, or remove it for as many as there are processors.");
		}
	}

	private void validateOptions() {
		for (String name : this.settings.options().keySet()) {
			String property = MySqlConnectionFactories.propertyOf(name);
			if (property != null && !DriverOption.USE_SERVER_PREPARE_STATEMENT.property().equals(property)) {
				throw invalid("options." + name, "the option has a property of its own",
						"Write " + this.prefix + "." + property + " instead.");
			}
		}
		validateTimeZone(this.settings.connectionTimeZone());
		for (String variable : this.settings.sessionVariables()) {
			if (!variable.contains("=")) {
				throw invalid("session-variables", "'" + variable + "' is not of the form name=value",
						"Write each variable as name=value, such as sql_mode='ANSI_QUOTES'.");
			}
		}
		DataSize buffer = this.settings.localInfileBufferSize();
		if (buffer != null && (buffer.toBytes() < 1 || buffer.toBytes() > Integer.MAX_VALUE)) {
			throw invalid("local-infile-buffer-size", buffer + " is not the size of a buffer",
					"Set a size of at least 1B and below 2GB, such as 64KB.");
		}
		directory("allow-load-local-infile-in-path", this.settings.allowLoadLocalInfileInPath());
		file("server-rsa-public-key-file", this.settings.serverRsaPublicKeyFile());
		if (Boolean.TRUE.equals(this.settings.metrics())) {
			library("metrics", "io.micrometer.core.instrument.MeterRegistry", "io.micrometer:micrometer-core");
		}
		if (this.settings.compressionAlgorithms().contains(CompressionAlgorithm.ZSTD)) {
			library("compression-algorithms", "com.github.luben.zstd.Zstd", "com.github.luben:zstd-jni");
		}
		Integer level = this.settings.zstdCompressionLevel();
		if (level != null && (level < 1 || level > 22)) {
			throw invalid("zstd-compression-level", level + " is not a level of zstd", "Set a number from 1 to 22.");
		}
	}

	private void validateTimeZone(@Nullable String zone) {
		if (zone == null || zone.equalsIgnoreCase("LOCAL") || zone.equalsIgnoreCase("SERVER")) {
			return;
		}
		try {
			ZoneId.of(zone, ZoneId.SHORT_IDS);
		}
		catch (DateTimeException ex) {
			throw invalid("connection-time-zone", "'" + zone + "' is not a time zone",
					"Set LOCAL, SERVER or an identifier such as UTC, +02:00 or Europe/Berlin.");
		}
	}

	private void validateSsl(Ssl ssl) {
		for (String version : ssl.tlsVersion()) {
			if (!version.matches("TLSv1(\\.[123])?")) {
				throw invalid("ssl.tls-version", "'" + version + "' is not a version of TLS",
						"Set TLSv1.3, TLSv1.2 or both.");
			}
		}
		boolean pem = ssl.ca() != null || ssl.cert() != null || ssl.key() != null;
		if (ssl.bundle() != null && pem) {
			throw invalid("ssl.bundle", "a bundle and PEM files (ssl.ca, ssl.cert, ssl.key) are both configured",
					"Keep one of them.");
		}
		if ((ssl.cert() != null) != (ssl.key() != null)) {
			throw invalid((ssl.cert() != null) ? "ssl.key" : "ssl.cert",
					"a client certificate needs both ssl.cert and ssl.key", "Set this property, or remove the other.");
		}
		if (ssl.mode() == SslMode.DISABLED && (pem || ssl.bundle() != null)) {
			throw invalid("ssl.mode", "TLS is disabled, yet certificates are configured",
					"Remove ssl.mode, so that the server is verified, or remove the certificates.");
		}
		if (ssl.mode() != null && !ssl.mode().verifyCertificate() && ssl.ca() != null) {
			throw invalid("ssl.ca", "with ssl.mode " + ssl.mode() + " no certificate is verified",
					"Remove ssl.mode, or set VERIFY_CA or VERIFY_IDENTITY; or remove ssl.ca.");
		}
	}

	private void validatePool(Pool pool) {
		atLeast("pool.max-size", pool.maxSize(), 1);
		atLeast("pool.initial-size", pool.initialSize(), 0);
		atLeast("pool.min-idle", pool.minIdle(), 0);
		atLeast("pool.acquire-retry", pool.acquireRetry(), 0);
		atLeast("pool.max-pending-acquire", pool.maxPendingAcquire(), 0);
		atLeast("pool.warmup-parallelism", pool.warmupParallelism(), 1);
		atMostMaxSize("pool.initial-size", pool.initialSize(), pool);
		atMostMaxSize("pool.min-idle", pool.minIdle(), pool);
		notZero("pool.max-idle-time", pool.maxIdleTime());
		notZero("pool.max-life-time", pool.maxLifeTime());
		positive("pool.max-acquire-time", pool.maxAcquireTime());
		positive("pool.max-create-connection-time", pool.maxCreateConnectionTime());
		positive("pool.max-validation-time", pool.maxValidationTime());
		positive("pool.max-release-time", pool.maxReleaseTime());
		positive("pool.max-close-time", pool.maxCloseTime());
		positive("pool.background-eviction-interval", pool.backgroundEvictionInterval());
		validateLeakDetection(pool);
		if (!(pool.lifeTimeJitter() >= 0 && pool.lifeTimeJitter() < 1)) {
			throw invalid("pool.life-time-jitter", pool.lifeTimeJitter() + " is not a fraction",
					"Set a number from 0 up to, but not including, 1.");
		}
	}

	private void validateLeakDetection(Pool pool) {
		Duration threshold = pool.leakDetectionThreshold();
		if (threshold != null && threshold.toMillis() < 1) {
			throw invalid("pool.leak-detection-threshold", text(threshold) + " is not a time to hold a connection",
					"Set a time such as 30s, or remove the property: nothing is reported without it.");
		}
		if (threshold == null && pool.leakDetectionCallSite()) {
			throw invalid("pool.leak-detection-call-site", "nothing is reported without a threshold",
					"Set " + this.prefix + ".pool.leak-detection-threshold, such as 30s, or remove this property.");
		}
	}

	private void atMostMaxSize(String property, int value, Pool pool) {
		if (value > pool.maxSize()) {
			throw invalid(property, value + " is above pool.max-size (" + pool.maxSize() + ")",
					"Lower it, or raise pool.max-size.");
		}
	}

	private void atLeast(String property, int value, int minimum) {
		if (value < minimum) {
			throw invalid(property, value + " is below " + minimum, "Set at least " + minimum + ".");
		}
	}

	private void notZero(String property, Duration value) {
		if (value.isZero()) {
			throw invalid(property, "with a time of zero no connection would be kept",
					"Set a time such as 3m, a negative one for none, or " + this.prefix + ".pool.enabled=false.");
		}
	}

	private void positiveIfSet(String property, @Nullable Duration value) {
		if (value != null) {
			positive(property, value);
		}
	}

	private void positive(String property, Duration value) {
		if (value.compareTo(LONGEST) > 0) {
			throw invalid(property, value + " is longer than can be counted", "Set at most 24d.");
		}
		if (value.toMillis() < 1) {
			throw invalid(property, text(value) + " is not a time to wait; nothing here waits without a limit",
					"Set a time of at least 1ms, such as 10s.");
		}
	}

	private void library(String property, String type, String dependency) {
		if (!ClassUtils.isPresent(type, this.libraries)) {
			throw invalid(property, dependency + " is not on the class path",
					"Add the dependency, or remove the property.");
		}
	}

	private void file(String property, @Nullable String value) {
		if (value != null && !Files.isReadable(path(property, value))) {
			throw invalid(property, "there is no readable file " + value, "Name a file.");
		}
	}

	private void directory(String property, @Nullable String value) {
		if (value != null && !Files.isDirectory(path(property, value))) {
			throw invalid(property, "there is no folder " + value, "Name a folder, or remove the property.");
		}
	}

	private Path path(String property, String value) {
		try {
			return Path.of(value);
		}
		catch (InvalidPathException ex) {
			throw invalid(property, value + " is not a path (" + ex.getReason() + ")", "Name a file.");
		}
	}

	private static String text(Duration duration) {
		return duration.toMillis() + "ms";
	}

	private InvalidSettingsException invalid(String property, String problem, String action) {
		return new InvalidSettingsException(this.prefix + "." + property, problem, action);
	}

}
