package dev.asyncmysql.benchmarks.peer;

import dev.asyncmysql.benchmarks.workload.Task;
import dev.asyncmysql.benchmarks.workload.Way;
import org.jspecify.annotations.Nullable;

/**
 * A system that is measured, connected to the server with all of its connections open.
 */
public interface Peer extends AutoCloseable {

	/**
	 * Return how this system does a task.
	 * @param task the task
	 * @param way through which of its interfaces
	 * @return the work, or {@code null} where the system has no such way
	 */
	@Nullable Operation operation(Task task, Way way);

	/**
	 * Return whether blocking work runs on virtual threads.
	 * @return {@code false} for platform threads
	 */
	default boolean usesVirtualThreads() {
		return false;
	}

	@Override
	void close();

}
