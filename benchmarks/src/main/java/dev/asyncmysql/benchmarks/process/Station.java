package dev.asyncmysql.benchmarks.process;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

import dev.asyncmysql.benchmarks.load.Measurement;
import dev.asyncmysql.benchmarks.workload.Task;
import dev.asyncmysql.benchmarks.workload.Way;

/**
 * Where one system works.
 */
public interface Station extends AutoCloseable {

	/**
	 * Do a task for a time.
	 * @param task the task
	 * @param way through which interface
	 * @param callers how many do it at the same time
	 * @param time for how long
	 * @return what came of it, or nothing where the system has no such way
	 * @throws IOException if an operation failed
	 */
	Optional<Measurement> measure(Task task, Way way, int callers, Duration time) throws IOException;

	/**
	 * Do a task once, to see how much memory it needs.
	 * @param task the task
	 * @param way through which interface
	 * @return by how many bytes the live heap had grown at most
	 * @throws IOException if it failed
	 */
	long heapGrowth(Task task, Way way) throws IOException;

	@Override
	void close();

}
