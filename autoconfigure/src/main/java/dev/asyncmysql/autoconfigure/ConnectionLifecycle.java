package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.connection.Server;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import reactor.core.publisher.Mono;

import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;

/**
 * Fills the pool before the web server accepts requests. When the context is closed, and
 * the web server has drained, it refuses further callers and waits for those that hold a
 * connection, as long as the phase may last; what is left is closed with the beans.
 */
class ConnectionLifecycle implements SmartLifecycle {

	/**
	 * Starts before the web server and whatever listens to messages, and stops after
	 * them.
	 */
	static final int PHASE = DEFAULT_PHASE - 8192;

	private static final Log logger = LogFactory.getLog(ConnectionLifecycle.class);

	private final ConnectionStartup startup;

	private final Mono<Integer> warmup;

	private final Mono<Void> closePool;

	private final Server server;

	private final ConfigurableApplicationContext context;

	private volatile boolean running;

	ConnectionLifecycle(ConnectionStartup startup, Mono<Integer> warmup, Mono<Void> closePool, Server server,
			ConfigurableApplicationContext context) {
		this.startup = startup;
		this.warmup = warmup;
		this.closePool = closePool;
		this.server = server;
		this.context = context;
	}

	@Override
	public void start() {
		this.startup.connect();
		this.startup.fill(this.warmup);
		this.running = true;
	}

	@Override
	public void stop() {
		stop(() -> {
		});
	}

	/**
	 * Let the application finish with the connections that it holds, if the context is
	 * closed. One that is only stopped, or paused, may be started again, which a closed
	 * pool could not.
	 */
	@Override
	public void stop(Runnable callback) {
		this.running = false;
		if (!this.context.isClosed()) {
			callback.run();
			return;
		}
		this.closePool.onErrorResume((ex) -> {
			logger.warn("Idle connections could not be closed", ex);
			return Mono.empty();
		}).then(this.server.drain()).subscribe(null, (ex) -> callback.run(), callback);
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	// A pause leaves the connections alone, and the end after it is as any other.
	@Override
	public boolean isPauseable() {
		return false;
	}

	@Override
	public int getPhase() {
		return PHASE;
	}

}
