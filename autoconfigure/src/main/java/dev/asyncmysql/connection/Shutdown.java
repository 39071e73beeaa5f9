package dev.asyncmysql.connection;

import java.time.Duration;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Ends what a context leaves behind: waits for it within a limit, and never on an event
 * loop.
 */
final class Shutdown {

	private static final Log logger = LogFactory.getLog(Shutdown.class);

	private Shutdown() {
	}

	/**
	 * Close connections and wait for it. What is not closed in time is cut at the end of
	 * its own limit.
	 * @param closing what closes them
	 * @param limit the longest time to wait
	 * @param what what is closed, for the log
	 */
	static void await(Mono<Void> closing, Duration limit, String what) {
		Mono<Void> closed = closing.timeout(limit).onErrorResume((ex) -> {
			logger.warn(what + " could not be closed within " + limit.toMillis()
					+ " ms; the server will find what is left gone", ex);
			return Mono.empty();
		});
		if (Schedulers.isInNonBlockingThread()) {
			closed.subscribe();
		}
		else {
			closed.block();
		}
	}

}
