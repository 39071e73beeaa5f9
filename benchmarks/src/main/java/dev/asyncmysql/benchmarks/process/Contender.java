package dev.asyncmysql.benchmarks.process;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * A system that is measured, by name only: the process in which it is measured knows
 * more.
 */
public enum Contender {

	/** This project. */
	STARTER("starter", "this starter", "r2dbc.StarterFactory", Library.STARTER, Library.R2DBC, Library.DRIVER),

	/** Boot's wiring of the same driver and pool. */
	PLAIN("plain", "Boot's plain wiring", "r2dbc.BootFactory$Plain", Library.R2DBC, Library.DRIVER),

	/** The same without the ping on release. */
	BARE("bare", "plain wiring without ping", "r2dbc.BootFactory$Bare", Library.R2DBC, Library.DRIVER),

	/** Boot's wiring of MariaDB's driver. */
	MARIADB("mariadb", "r2dbc-mariadb", "r2dbc.BootFactory$MariaDb", Library.R2DBC, Library.MARIADB),

	/** Boot's wiring of jasync. */
	JASYNC("jasync", "jasync", "r2dbc.BootFactory$Jasync", Library.R2DBC, Library.JASYNC),

	/** The client of Vert.x. */
	VERTX("vertx", "Vert.x", "vertx.VertxFactory", Library.VERTX),

	/** Connector/J on platform threads. */
	JDBC("jdbc", "Connector/J, platform threads", "jdbc.JdbcFactory$Platform", Library.JDBC),

	/** Connector/J on virtual threads. */
	JDBC_VIRTUAL("jdbc-virtual", "Connector/J, virtual threads", "jdbc.JdbcFactory$Virtual", Library.JDBC);

	private static final String PACKAGE = "dev.asyncmysql.benchmarks.";

	private final String id;

	private final String title;

	private final String factory;

	private final Set<Library> libraries;

	Contender(String id, String title, String factory, Library... libraries) {
		this.id = id;
		this.title = title;
		this.factory = PACKAGE + factory;
		this.libraries = Set.of(libraries);
	}

	/**
	 * Return the system with a name.
	 * @param id the name, as on the command line
	 * @return the system
	 */
	public static Contender of(String id) {
		return valueOf(id.toUpperCase(Locale.ROOT).replace('-', '_'));
	}

	/**
	 * Return its name on the command line.
	 * @return the name
	 */
	public String id() {
		return this.id;
	}

	/**
	 * Return what it is called in reports.
	 * @return the title
	 */
	public String title() {
		return this.title;
	}

	String factory() {
		return this.factory;
	}

	/**
	 * Leave out of a class path what the other systems need. Otherwise Boot would wire
	 * that, and two drivers would claim one name.
	 * @param classPath all files
	 * @return those of this system
	 */
	List<String> filter(List<String> classPath) {
		return classPath.stream()
			.filter((file) -> Library.of(file).stream().allMatch(this.libraries::contains))
			.toList();
	}

}
