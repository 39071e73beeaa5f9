package dev.asyncmysql.embedded;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * A process with all that it has started.
 */
final class ProcessTree {

	private static final Log log = LogFactory.getLog(EmbeddedMariaDb.class);

	private static final Duration FORCED_GRACE = Duration.ofSeconds(5);

	private final ProcessHandle root;

	private ProcessTree(ProcessHandle root) {
		this.root = root;
	}

	static ProcessTree of(ProcessHandle root) {
		return new ProcessTree(root);
	}

	/**
	 * Asks the process to end, and ends it with all of its children where it does not.
	 * @param grace how long it may take to end by itself
	 * @return whether everything has ended
	 */
	boolean stop(Duration grace) {
		// Children of a process that has ended cannot be found any more.
		List<ProcessHandle> children = this.root.descendants().toList();
		this.root.destroy();
		if (this.root.isAlive() && !await(List.of(this.root), grace)) {
			log.warn("Embedded MariaDB: process %d did not end within %s and is killed".formatted(this.root.pid(),
					StartClock.seconds(grace)));
		}
		List<ProcessHandle> remaining = Stream.of(children.stream(), this.root.descendants(), Stream.of(this.root))
			.flatMap((processes) -> processes)
			.filter(ProcessHandle::isAlive)
			.distinct()
			.toList();
		remaining.forEach(ProcessHandle::destroyForcibly);
		return await(remaining, FORCED_GRACE);
	}

	private static boolean await(List<ProcessHandle> processes, Duration limit) {
		CompletableFuture<?>[] exits = processes.stream().map(ProcessHandle::onExit).toArray(CompletableFuture[]::new);
		try {
			CompletableFuture.allOf(exits).get(limit.toMillis(), TimeUnit.MILLISECONDS);
			return true;
		}
		catch (TimeoutException ex) {
			return false;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
