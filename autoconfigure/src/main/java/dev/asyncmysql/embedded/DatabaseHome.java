package dev.asyncmysql.embedded;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

import dev.asyncmysql.EmbeddedDatabaseException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.util.FileSystemUtils;

/**
 * The folder that one database lives in, for one server at a time: its data, its
 * temporary files, and what is written down about the running server. A temporary one is
 * deleted when it is closed; of a named one, everything in it that is not ours is left
 * alone.
 */
final class DatabaseHome implements Closeable {

	static final String TEMPORARY_PREFIX = "async-mysql-embedded-";

	static final String LOCK = "mariadb.lock";

	private static final Log log = LogFactory.getLog(EmbeddedMariaDb.class);

	private final Path folder;

	private final boolean temporary;

	private final ExclusiveLock lock;

	private DatabaseHome(Path folder, boolean temporary, ExclusiveLock lock) {
		this.folder = folder;
		this.temporary = temporary;
		this.lock = lock;
	}

	/**
	 * Open a home and keep others out of it.
	 * @param dataDir the folder that the user named, or {@code null} for a temporary one
	 * @return the home
	 * @throws EmbeddedDatabaseException if the folder cannot be used
	 */
	static DatabaseHome open(@Nullable Path dataDir) {
		try {
			return (dataDir != null) ? named(dataDir.toAbsolutePath().normalize()) : temporary();
		}
		catch (IOException ex) {
			Object place = (dataDir != null) ? dataDir : System.getProperty("java.io.tmpdir");
			throw new EmbeddedDatabaseException(
					"The embedded MariaDB cannot keep its data in %s: %s.".formatted(place, ex),
					"Name a folder that can be written with async-mysql.embedded.data-dir.", ex);
		}
	}

	private static DatabaseHome temporary() throws IOException {
		Path folder = Files.createTempDirectory(TEMPORARY_PREFIX);
		return new DatabaseHome(folder, true, lock(folder));
	}

	private static DatabaseHome named(Path folder) throws IOException {
		if (!Files.isDirectory(folder)) {
			Files.createDirectories(folder);
		}
		if (Files.exists(folder.resolve("ibdata1"))) {
			throw new EmbeddedDatabaseException("%s is the data folder of another server.".formatted(folder),
					"Name an empty folder with async-mysql.embedded.data-dir: the data goes to a folder inside it.",
					null);
		}
		DatabaseHome home = new DatabaseHome(folder, false, lock(folder));
		try {
			new ServerRecord(folder).stopServerOfDeadOwner();
			return home;
		}
		catch (IOException | RuntimeException ex) {
			home.close();
			throw ex;
		}
	}

	private static ExclusiveLock lock(Path folder) throws IOException {
		ExclusiveLock lock = ExclusiveLock.tryAcquire(folder.resolve(LOCK));
		if (lock == null) {
			throw new EmbeddedDatabaseException(
					"Another embedded MariaDB uses the data in %s already.".formatted(folder),
					"Stop the other application, or give each its own async-mysql.embedded.data-dir.", null);
		}
		return lock;
	}

	Path folder() {
		return this.folder;
	}

	boolean isTemporary() {
		return this.temporary;
	}

	/**
	 * Return the server's own data folder. Where it exists, it is whole.
	 * @return the folder
	 */
	Path data() {
		return this.folder.resolve("mariadb-data");
	}

	boolean isInstalled() {
		return Files.isDirectory(data());
	}

	/**
	 * Return where to make the data folder, so that one that is half made is never taken
	 * for a whole one.
	 * @return a folder that does not exist
	 * @throws IOException if the remains of an earlier attempt cannot be deleted
	 */
	Path dataInTheMaking() throws IOException {
		Path part = this.folder.resolve("mariadb-data.part");
		FileSystemUtils.deleteRecursively(part);
		return part;
	}

	void installed() throws IOException {
		Files.move(this.folder.resolve("mariadb-data.part"), data(), StandardCopyOption.ATOMIC_MOVE);
	}

	/**
	 * Return an empty folder for the server's temporary files.
	 * @return the folder
	 * @throws IOException if it cannot be made
	 */
	Path emptyTemporaryFolder() throws IOException {
		Path folder = this.folder.resolve("mariadb-tmp");
		FileSystemUtils.deleteRecursively(folder);
		return Files.createDirectory(folder);
	}

	Path initScript() {
		return this.folder.resolve("mariadb-init.sql");
	}

	Path clientOptions() {
		return this.folder.resolve("mariadb-client.cnf");
	}

	ServerRecord serverRecord() {
		return new ServerRecord(this.folder);
	}

	/**
	 * Write a file that nobody else may read.
	 * @param file the file
	 * @param content what to write
	 * @throws IOException if it cannot be written
	 */
	void writePrivately(Path file, String content) throws IOException {
		// What createTempFile makes is readable by the owner alone, on every platform.
		Path part = Files.createTempFile(this.folder, "mariadb", ".part");
		Files.writeString(part, content);
		Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
	}

	@Override
	public void close() {
		try {
			this.lock.close();
			if (this.temporary) {
				FileSystemUtils.deleteRecursively(this.folder);
			}
		}
		catch (IOException ex) {
			log.warn("Embedded MariaDB: %s could not be cleaned up; it can be deleted by hand".formatted(this.folder),
					ex);
		}
	}

}
