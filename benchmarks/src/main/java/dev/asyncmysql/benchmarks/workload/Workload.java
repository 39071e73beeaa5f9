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

	private static final int MANY_CALLERS = 256;

	private static final int CORES = Runtime.getRuntime().availableProcessors();

	private static final List<Workload> CATALOGUE = List.of(plain("limit", Task.LIMIT, CORES, CORES),
			of("select-16", Task.SELECT, 16), of("select-64", Task.SELECT, 64), of("select-256", Task.SELECT, 256),
			of("page", Task.PAGE, 64), of("rows", Task.ROWS, 4), of("insert", Task.INSERT, 64),
			of("transaction", Task.TRANSACTION, 64), of("bulk", Task.BULK, 4), of("stream", Task.STREAM, 1),
			plain("acquire", Task.ACQUIRE, 16, POOL), plain("callers-1", Task.SELECT, 1, POOL),
			plain("callers-8", Task.SELECT, 8, POOL), plain("callers-64", Task.SELECT, 64, POOL),
			plain("callers-512", Task.SELECT, 512, POOL), plain("callers-4096", Task.SELECT, 4096, POOL),
			plain("connections-1", Task.SELECT, MANY_CALLERS, 1), plain("connections-4", Task.SELECT, MANY_CALLERS, 4),
			plain("connections-16", Task.SELECT, MANY_CALLERS, 16),
			plain("connections-64", Task.SELECT, MANY_CALLERS, 64), plain("http-read", Task.HTTP_READ, 64, POOL),
			plain("http-transfer", Task.HTTP_TRANSFER, 64, POOL));

	private static Workload of(String id, Task task, int callers) {
		return new Workload(id, task, callers, POOL, (task == Task.BULK) ? List.of(Way.values()) : Way.general());
	}

	private static Workload plain(String id, Task task, int callers, int connections) {
		return new Workload(id, task, callers, connections, List.of(Way.PLAIN));
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
