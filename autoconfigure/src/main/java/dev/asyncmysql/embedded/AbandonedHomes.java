package dev.asyncmysql.embedded;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.util.FileSystemUtils;

/**
 * Removes the temporary homes, and stops the servers, that killed JVMs of the same user
 * left behind.
 */
final class AbandonedHomes {

	private static final Log log = LogFactory.getLog(EmbeddedMariaDb.class);

	// A home in the making has its lock's file a moment before the lock.
	private static final Duration MINIMUM_AGE = Duration.ofMinutes(1);

	private AbandonedHomes() {
	}

	/**
	 * Clean up beside a temporary home. What fails is logged: it is no reason not to
	 * start.
	 * @param own the home of this JVM
	 */
	static void removeBeside(Path own) {
		Path folder = own.getParent();
		if (folder == null) {
			return;
		}
		try (DirectoryStream<Path> homes = Files.newDirectoryStream(folder, DatabaseHome.TEMPORARY_PREFIX + "*")) {
			for (Path home : homes) {
				if (!home.equals(own)) {
					removeIfAbandoned(home, own);
				}
			}
		}
		catch (IOException ex) {
			log.debug("Abandoned homes in %s could not be removed".formatted(folder), ex);
		}
	}

	private static void removeIfAbandoned(Path home, Path own) {
		try {
			// In a shared folder somebody else could put a note that names a process of
			// ours, or a link to a folder of ours.
			if (!Files.getOwner(home, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(own))
					|| !isOld(home.resolve(DatabaseHome.LOCK))) {
				return;
			}
			try (ExclusiveLock lock = ExclusiveLock.tryAcquire(home.resolve(DatabaseHome.LOCK))) {
				if (lock == null) {
					return;
				}
				new ServerRecord(home).stopServerOfDeadOwner();
			}
			FileSystemUtils.deleteRecursively(home);
			log.info("Embedded MariaDB: removed %s, which a killed application left".formatted(home));
		}
		catch (IOException ex) {
			log.debug("%s could not be removed".formatted(home), ex);
		}
	}

	private static boolean isOld(Path lock) throws IOException {
		return Files.isRegularFile(lock)
				&& Files.getLastModifiedTime(lock).toInstant().isBefore(Instant.now().minus(MINIMUM_AGE));
	}

}
