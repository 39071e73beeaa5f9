package dev.asyncmysql.connection.stress;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

import org.jspecify.annotations.Nullable;

/**
 * A network between a pool and its server, with faults on demand: traffic is lost, held
 * or slow, connections are reset or refused.
 */
public final class FaultyProxy implements AutoCloseable {

	private static final int MOST_LINKS = 200;

	private static final int CONNECT_MILLIS = 2_000;

	private final InetAddress address = InetAddress.getLoopbackAddress();

	private final InetSocketAddress server;

	private final int port;

	private final ExecutorService threads = Executors.newCachedThreadPool((task) -> {
		Thread thread = new Thread(task, "faulty-proxy");
		thread.setDaemon(true);
		return thread;
	});

	private final Set<Link> links = ConcurrentHashMap.newKeySet();

	private final ReentrantLock lock = new ReentrantLock();

	private final Condition changed = this.lock.newCondition();

	private volatile Set<Direction> lost = EnumSet.noneOf(Direction.class);

	private volatile boolean held;

	private volatile long delayNanos;

	private volatile boolean closed;

	private volatile @Nullable ServerSocket listener;

	private volatile @Nullable Future<?> acceptor;

	/**
	 * Open a port that leads to a server.
	 * @param host host of the server
	 * @param port port of the server
	 */
	public FaultyProxy(String host, int port) {
		this.server = new InetSocketAddress(host, port);
		this.port = listen(0);
	}

	/**
	 * Return where the pool connects to.
	 * @return the host
	 */
	public String host() {
		return this.address.getHostAddress();
	}

	/**
	 * Return where the pool connects to.
	 * @return the port
	 */
	public int port() {
		return this.port;
	}

	/**
	 * Lose all traffic in these directions without telling either end. Connections that
	 * live through it stay dumb afterwards, as behind a firewall that has forgotten them.
	 * @param directions where traffic is lost
	 */
	public void lose(Set<Direction> directions) {
		this.lost = EnumSet.copyOf(directions);
		this.links.forEach((link) -> link.lose(directions));
	}

	/** Let traffic of new connections through again. */
	public void heal() {
		this.lost = EnumSet.noneOf(Direction.class);
		hold(false);
	}

	/**
	 * Keep all traffic back, and deliver it later.
	 * @param held whether it is kept
	 */
	void hold(boolean held) {
		this.held = held;
		signal();
	}

	/**
	 * Slow each packet down.
	 * @param millis the delay
	 */
	void delay(long millis) {
		this.delayNanos = TimeUnit.MILLISECONDS.toNanos(millis);
	}

	/**
	 * Reset the connections that stay dumb. A server would wait for them until its own
	 * limits end, with what they have locked.
	 */
	public void resetLost() {
		this.links.stream().filter((link) -> !link.lost.isEmpty()).forEach(Link::reset);
	}

	/** Reset all connections. */
	public void reset() {
		this.links.forEach(Link::reset);
	}

	/** Refuse new connections. */
	void refuse() {
		try {
			ServerSocket current = this.listener;
			if (current != null) {
				current.close();
			}
			// The port is open for as long as a thread waits at it.
			Future<?> waiting = this.acceptor;
			if (waiting != null) {
				waiting.get(CONNECT_MILLIS, TimeUnit.MILLISECONDS);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (ExecutionException | TimeoutException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/** Accept new connections again, on the same port. */
	void accept() {
		listen(this.port);
	}

	int links() {
		return this.links.size();
	}

	private int listen(int port) {
		try {
			ServerSocket socket = new ServerSocket();
			socket.setReuseAddress(true);
			socket.bind(new InetSocketAddress(this.address, port));
			this.listener = socket;
			this.acceptor = this.threads.submit(() -> acceptAll(socket));
			return socket.getLocalPort();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private void acceptAll(ServerSocket socket) {
		while (!socket.isClosed()) {
			try {
				Socket client = socket.accept();
				if (this.links.size() >= MOST_LINKS) {
					client.close();
				}
				else {
					this.threads.execute(() -> connect(client));
				}
			}
			catch (IOException | RejectedExecutionException ex) {
				// The listener was closed, or the proxy.
				return;
			}
		}
	}

	private void connect(Socket client) {
		Link link = new Link(client, new Socket());
		this.links.add(link);
		try {
			link.lose(this.lost);
			link.server.connect(this.server, CONNECT_MILLIS);
			link.server.setTcpNoDelay(true);
			client.setTcpNoDelay(true);
			this.threads.execute(() -> link.pump(Direction.TO_CLIENT));
			link.pump(Direction.TO_SERVER);
		}
		catch (IOException | RejectedExecutionException ex) {
			link.reset();
		}
		if (this.closed) {
			link.reset();
		}
	}

	private void waitForTheNetwork() throws InterruptedException {
		this.lock.lock();
		try {
			long left = this.delayNanos;
			while (!this.closed && (this.held || left > 0)) {
				if (this.held) {
					this.changed.await();
				}
				else {
					left = this.changed.awaitNanos(left);
				}
			}
		}
		finally {
			this.lock.unlock();
		}
	}

	private void signal() {
		this.lock.lock();
		try {
			this.changed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
	}

	@Override
	public void close() {
		this.closed = true;
		refuse();
		signal();
		reset();
		this.threads.shutdown();
	}

	/** Where traffic goes. */
	public enum Direction {

		/** What the pool sends. */
		TO_SERVER,

		/** What the server answers. */
		TO_CLIENT

	}

	/** One connection and its counterpart. */
	private final class Link {

		private final Socket client;

		private final Socket server;

		private final Set<Direction> lost = ConcurrentHashMap.newKeySet();

		Link(Socket client, Socket server) {
			this.client = client;
			this.server = server;
		}

		void lose(Set<Direction> directions) {
			this.lost.addAll(directions);
		}

		void pump(Direction direction) {
			Socket from = (direction == Direction.TO_SERVER) ? this.client : this.server;
			Socket to = (direction == Direction.TO_SERVER) ? this.server : this.client;
			byte[] buffer = new byte[1 << 14];
			try {
				InputStream in = from.getInputStream();
				OutputStream out = to.getOutputStream();
				for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
					waitForTheNetwork();
					if (!this.lost.contains(direction)) {
						out.write(buffer, 0, count);
					}
				}
				// That an end closes is traffic as well.
				if (!this.lost.contains(direction)) {
					to.shutdownOutput();
					if (from.isOutputShutdown()) {
						end(false);
					}
				}
			}
			catch (IOException ex) {
				if (!this.lost.contains(direction)) {
					reset();
				}
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

		void reset() {
			end(true);
		}

		private void end(boolean hard) {
			FaultyProxy.this.links.remove(this);
			for (Socket socket : List.of(this.client, this.server)) {
				try {
					if (hard) {
						socket.setSoLinger(true, 0);
					}
					socket.close();
				}
				catch (IOException ex) {
					// It is closed already.
				}
			}
		}

	}

}
