package dev.asyncmysql.connection.stress;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.EnumSet;

import dev.asyncmysql.connection.stress.FaultyProxy.Direction;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link FaultyProxy}, before a server that sends back what it gets.
 */
class FaultyProxyTests {

	private final ServerSocket echo;

	private final FaultyProxy proxy;

	FaultyProxyTests() throws IOException {
		this.echo = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
		Thread acceptor = new Thread(() -> accept(this.echo), "echo");
		acceptor.setDaemon(true);
		acceptor.start();
		this.proxy = new FaultyProxy(this.echo.getInetAddress().getHostAddress(), this.echo.getLocalPort());
	}

	@AfterEach
	void close() throws IOException {
		this.proxy.close();
		this.echo.close();
		Awaitility.await().until(() -> this.proxy.links() == 0);
	}

	@Test
	void forwards() throws IOException {
		try (Socket socket = connect()) {
			assertThat(answers(socket)).isTrue();
		}
		Awaitility.await().until(() -> this.proxy.links() == 0);
	}

	@Test
	void whatIsLostStaysLostAndTheNextConnectionIsWell() throws IOException {
		for (Direction direction : Direction.values()) {
			try (Socket socket = connect()) {
				assertThat(answers(socket)).isTrue();
				this.proxy.lose(EnumSet.of(direction));
				assertThat(answers(socket)).isFalse();
				try (Socket meanwhile = connect()) {
					assertThat(answers(meanwhile)).isFalse();
				}
				this.proxy.heal();
				assertThat(answers(socket)).isFalse();
				try (Socket next = connect()) {
					assertThat(answers(next)).isTrue();
				}
			}
		}
	}

	@Test
	void whatIsHeldComesLater() throws IOException {
		try (Socket socket = connect()) {
			this.proxy.hold(true);
			assertThat(answers(socket)).isFalse();
			this.proxy.hold(false);
			socket.setSoTimeout(5_000);
			assertThat(socket.getInputStream().read()).isEqualTo('x');
		}
	}

	@Test
	void whatIsDelayedTakesItsTime() throws IOException {
		try (Socket socket = connect()) {
			this.proxy.delay(300);
			long start = System.nanoTime();
			socket.setSoTimeout(5_000);
			socket.getOutputStream().write('x');
			assertThat(socket.getInputStream().read()).isEqualTo('x');
			assertThat(System.nanoTime() - start).isGreaterThan(600_000_000L);
		}
	}

	@Test
	void whatIsResetIsOver() throws IOException {
		try (Socket socket = connect()) {
			assertThat(answers(socket)).isTrue();
			this.proxy.reset();
			assertThatExceptionOfType(SocketException.class).isThrownBy(() -> socket.getInputStream().read());
		}
	}

	@Test
	void refusesAndComesBackOnTheSamePort() throws IOException {
		this.proxy.refuse();
		assertThatExceptionOfType(ConnectException.class).isThrownBy(this::connect);
		this.proxy.accept();
		try (Socket socket = connect()) {
			assertThat(answers(socket)).isTrue();
		}
	}

	private Socket connect() throws IOException {
		return new Socket(this.proxy.host(), this.proxy.port());
	}

	private static boolean answers(Socket socket) throws IOException {
		socket.setSoTimeout(400);
		try {
			socket.getOutputStream().write('x');
			return socket.getInputStream().read() == 'x';
		}
		catch (SocketTimeoutException ex) {
			return false;
		}
	}

	private static void accept(ServerSocket server) {
		while (!server.isClosed()) {
			try {
				Socket client = server.accept();
				Thread thread = new Thread(() -> echo(client), "echo-client");
				thread.setDaemon(true);
				thread.start();
			}
			catch (IOException ex) {
				// It was closed.
				return;
			}
		}
	}

	private static void echo(Socket client) {
		try (client) {
			client.getInputStream().transferTo(client.getOutputStream());
		}
		catch (IOException ex) {
			// It was reset.
			return;
		}
	}

}
