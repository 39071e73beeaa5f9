package dev.asyncmysql.benchmarks.process;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;

import dev.asyncmysql.benchmarks.peer.PeerFactory;
import dev.asyncmysql.benchmarks.server.Admin;

/**
 * Opens for each system the place where it works.
 */
public final class Stations {

	// The same heap for all, small enough for all at once. Netty would warn of what a
	// later JDK forbids.
	private static final List<String> JVM_OPTIONS = List.of("-Xms512m", "-Xmx512m", "-XX:+UseG1GC",
			"--enable-native-access=ALL-UNNAMED");

	private final Admin admin;

	/**
	 * Create this.
	 * @param admin prepares what an application finds in its database
	 */
	public Stations(Admin admin) {
		this.admin = admin;
	}

	/**
	 * Open a place.
	 * @param contender the system that is to work there
	 * @param target the server
	 * @return the place, connected to the server
	 * @throws IOException if it cannot be opened
	 * @throws SQLException if the server does not answer
	 */
	public Station open(Contender contender, PeerFactory.Target target) throws IOException, SQLException {
		return switch (contender) {
			case WEBFLUX -> {
				this.admin.createSample();
				yield HttpStation.sample(contender, target, JVM_OPTIONS);
			}
			case MVC -> {
				this.admin.createSample();
				yield HttpStation.mvc(contender, target, JVM_OPTIONS);
			}
			default -> WorkerProcess.start(contender, target, JVM_OPTIONS);
		};
	}

}
