package dev.asyncmysql.benchmarks.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;

import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * A MySQL server in a container, which is removed at the end.
 */
public final class MySqlServer implements AutoCloseable {

	private static final String IMAGE = "mysql:9.7";

	private static final int PORT = 3306;

	private static final String SECRET = "benchmark";

	private final GenericContainer<?> container;

	private final Database database;

	private MySqlServer(GenericContainer<?> container, Database database) {
		this.container = container;
		this.database = database;
	}

	/**
	 * Start a server. Where the engine runs on Linux, the server uses the network of the
	 * machine, because what forwards a published port would be measured, too.
	 * @return the server, which accepts connections
	 * @throws IOException if there is no free port
	 */
	public static MySqlServer start() throws IOException {
		boolean hostNetwork = System.getProperty("os.name").startsWith("Linux");
		int port = hostNetwork ? freePort() : PORT;
		@SuppressWarnings("resource")
		GenericContainer<?> container = new GenericContainer<>(DockerImageName.parse(IMAGE))
			.withEnv("MYSQL_ROOT_PASSWORD", SECRET)
			.withEnv("MYSQL_DATABASE", "benchmark")
			.withCommand("mysqld", "--port=" + port, "--bind-address=" + (hostNetwork ? "127.0.0.1" : "0.0.0.0"),
					"--mysqlx=OFF", "--max-connections=1000", "--innodb-buffer-pool-size=1G",
					"--innodb-flush-log-at-trx-commit=2", "--skip-log-bin")
			.waitingFor(Wait.forLogMessage(".*ready for connections.*port: " + port + ".*", 1)
				.withStartupTimeout(Duration.ofMinutes(3)));
		if (hostNetwork) {
			container.withNetworkMode("host");
		}
		else {
			container.withExposedPorts(PORT);
		}
		container.start();
		Database database = hostNetwork ? new Database("127.0.0.1", port, "benchmark", "root", SECRET)
				: new Database(container.getHost(), container.getMappedPort(PORT), "benchmark", "root", SECRET);
		return new MySqlServer(container, database);
	}

	private static int freePort() throws IOException {
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			return socket.getLocalPort();
		}
	}

	/**
	 * Return its database.
	 * @return the database
	 */
	public Database database() {
		return this.database;
	}

	@Override
	public void close() {
		this.container.stop();
	}

}
