package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/**
 * Looks at all open connections to a server at a fixed interval, so that no statement has
 * to pay for a timer or a clock of its own.
 */
final class Watch {

	/** The time by which a limit may be found out too late. */
	static final Duration INTERVAL = Duration.ofMillis(50);

	private static final Log logger = LogFactory.getLog(Watch.class);

	private final Set<GuardedConnection> connections = ConcurrentHashMap.newKeySet();

	private @Nullable Disposable timer;

	private boolean stopped;

	/**
	 * Look at a connection until it is closed.
	 * @param connection the connection
	 */
	void add(GuardedConnection connection) {
		this.connections.add(connection);
		synchronized (this) {
			if (this.timer == null && !this.stopped) {
				this.timer = Flux.interval(INTERVAL).onBackpressureDrop().subscribe((tick) -> inspect());
			}
		}
	}

	synchronized void stop() {
		this.stopped = true;
		if (this.timer != null) {
			this.timer.dispose();
		}
	}

	private void inspect() {
		long now = System.nanoTime();
		for (GuardedConnection connection : this.connections) {
			try {
				if (!connection.inspect(now)) {
					this.connections.remove(connection);
				}
			}
			catch (Throwable ex) {
				// One that fails must not leave the others without a watch, whatever it
				// is.
				logger.warn("A connection could not be inspected, and is cut", ex);
				connection.cut();
				this.connections.remove(connection);
			}
		}
	}

}
