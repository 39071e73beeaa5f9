package dev.asyncmysql.connection;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;

import dev.asyncmysql.InvalidSettingsException;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;

/**
 * The one folder whose files a server may ask for by {@code LOAD DATA LOCAL}. Where a
 * path really leads decides, not how it is written.
 */
final class LocalInfileFolder {

	private static final String PROPERTY = "allow-load-local-infile-in-path";

	/** What MySQL's own clients say of a file that they do not send. */
	private static final int REJECTED = 2068;

	/** The driver tells by the code alone that something is not permitted. */
	private static final int ACCESS_DENIED = 1227;

	private final Path folder;

	/**
	 * Create a folder, which stays what the name leads to now.
	 * @param folder name of the folder, which may be a link
	 */
	LocalInfileFolder(String folder) {
		try {
			this.folder = Path.of(folder).toRealPath();
		}
		catch (IOException | InvalidPathException ex) {
			// The property is checked before, under its own name: this one comes from
			// code.
			InvalidSettingsException invalid = new InvalidSettingsException(
					MySqlConnectionFactoryProvider.ALLOW_LOAD_LOCAL_INFILE_IN_PATH.name(),
					"there is no folder " + folder, "Name a folder, or remove the option.");
			invalid.initCause(ex);
			throw invalid;
		}
	}

	/**
	 * Open a file for reading. Blocks.
	 * @param name what the server asks for
	 * @return the file
	 * @throws R2dbcPermissionDeniedException if it is not a file inside the folder
	 * @throws R2dbcNonTransientResourceException if it cannot be read
	 */
	SeekableByteChannel open(String name) {
		try {
			Path file = Path.of(name).toRealPath();
			if (!file.startsWith(this.folder) || file.equals(this.folder)) {
				throw refused(name, "is not inside " + this.folder);
			}
			return open(name, file);
		}
		catch (InvalidPathException ex) {
			throw refused(name, "is not a path");
		}
		catch (IOException ex) {
			throw new R2dbcNonTransientResourceException(
					"The file '" + name + "' of LOAD DATA LOCAL " + ((ex instanceof NoSuchFileException)
							? "does not exist" : "cannot be read: " + ex.getClass().getSimpleName()),
					"HY000", REJECTED, ex);
		}
	}

	private SeekableByteChannel open(String name, Path file) throws IOException {
		try (DirectoryStream<Path> files = Files.newDirectoryStream(this.folder)) {
			if (files instanceof SecureDirectoryStream<Path> secure) {
				return open(name, secure, this.folder.relativize(file));
			}
			if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
				throw refused(name, "is not a file");
			}
			return Files.newByteChannel(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
		}
	}

	// Step by step and without links, so that nothing which is swapped meanwhile leads
	// out.
	private static SeekableByteChannel open(String name, SecureDirectoryStream<Path> files, Path path)
			throws IOException {
		Path first = path.getName(0);
		if (path.getNameCount() > 1) {
			try (SecureDirectoryStream<Path> inner = files.newDirectoryStream(first, LinkOption.NOFOLLOW_LINKS)) {
				return open(name, inner, path.subpath(1, path.getNameCount()));
			}
		}
		BasicFileAttributes attributes = files
			.getFileAttributeView(first, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
			.readAttributes();
		if (!attributes.isRegularFile()) {
			throw refused(name, "is not a file");
		}
		return files.newByteChannel(first, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
	}

	static R2dbcPermissionDeniedException refused(String name, String reason) {
		return new R2dbcPermissionDeniedException(
				"The server asked for the file '" + name + "', which " + reason + " (" + PROPERTY + ")", "42000",
				ACCESS_DENIED);
	}

}
