package dev.asyncmysql.benchmarks.process;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What some systems have on their class path and others must not have.
 */
enum Library {

	STARTER("async-mysql-spring-boot-.*"),

	DRIVER("r2dbc-mysql-.*"),

	MARIADB("r2dbc-mariadb-.*"),

	JASYNC("jasync-.*"),

	VERTX("vertx-.*"),

	R2DBC("(spring-boot-(data-|starter-data-)?r2dbc|spring-r2dbc|spring-data-r2dbc|r2dbc-pool|r2dbc-spi)-.*"),

	JDBC("(spring-boot-((starter-)?data-|starter-)?jdbc|spring-jdbc|spring-data-jdbc|HikariCP|mysql-connector-j)-.*"),

	ACTUATOR("(spring-boot-(starter-)?(actuator|actuator-autoconfigure|health|micrometer-.*)"
			+ "|micrometer-(core|registry-.*))-\\d.*"),

	PROXY("r2dbc-proxy-.*"),

	WEB("(spring-boot-(starter-)?(webmvc|tomcat|tomcat-runtime|servlet|web-server|http-converter|jackson|validation)"
			+ "|spring-web|spring-webmvc|tomcat-embed-.*|hibernate-validator)-\\d.*");

	private final Pattern file;

	Library(String file) {
		this.file = Pattern.compile(file);
	}

	static Optional<Library> of(String path) {
		String name = Path.of(path).getFileName().toString();
		return Stream.of(values()).filter((library) -> library.file.matcher(name).matches()).findFirst();
	}

}
