package dev.asyncmysql.embedded;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * A process with all that it has started.
 */
final class ProcessTree {

	private static final Log log = LogFactory.getLog(EmbeddedMariaDb.class);

	private static final Duration FORCED_GRACE = Duration.ofSeconds(5);

	private static final long POLL_MILLIS = 20;

	private final ProcessHandle root;

	private ProcessTree(ProcessHandle root) {
		this.root = root;
	}

	static ProcessTree of(ProcessHandle root) {
		return new ProcessTree(root);
	}

	/**
	 * Ask the process to end, and end it with all of its children where it does not.
	 * @param grace how long it may take to end by itself
	 * @return whether everything has ended
	 */
	boolean stop(Duration grace) {
		// Children of a process that has ended cannot be found any more.
		List<ProcessHandle> children = this.root.descendants().toList();
		this.root.destroy();
		if (!await(List.of(this.root), grace) && !grace.isZero()) {
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
		// ProcessHandle.onExit was seen never to complete for a process that had ended.
		long deadline = System.nanoTime() + limit.toNanos();
		boolean interrupted = false;
		try {
			while (processes.stream().anyMatch(ProcessHandle::isAlive)) {
				if (System.nanoTime() - deadline >= 0) {
					return false;
				}
				try {
					TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
				}
				catch (InterruptedException ex) {
					// A server that is stopped half way would be worse than a short wait.
					interrupted = true;
				}
			}
			return true;
		}
		finally {
			if (interrupted) {
				Thread.currentThread().interrupt();
			}
		}
	}

}
