package dev.asyncmysql.connection;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;

import dev.asyncmysql.ConnectionSettings;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.codec.DecoderException;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcTimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.mock;
import static org.mockito.BDDMockito.willAnswer;

/**
 * Tests for {@link ConnectionFailure}.
 */
class ConnectionFailureTests {

	private static final Duration LIMIT = Duration.ofSeconds(5);

	@ParameterizedTest
	@MethodSource
	void tellsWhatHappenedAndWhatToDo(Throwable failure, boolean permanent, String description, String action) {
		ConnectionFailure known = ConnectionFailure.of(new IllegalStateException(failure), settings(), "my.db")
			.orElseThrow();
		assertThat(known.description()).contains("db.example:3306/shop").contains(description);
		assertThat(known.action()).contains(action).endsWith(".");
		assertThat(known.isPermanent()).isEqualTo(permanent);
		assertThat(known.toString()).contains(known.description(), known.action()).doesNotContain("geheim");
	}

	static Stream<Arguments> tellsWhatHappenedAndWhatToDo() {
		return Stream.of(
				Arguments.of(error(1045, "Access denied for user 'u'@'h' (using password: YES)"), true,
						"refused the login", "my.db.username and my.db.password"),
				Arguments.of(error(1045, "Access denied for user 'u'@'h' (using password: NO)"), true,
						"refused the login", "Set my.db.password"),
				Arguments.of(error(1698, "Access denied for user 'root'@'h'"), true, "(error 1698)", "my.db.password"),
				Arguments.of(error(1044, "Access denied for user 'u'@'h' to database 'shop'"), true,
						"refused the use of the database", "my.db.database"),
				Arguments.of(new R2dbcBadGrammarException("Unknown database 'shop'", "42000", 1049), true,
						"no such database: Unknown database 'shop'", "my.db.create-database-if-not-exist=true"),
				Arguments.of(error(1193, "Unknown system variable 'x'"), true, "Unknown system variable 'x'",
						"my.db.session-variables"),
				Arguments.of(error(3159, "Connections using insecure transport are prohibited"), true, "demands TLS",
						"Remove my.db.ssl.mode"),
				Arguments.of(error(0, "Server does not support SSL but mode 'REQUIRED' requires SSL"), true,
						"offers no TLS", "my.db.ssl.mode=PREFERRED"),
				Arguments.of(error(0, "Authentication type 'caching_sha2_password' must require SSL in full phase"),
						true, "not sent without TLS", "my.db.server-rsa-public-key-file"),
				Arguments.of(error(0, "Authentication plugin 'client_ed25519' not found"), true, "client_ed25519",
						"authentication that the driver knows"),
				Arguments.of(error(1040, "Too many connections"), false, "no connection left", "my.db.pool.max-size"),
				Arguments.of(error(1129, "Host 'h' is blocked"), false, "blocked", "performance_schema.host_cache"),
				Arguments.of(error(1130, "Host 'h' is not allowed"), false, "nobody in", "Create an account"),
				Arguments.of(initCause(new SSLHandshakeException("x"), new CertificateException("No path")), true,
						"not trusted: No path", "my.db.ssl.ca"),
				Arguments.of(new SSLException("The hostname 'h' could not be verified"), true, "for another host",
						"my.db.ssl.mode=VERIFY_CA"),
				Arguments.of(new SSLHandshakeException("Received fatal alert: protocol_version"), false,
						"protocol_version", "my.db.ssl.tls-version"),
				Arguments.of(new DecoderException("x"), false, "does not speak", "my.db.port"),
				Arguments.of(new UnknownHostException("db.example"), false, "not known", "my.db.host"),
				Arguments.of(new ConnectTimeoutException("timed out"), false, "does not answer", "firewall"),
				Arguments.of(new R2dbcTimeoutException("The server did not let a connection in within 8000 ms"), false,
						"does not answer", "firewall"),
				Arguments.of(new ConnectException("Connection refused"), false, "cannot be reached: Connection refused",
						"my.db.host and my.db.port"),
				Arguments.of(new R2dbcNonTransientResourceException("Connection unexpectedly closed"), false,
						"let nobody in", "error log"),
				Arguments.of(new R2dbcNonTransientResourceException("The PasswordProvider gave no password",
						new ConnectException("Connection refused")), false, "no password", "asked anew"));
	}

	@ParameterizedTest
	@MethodSource
	void leavesOtherFailuresToOthers(Throwable failure) {
		assertThat(ConnectionFailure.of(failure, settings(), "my.db")).isEmpty();
		assertThat(ConnectionFailure.in(failure)).isEmpty();
	}

	static Stream<Throwable> leavesOtherFailuresToOthers() {
		return Stream.of(new IllegalStateException(), new IOException("disk"), error(1146, "no such table"),
				new R2dbcTimeoutException("No connection within 10000 ms: 10 of 10 connections are in use"));
	}

	@Test
	void theUsersNamesForProperties() {
		ConnectionFailure known = ConnectionFailure.of(error(1049, "Unknown database 'shop'"), settings(), "my.db")
			.orElseThrow();
		assertThat(known.named((property) -> "<" + property + ">").action()).contains("<database>")
			.doesNotContain("my.db");
	}

	@Test
	void whatIsConfiguredDecidesWhatToDo() {
		assertThat(action(new FileNotFoundException("/run/x.sock"), "unix-socket=/run/x.sock", "host="))
			.contains("my.db.unix-socket")
			.doesNotContain("my.db.host");
		assertThat(action(error(1045, "denied"), "password=")).contains("what the PasswordProvider gives");
		assertThat(action(initCause(new SSLHandshakeException("x"), new CertificateException("x")), "ssl.ca=ca.pem"))
			.startsWith("Check my.db.ssl.ca");
		assertThat(action(error(0, "Authentication type 'x' must require SSL"), "ssl.mode=DISABLED"))
			.contains("remove my.db.ssl.mode=DISABLED");
		assertThat(action(error(1044, "denied"), "create-database-if-not-exist=true"))
			.contains("needs the right to create it");
	}

	@Test
	void aFactoryLeavesTheReasonInItsException() {
		ConnectionFactory driver = mock();
		ConnectException refused = new ConnectException("Connection refused");
		willAnswer((invocation) -> Mono.error(refused)).given(driver).create();
		ConnectionFactory factory = MySqlConnectionFactories
			.unpooled(MySqlConnectionFactories.server(settings(), driver, "my.db"));
		for (int attempt = 0; attempt < 2; attempt++) {
			StepVerifier.create(factory.create())
				.expectErrorSatisfies((ex) -> assertThat(ex).isSameAs(refused))
				.verify(LIMIT);
		}
		assertThat(refused.getSuppressed()).singleElement()
			.asString()
			.contains("cannot be reached")
			.contains("Start the server");
		assertThat(ConnectionFailure.in(new IllegalStateException(new RuntimeException(refused)))).isPresent();
	}

	@Test
	void aPoolThatWaitedInVainTellsWhyItCouldOpenNone() {
		ConnectionFactory driver = mock();
		given(driver.create()).willAnswer((invocation) -> Mono.delay(Duration.ofMillis(5))
			.then(Mono.error(new ConnectException("Connection refused"))));
		ConnectionSettings settings = settings("pool.max-acquire-time=200ms", "pool.acquire-retry=1000");
		ConnectionPool pool = MySqlConnectionFactories
			.pooled(MySqlConnectionFactories.server(settings, driver, "my.db"), List.of());
		StepVerifier.create(pool.create()).expectErrorSatisfies((ex) -> {
			assertThat(ex).isInstanceOf(R2dbcTimeoutException.class);
			assertThat(ConnectionFailure.in(ex).orElseThrow().description()).contains("cannot be reached");
		}).verify(LIMIT);
		pool.dispose();
	}

	private static String action(Throwable failure, String... values) {
		return ConnectionFailure.of(failure, settings(values), "my.db").orElseThrow().action();
	}

	private static R2dbcException error(int code, String message) {
		return new R2dbcPermissionDeniedException(message, "HY000", code);
	}

	private static Throwable initCause(Throwable failure, Throwable cause) {
		return failure.initCause(cause);
	}

	private static ConnectionSettings settings(String... values) {
		Map<String, String> map = new HashMap<>(
				Map.of("c.host", "db.example", "c.database", "shop", "c.username", "shop", "c.password", "geheim"));
		for (String value : values) {
			map.put("c." + value.substring(0, value.indexOf('=')), value.substring(value.indexOf('=') + 1));
		}
		return new Binder(new MapConfigurationPropertySource(map)).bindOrCreate("c", ConnectionSettings.class);
	}

}
