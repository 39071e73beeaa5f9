package dev.asyncmysql.embedded;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.jspecify.annotations.Nullable;

/**
 * A lock on a file that excludes other threads and other JVMs, and that the operating
 * system releases when its JVM dies.
 */
final class ExclusiveLock implements Closeable {

	// On POSIX systems, closing any channel of a file gives up all locks that the process
	// has on it: a file that is locked here must not even be opened again.
	private static final Set<Path> lockedHere = ConcurrentHashMap.newKeySet();

	private final Path file;

	private final FileChannel channel;

	private ExclusiveLock(Path file, FileChannel channel) {
		this.file = file;
		this.channel = channel;
	}

	/**
	 * Take the lock if nobody has it.
	 * @param file the file to lock, created where there is none
	 * @return the lock, or {@code null} if it is taken
	 * @throws IOException if the file cannot be locked at all
	 */
	static @Nullable ExclusiveLock tryAcquire(Path file) throws IOException {
		Path folder = file.toAbsolutePath().getParent();
		Path realFile = (folder != null) ? folder.toRealPath().resolve(file.getFileName()) : file;
		if (!lockedHere.add(realFile)) {
			return null;
		}
		ExclusiveLock lock = null;
		try {
			lock = open(realFile);
			return lock;
		}
		finally {
			if (lock == null) {
				lockedHere.remove(realFile);
			}
		}
	}

	private static @Nullable ExclusiveLock open(Path file) throws IOException {
		FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
		FileLock lock = null;
		try {
			lock = channel.tryLock();
			return (lock != null) ? new ExclusiveLock(file, channel) : null;
		}
		catch (OverlappingFileLockException ex) {
			// Another class loader's copy of this class has it.
			return null;
		}
		finally {
			if (lock == null) {
				channel.close();
			}
		}
	}

	@Override
	public void close() throws IOException {
		try {
			this.channel.close();
		}
		finally {
			lockedHere.remove(this.file);
		}
	}

}
