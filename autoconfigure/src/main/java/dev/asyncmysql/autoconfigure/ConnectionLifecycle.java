package dev.asyncmysql.autoconfigure;

import reactor.core.publisher.Mono;

import org.springframework.context.SmartLifecycle;

/**
 * Fills the pool before the web server accepts requests.
 */
class ConnectionLifecycle implements SmartLifecycle {

	/** Before the web server and whatever listens to messages. */
	static final int PHASE = DEFAULT_PHASE - 8192;

	private final ConnectionStartup startup;

	private final Mono<Integer> warmup;

	private volatile boolean running;

	ConnectionLifecycle(ConnectionStartup startup, Mono<Integer> warmup) {
		this.startup = startup;
		this.warmup = warmup;
	}

	@Override
	public void start() {
		this.startup.connect();
		this.startup.fill(this.warmup);
		this.running = true;
	}

	@Override
	public void stop() {
		this.running = false;
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		return PHASE;
	}

}
