package dev.asyncmysql.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;

import dev.asyncmysql.EmbeddedDatabaseException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * The folder of a database: who may use it, and what is left of it.
 */
class DatabaseHomeTests {

	@TempDir
	Path folder;

	@Test
	void temporaryOneIsDeleted() throws Exception {
		DatabaseHome home = DatabaseHome.open(null);
		assertThat(home.isTemporary()).isTrue();
		Files.createDirectories(home.data().resolve("mysql"));
		home.close();
		assertThat(home.folder()).doesNotExist();
	}

	@Test
	void namedOneIsKeptWithAllThatIsInIt() throws Exception {
		Path other = Files.writeString(this.folder.resolve("notes"), "");
		DatabaseHome home = DatabaseHome.open(this.folder);
		assertThat(home.isTemporary()).isFalse();
		assertThat(home.isInstalled()).isFalse();
		Files.createDirectories(home.dataInTheMaking());
		assertThat(home.isInstalled()).isFalse();
		home.installed();
		assertThat(home.isInstalled()).isTrue();
		home.emptyTemporaryFolder();
		home.close();
		assertThat(home.data()).exists();
		assertThat(other).exists();
	}

	@Test
	void namedOneBelowTheTemporaryFolderIsKeptToo() throws Exception {
		Path named = Files.createTempDirectory("named");
		DatabaseHome.open(named).close();
		assertThat(named).exists();
		Files.delete(named.resolve(DatabaseHome.LOCK));
		Files.delete(named);
	}

	@Test
	void hasOneUserAtATime() {
		DatabaseHome first = DatabaseHome.open(this.folder);
		for (int i = 0; i < 2; i++) {
			assertThatExceptionOfType(EmbeddedDatabaseException.class).isThrownBy(() -> DatabaseHome.open(this.folder))
				.withMessageContaining("uses the data in " + this.folder)
				.withMessageContaining("async-mysql.embedded.data-dir");
		}
		first.close();
		DatabaseHome.open(this.folder).close();
	}

	@Test
	void isNoOtherServersFolder() throws Exception {
		Files.writeString(this.folder.resolve("ibdata1"), "");
		assertThatExceptionOfType(EmbeddedDatabaseException.class).isThrownBy(() -> DatabaseHome.open(this.folder))
			.withMessageContaining("another server");
	}

	@Test
	void saysWhenItCannotBeWritten() throws Exception {
		Path file = Files.writeString(this.folder.resolve("file"), "");
		assertThatExceptionOfType(EmbeddedDatabaseException.class).isThrownBy(() -> DatabaseHome.open(file))
			.withMessageContaining(file.toString())
			.withMessageContaining("async-mysql.embedded.data-dir");
	}

	@Test
	@DisabledOnOs(OS.WINDOWS)
	void whatDeadJvmsLeftIsRemoved() throws Exception {
		Path own = home("own", Duration.ZERO);
		Path abandoned = home("abandoned", Duration.ofHours(1));
		Path young = home("young", Duration.ZERO);
		Path used = home("used", Duration.ofHours(1));
		Path stranger = Files.createDirectory(this.folder.resolve(DatabaseHome.TEMPORARY_PREFIX + "stranger"));
		Process orphan = new ProcessBuilder("sleep", "600").start();
		new ServerRecord(abandoned).write(orphan.toHandle());
		try (ExclusiveLock lock = ExclusiveLock.tryAcquire(used.resolve(DatabaseHome.LOCK))) {
			assertThat(lock).isNotNull();
			AbandonedHomes.removeBeside(own);
		}
		assertThat(abandoned).doesNotExist();
		await().atMost(Duration.ofSeconds(10)).until(() -> !orphan.isAlive());
		assertThat(own).exists();
		assertThat(young).exists();
		assertThat(used).exists();
		assertThat(stranger).exists();
	}

	@Test
	@DisabledOnOs(OS.WINDOWS)
	void processThatHasTheNumberByChanceIsLeftAlone() throws Exception {
		Process process = new ProcessBuilder("sleep", "600").start();
		try {
			Files.writeString(this.folder.resolve("mariadb-server.properties"), "pid=%d\nstarted=%d\n"
				.formatted(process.pid(), Instant.now().minus(Duration.ofDays(1)).toEpochMilli()));
			DatabaseHome.open(this.folder).close();
			assertThat(process.isAlive()).isTrue();
			assertThat(this.folder.resolve("mariadb-server.properties")).doesNotExist();
		}
		finally {
			process.destroyForcibly();
		}
	}

	@Test
	void unreadableNoteIsDropped() throws Exception {
		Files.writeString(this.folder.resolve("mariadb-server.properties"), "pid=");
		DatabaseHome.open(this.folder).close();
		assertThat(this.folder.resolve("mariadb-server.properties")).doesNotExist();
	}

	private Path home(String name, Duration age) throws IOException {
		Path home = Files.createDirectory(this.folder.resolve(DatabaseHome.TEMPORARY_PREFIX + name));
		Path lock = Files.writeString(home.resolve(DatabaseHome.LOCK), "");
		Files.setLastModifiedTime(lock, FileTime.from(Instant.now().minus(age)));
		return home;
	}

}
