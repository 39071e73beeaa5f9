package dev.asyncmysql;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.testcontainers.mysql.MySQLContainer;

/**
 * A port of this machine that refuses connections at first. Once it is opened, it leads
 * to the real MySQL, or swallows what it gets.
 */
public final class LatePort implements AutoCloseable {

	private final ExecutorService threads = Executors.newCachedThreadPool((task) -> {
		Thread thread = new Thread(task, "late-port");
		thread.setDaemon(true);
		return thread;
	});

	private final List<Socket> sockets = new CopyOnWriteArrayList<>();

	private final AtomicInteger accepted = new AtomicInteger();

	private final ServerSocket server;

	private final int number;

	public LatePort() {
		try (ServerSocket reserved = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			this.number = reserved.getLocalPort();
			this.server = new ServerSocket();
			this.server.setReuseAddress(true);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Return the properties that lead to the port.
	 * @return host and port
	 */
	public String[] properties() {
		return new String[] { "async-mysql.host=127.0.0.1", "async-mysql.port=" + this.number };
	}

	public int number() {
		return this.number;
	}

	/**
	 * Return how often somebody connected.
	 * @return the number of connections that were accepted
	 */
	public int accepted() {
		return this.accepted.get();
	}

	/**
	 * Open the port and lead it to MySQL, after a time.
	 * @param delay how long to refuse connections still
	 */
	public void openAfter(Duration delay) {
		MySQLContainer mysql = MySqlServer.container();
		Executor later = CompletableFuture.delayedExecutor(delay.toMillis(), TimeUnit.MILLISECONDS, this.threads);
		later.execute(() -> accept((client) -> {
			Socket upstream = new Socket(mysql.getHost(), mysql.getFirstMappedPort());
			this.sockets.add(upstream);
			this.threads.execute(() -> copy(client, upstream));
			this.threads.execute(() -> copy(upstream, client));
		}));
	}

	/**
	 * Open the port, and leave without an answer whoever connects.
	 */
	public void openAndKeepSilent() {
		bind();
		this.threads.execute(() -> accept((client) -> {
		}));
	}

	private void bind() {
		try {
			if (!this.server.isBound()) {
				this.server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), this.number));
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private void accept(Answer answer) {
		bind();
		while (!this.server.isClosed()) {
			try {
				Socket client = this.server.accept();
				this.accepted.incrementAndGet();
				this.sockets.add(client);
				answer.to(client);
			}
			catch (IOException ex) {
				if (!this.server.isClosed()) {
					throw new UncheckedIOException(ex);
				}
			}
		}
	}

	// Either end may go at any time, and takes the other with it.
	private static void copy(Socket from, Socket to) {
		try (from; to) {
			InputStream input = from.getInputStream();
			input.transferTo(to.getOutputStream());
		}
		catch (IOException ex) {
			// Both are closed now.
			return;
		}
	}

	@Override
	public void close() {
		try {
			this.server.close();
			for (Socket socket : this.sockets) {
				socket.close();
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.threads.shutdownNow();
	}

	/**
	 * What a connection gets.
	 */
	private interface Answer {

		void to(Socket client) throws IOException;

	}

}
