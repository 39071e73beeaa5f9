package dev.asyncmysql.benchmarks.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import dev.asyncmysql.benchmarks.load.Measurement;
import dev.asyncmysql.benchmarks.mvc.MvcApplication;
import dev.asyncmysql.benchmarks.peer.PeerFactory;
import dev.asyncmysql.benchmarks.workload.Task;
import dev.asyncmysql.benchmarks.workload.Way;

/**
 * A web application in one process and its callers in another. The processor time that is
 * reported is that of the application.
 */
final class HttpStation implements Station {

	private static final String LOCALHOST = "127.0.0.1";

	private static final Duration START = Duration.ofMinutes(2);

	private static final Duration PROBE = Duration.ofMillis(200);

	private final Process server;

	private final WorkerProcess callers;

	private HttpStation(Process server, WorkerProcess callers) {
		this.server = server;
		this.callers = callers;
	}

	static HttpStation sample(Contender contender, PeerFactory.Target database, List<String> jvmOptions)
			throws IOException {
		int port = freePort();
		List<String> args = List.of("--server.port=" + port,
				"--async-mysql.url=r2dbc:mysql://%s:%d/%s".formatted(database.host(), database.port(),
						database.database()),
				"--async-mysql.username=" + database.user(), "--async-mysql.password=" + database.password(),
				"--async-mysql.ssl.mode=DISABLED", "--async-mysql.use-server-prepare-statement=true",
				"--async-mysql.pool.max-size=" + database.connections(),
				"--async-mysql.pool.initial-size=" + database.connections(),
				"--async-mysql.pool.min-idle=" + database.connections());
		return open(contender, JavaCommand.ofJar(sampleJar(), jvmOptions, args), database, port, jvmOptions);
	}

	static HttpStation mvc(Contender contender, PeerFactory.Target database, List<String> jvmOptions)
			throws IOException {
		int port = freePort();
		Set<Library> libraries = EnumSet.of(Library.JDBC, Library.WEB, Library.ACTUATOR);
		Message start = new Message("start", database.toValues()).with("http", Integer.toString(port));
		List<String> command = JavaCommand.of(libraries, jvmOptions, MvcApplication.class, start.toString());
		return open(contender, command, database, port, jvmOptions);
	}

	private static HttpStation open(Contender contender, List<String> command, PeerFactory.Target database, int port,
			List<String> jvmOptions) throws IOException {
		Process server = new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD)
			.redirectError(ProcessBuilder.Redirect.INHERIT)
			.start();
		// Where this process is interrupted, nobody else ends the application.
		Runtime.getRuntime().addShutdownHook(new Thread(server::destroy, "application-end"));
		try {
			awaitAnswer(server, URI.create("http://%s:%d/accounts/1".formatted(LOCALHOST, port)));
			PeerFactory.Target target = new PeerFactory.Target(LOCALHOST, port, "", "", "", database.connections(),
					database.rows());
			return new HttpStation(server, WorkerProcess.start(contender, target, jvmOptions));
		}
		catch (IOException ex) {
			server.destroyForcibly();
			throw ex;
		}
	}

	private static void awaitAnswer(Process server, URI uri) throws IOException {
		HttpRequest request = HttpRequest.newBuilder(uri).build();
		long deadline = System.nanoTime() + START.toNanos();
		try {
			while (!answers(request)) {
				boolean ended = server.waitFor(PROBE.toMillis(), TimeUnit.MILLISECONDS);
				if (ended || System.nanoTime() - deadline > 0) {
					throw new IOException("The application does not answer at " + uri);
				}
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IOException("Interrupted", ex);
		}
	}

	private static boolean answers(HttpRequest request) throws InterruptedException {
		try {
			return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).statusCode() == 200;
		}
		catch (IOException ex) {
			// It does not listen yet.
			return false;
		}
	}

	private static Path sampleJar() throws IOException {
		Path folder = Path.of("..", "sample-app", "target");
		try (DirectoryStream<Path> jars = Files.newDirectoryStream(folder, "async-mysql-sample-app-*.jar")) {
			for (Path jar : jars) {
				return jar;
			}
		}
		throw new IOException("The sample application is not built: there is no jar in " + folder.toAbsolutePath());
	}

	private static int freePort() throws IOException {
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			return socket.getLocalPort();
		}
	}

	@Override
	public Optional<Measurement> measure(Task task, Way way, int numberOfCallers, Duration time) throws IOException {
		long before = cpuNanos();
		Optional<Measurement> measurement = this.callers.measure(task, way, numberOfCallers, time);
		long after = cpuNanos();
		return measurement.map((measured) -> measured.withCpuOfServer(after - before));
	}

	private long cpuNanos() {
		return this.server.info().totalCpuDuration().orElse(Duration.ZERO).toNanos();
	}

	@Override
	public long heapGrowth(Task task, Way way) {
		throw new UnsupportedOperationException("The application is in another process");
	}

	@Override
	public void close() {
		this.callers.close();
		this.server.destroy();
		try {
			if (!this.server.waitFor(30, TimeUnit.SECONDS)) {
				this.server.destroyForcibly();
			}
		}
		catch (InterruptedException ex) {
			this.server.destroyForcibly();
			Thread.currentThread().interrupt();
		}
	}

}
