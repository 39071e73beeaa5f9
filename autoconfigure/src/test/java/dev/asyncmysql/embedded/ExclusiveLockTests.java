package dev.asyncmysql.embedded;

import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Exclusion within one JVM; that of other JVMs is shown with the cache.
 */
class ExclusiveLockTests {

	@TempDir
	Path folder;

	@Test
	void isTakenOnce() throws Exception {
		Path file = this.folder.resolve("lock");
		ExclusiveLock lock = ExclusiveLock.tryAcquire(file);
		assertThat(lock).isNotNull();
		assertThat(ExclusiveLock.tryAcquire(file)).isNull();
		assertThat(ExclusiveLock.tryAcquire(this.folder.resolve("../" + this.folder.getFileName() + "/lock"))).isNull();
		lock.close();
		try (ExclusiveLock again = ExclusiveLock.tryAcquire(file)) {
			assertThat(again).isNotNull();
		}
	}

	@Test
	void failureTakesNothing() throws Exception {
		Path file = this.folder.resolve("later/lock");
		assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(() -> ExclusiveLock.tryAcquire(file));
		Files.createDirectory(this.folder.resolve("later"));
		try (ExclusiveLock lock = ExclusiveLock.tryAcquire(file)) {
			assertThat(lock).isNotNull();
		}
	}

}
