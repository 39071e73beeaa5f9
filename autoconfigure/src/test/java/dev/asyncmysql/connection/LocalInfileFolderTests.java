package dev.asyncmysql.connection;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import dev.asyncmysql.InvalidSettingsException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link LocalInfileFolder}.
 */
class LocalInfileFolderTests {

	@TempDir
	private Path root;

	private Path safe;

	private Path secret;

	@BeforeEach
	void createFiles() throws IOException {
		this.safe = Files.createDirectory(this.root.resolve("safe"));
		Files.createDirectories(this.safe.resolve("a/b"));
		Files.writeString(this.safe.resolve("a/b/rows.csv"), "inside");
		this.secret = Files.writeString(this.root.resolve("secret"), "outside");
	}

	@Test
	void opensWhatIsInside() throws IOException {
		assertThat(read(this.safe.resolve("a/b/rows.csv"))).isEqualTo("inside");
		assertThat(read(this.safe.resolve("a/../a/b/rows.csv"))).isEqualTo("inside");
		assertThat(read(this.safe.resolve("../safe/a/b/rows.csv"))).isEqualTo("inside");
		assertThat(read(Path.of("").toAbsolutePath().relativize(this.safe.toRealPath().resolve("a/b/rows.csv"))))
			.isEqualTo("inside");
	}

	@Test
	void refusesWhatLeadsOut() throws IOException {
		assertThatIsRefused(this.secret.toString());
		assertThatIsRefused(this.safe + "/../secret");
		assertThatIsRefused(this.safe + "/a/b/../../../secret");
		Files.createDirectory(this.root.resolve("safe-not"));
		Files.writeString(this.root.resolve("safe-not/x"), "outside");
		assertThatIsRefused(this.safe + "-not/x");
	}

	@Test
	@DisabledOnOs(value = OS.WINDOWS, disabledReason = "links need a privilege there")
	void linksCountAsWhatTheyLeadTo() throws IOException {
		Files.createSymbolicLink(this.safe.resolve("file"), this.secret);
		Files.createSymbolicLink(this.safe.resolve("folder"), this.root);
		Files.createSymbolicLink(this.safe.resolve("inside"), this.safe.resolve("a/b/rows.csv"));
		Path link = Files.createSymbolicLink(this.root.resolve("link"), this.safe);
		assertThatIsRefused(this.safe + "/file");
		assertThatIsRefused(this.safe + "/folder/secret");
		assertThat(read(this.safe.resolve("inside"))).isEqualTo("inside");
		assertThat(read(link.resolve("a/b/rows.csv"))).isEqualTo("inside");
		this.safe = link;
		assertThat(read(link.resolve("a/b/rows.csv"))).isEqualTo("inside");
		assertThatIsRefused(link + "/../secret");
	}

	@Test
	void refusesWhatIsNoFile() {
		assertThatIsRefused(this.safe.toString());
		assertThatIsRefused(this.safe + "/a");
		assertThatIsRefused("");
		assertThatIsRefused(this.safe + "/a\0b");
	}

	@Test
	@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there are no FIFOs there")
	void refusesAPipe() throws Exception {
		Path pipe = this.safe.resolve("pipe");
		assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
		assertThatIsRefused(pipe.toString());
	}

	@Test
	void aMissingFileIsAnErrorOfItsOwn() {
		assertThatExceptionOfType(R2dbcNonTransientResourceException.class)
			.isThrownBy(() -> new LocalInfileFolder(this.safe.toString()).open(this.safe + "/none"))
			.withMessageContaining("does not exist");
	}

	@Test
	void aMissingFolderIsAnErrorAtStart() {
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> new LocalInfileFolder(this.root + "/none"))
			.withMessageStartingWith("allowLoadLocalInfileInPath: there is no folder");
	}

	private void assertThatIsRefused(String name) {
		assertThatExceptionOfType(R2dbcPermissionDeniedException.class)
			.isThrownBy(() -> new LocalInfileFolder(this.safe.toString()).open(name))
			.withMessageContaining("allow-load-local-infile-in-path");
	}

	private String read(Path file) throws IOException {
		try (SeekableByteChannel channel = new LocalInfileFolder(this.safe.toString()).open(file.toString())) {
			ByteBuffer buffer = ByteBuffer.allocate(100);
			channel.read(buffer);
			return new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII);
		}
	}

}
