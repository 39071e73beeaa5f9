package dev.asyncmysql.connection;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

import dev.asyncmysql.ConnectionSettings;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is said of a port at which something else than MySQL answers.
 */
class ForeignServerTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	@Test
	void mysqlsXProtocol() {
		assertThat(failureOf(HexFormat.of().parseHex("050000000b08051a00"), false)).contains("does not speak as MySQL")
			.contains("Check c.port");
	}

	@Test
	void anotherProtocolThatWaitsForMore() {
		assertThat(failureOf("SSH-2.0-OpenSSH_9.2\r\n".getBytes(StandardCharsets.US_ASCII), false))
			.contains("does not answer")
			.contains("c.port");
	}

	@Test
	void aPortThatClosesAtOnce() {
		assertThat(failureOf(new byte[0], true)).contains("let nobody in")
			.contains("Check that a MySQL server listens");
	}

	private static String failureOf(byte[] greeting, boolean closes) {
		String[] failure = new String[1];
		try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			Thread peer = new Thread(() -> greet(server, greeting, closes));
			peer.start();
			ConnectionSettings settings = new Binder(new MapConfigurationPropertySource(Map.of("c.host", "127.0.0.1",
					"c.port", server.getLocalPort(), "c.username", "u", "c.pool.max-create-connection-time", "2s")))
				.bindOrCreate("c", ConnectionSettings.class);
			Server target = MySqlConnectionFactories.server(settings, MySqlConnectionFactories
				.driver(MySqlConnectionFactories.options(settings, DriverObjects.NONE, "c"), List.of()), "c");
			StepVerifier.create(Mono.from(MySqlConnectionFactories.unpooled(target).create()))
				.expectErrorSatisfies((ex) -> failure[0] = ConnectionFailure.in(ex)
					.map(ConnectionFailure::toString)
					.orElse("unknown: " + ex))
				.verify(LIMIT);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return failure[0];
	}

	private static void greet(ServerSocket server, byte[] greeting, boolean closes) {
		try (Socket socket = server.accept()) {
			socket.getOutputStream().write(greeting);
			socket.getOutputStream().flush();
			if (!closes) {
				// Ends when the client does.
				socket.getInputStream().transferTo(OutputStream.nullOutputStream());
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
