package dev.asyncmysql.benchmarks.peer;

import java.util.Map;
import java.util.Objects;

/**
 * Connects a system to the server. Implementations are made by name, through a
 * constructor without parameters, because each lives in a process that lacks the
 * libraries of the others.
 */
public interface PeerFactory {

	/**
	 * How many event loops a system gets that has such: as many as leave the server its
	 * share of the processors. With more, the systems on Netty and Vert.x were slower.
	 */
	int EVENT_LOOPS = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);

	/**
	 * Connect, and open as many connections as are asked for.
	 * @param target the server
	 * @return the system, ready to work
	 * @throws Exception if that fails
	 */
	Peer open(Target target) throws Exception;

	/**
	 * The server, and what all systems have in common.
	 *
	 * @param host its name
	 * @param port its port
	 * @param database the name of the database
	 * @param user whom to log in as
	 * @param password the password
	 * @param connections how many connections are open, no more and no less
	 * @param rows how many rows the table {@code benchmark_item} has
	 */
	record Target(String host, int port, String database, String user, String password, int connections, int rows) {

		/**
		 * Return what was sent by another process.
		 * @param values the target as values by name
		 * @return the target
		 */
		public static Target of(Map<String, String> values) {
			return new Target(value(values, "host"), Integer.parseInt(value(values, "port")), value(values, "database"),
					value(values, "user"), value(values, "password"), Integer.parseInt(value(values, "connections")),
					Integer.parseInt(value(values, "rows")));
		}

		/**
		 * Return what can be sent to another process.
		 * @return the target as values by name
		 */
		public Map<String, String> toValues() {
			return Map.of("host", this.host, "port", Integer.toString(this.port), "database", this.database, "user",
					this.user, "password", this.password, "connections", Integer.toString(this.connections), "rows",
					Integer.toString(this.rows));
		}

		private static String value(Map<String, String> values, String name) {
			return Objects.requireNonNull(values.get(name), name);
		}

	}

}
