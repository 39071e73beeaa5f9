package dev.asyncmysql.benchmarks.workload;

import java.util.List;
import java.util.stream.Stream;

/**
 * A task, and how many callers do it at the same time over how many connections.
 *
 * @param id its name on the command line
 * @param task what is done
 * @param callers how many do it at the same time
 * @param connections how many connections they share
 * @param ways through which interfaces it is done
 */
public record Workload(String id, Task task, int callers, int connections, List<Way> ways) {

	private static final int POOL = 16;

	private static final List<Way> ALL_WAYS = List.of(Way.values());

	private static final List<Workload> CATALOGUE = List.of(of("select-16", Task.SELECT, 16),
			of("select-64", Task.SELECT, 64), of("select-256", Task.SELECT, 256), of("page", Task.PAGE, 64),
			of("rows", Task.ROWS, 4), of("insert", Task.INSERT, 64), of("transaction", Task.TRANSACTION, 64),
			of("bulk", Task.BULK, 4), of("stream", Task.STREAM, 1), of("acquire", Task.ACQUIRE, 16));

	private static Workload of(String id, Task task, int callers) {
		return new Workload(id, task, callers, POOL, ALL_WAYS);
	}

	/**
	 * Return all that there are.
	 * @return the workloads
	 */
	public static List<Workload> all() {
		return CATALOGUE;
	}

	/**
	 * Return what a name stands for.
	 * @param name that of a workload, or how the names of several begin
	 * @return the workloads
	 */
	public static Stream<Workload> named(String name) {
		List<Workload> found = CATALOGUE.stream()
			.filter((workload) -> workload.id.equals(name) || workload.id.startsWith(name + "-"))
			.toList();
		if (found.isEmpty()) {
			throw new IllegalArgumentException("There is no workload '%s'".formatted(name));
		}
		return found.stream();
	}

}
