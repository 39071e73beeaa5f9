package dev.asyncmysql.benchmarks.process;

import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Stream;

import dev.asyncmysql.benchmarks.workload.Task;

/**
 * A system that is measured, by name only: the process in which it is measured knows
 * more.
 */
public enum Contender {

	/** This project. */
	STARTER("starter", "this starter", "r2dbc.StarterFactory", Library.STARTER, Library.R2DBC, Library.DRIVER),

	/** This project as it is without any setting. */
	STARTER_DEFAULTS("starter-defaults", "this starter, its defaults", "r2dbc.StarterFactory$Defaults", Library.STARTER,
			Library.R2DBC, Library.DRIVER),

	/** This project with statements that are put together by the driver. */
	STARTER_TEXT("starter-text", "this starter, client-side statements", "r2dbc.StarterFactory$Text", Library.STARTER,
			Library.R2DBC, Library.DRIVER),

	/** This project without anything that observes it. */
	STARTER_QUIET("starter-quiet", "this starter, nothing observed", "r2dbc.StarterFactory$Quiet", Library.STARTER,
			Library.R2DBC, Library.DRIVER),

	/**
	 * The same with what r2dbc-proxy and Boot observe of each statement by themselves.
	 */
	STARTER_PROXY_ALONE("starter-proxy-alone", "this starter, r2dbc-proxy alone", "r2dbc.StarterFactory$ProxyAlone",
			Library.STARTER, Library.R2DBC, Library.DRIVER, Library.ACTUATOR, Library.PROXY),

	/** This project with all that observes it. */
	STARTER_OBSERVED("starter-observed", "this starter, observed", "r2dbc.StarterFactory$Observed", Library.STARTER,
			Library.R2DBC, Library.DRIVER, Library.ACTUATOR),

	/** The same with an observation of each statement. */
	STARTER_PROXIED("starter-proxied", "this starter, observed, r2dbc-proxy", "r2dbc.StarterFactory$Observed",
			Library.STARTER, Library.R2DBC, Library.DRIVER, Library.ACTUATOR, Library.PROXY),

	/** Boot's wiring of the same driver and pool. */
	PLAIN("plain", "Boot's plain wiring", "r2dbc.BootFactory$Plain", Library.R2DBC, Library.DRIVER),

	/** The same with fewer event loops. */
	PLAIN_LOOPS("plain-loops", "plain wiring, fewer event loops", "r2dbc.BootFactory$FewLoops", Library.R2DBC,
			Library.DRIVER),

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
	JDBC_VIRTUAL("jdbc-virtual", "Connector/J, virtual threads", "jdbc.JdbcFactory$Virtual", Library.JDBC),

	/** The same with statements that are put together by the client. */
	JDBC_TEXT("jdbc-text", "Connector/J, virtual threads, client-side statements", "jdbc.JdbcFactory$Text",
			Library.JDBC),

	/** The protocol alone. */
	RAW("raw", "raw connections", "raw.RawFactory"),

	/** The sample application; its load is a process of its own. */
	WEBFLUX("webflux", "sample application: WebFlux, this starter", "http.HttpFactory"),

	/** The same endpoints on Spring MVC. */
	MVC("mvc", "MVC, Connector/J, virtual threads", "http.HttpFactory");

	private static final String PACKAGE = "dev.asyncmysql.benchmarks.";

	/** What differs in what is seen of a statement alone. */
	private static final Set<Contender> OBSERVED = EnumSet.of(STARTER_QUIET, STARTER_PROXY_ALONE, STARTER_OBSERVED,
			STARTER_PROXIED);

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
		return Stream.of(values())
			.filter((contender) -> contender.id.equals(id))
			.findFirst()
			.orElseThrow(() -> new IllegalArgumentException("There is no system '%s'".formatted(id)));
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

	Set<Library> libraries() {
		return this.libraries;
	}

	/**
	 * Return whether this system has anything to do with a task.
	 * @param task the task
	 * @return {@code false} where it does not have to be started
	 */
	public boolean does(Task task) {
		return switch (task) {
			case LIMIT -> this == RAW;
			case HTTP_READ, HTTP_TRANSFER -> this == WEBFLUX || this == MVC;
			case SELECT -> isInProcess();
			default -> isInProcess() && !OBSERVED.contains(this);
		};
	}

	private boolean isInProcess() {
		return this != RAW && this != WEBFLUX && this != MVC;
	}

}
