package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.testcontainers.mysql.MySQLContainer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a real server takes for a change of its session, {@link SqlEffect} takes for one,
 * wherever it hides.
 */
@RequiresMySql
class SqlEffectIT {

	private static final Duration LIMIT = Duration.ofSeconds(60);

	private static final int TEXTS = 1000;

	private static final String[] CHANGES = { "SET @x = 1", "SELECT 1 INTO @x", "DO @x := 1", "SELECT @x:=1",
			"SELECT GET_LOCK('x', 0)", "SELECT `get_lock`('x', 0)", "SET @y = 1, @x = 1", "SELECT 1 INTO@x",
			"EXECUTE p USING @y", "SET GLOBAL local_infile = 1, @x = 1", "GET DIAGNOSTICS@x=NUMBER", "CALL set_x(@x)",
			"(SELECT 1) INTO @x", "WITH c AS (SELECT 1 a) SELECT a FROM c INTO @x" };

	private static final String[] WHOLE_PLACES = { "SELECT '\\'; ", "SELECT '\\\\'; ", "SELECT \"\\\"; ",
			"SELECT 'a''\\'; ", "SELECT 1 /*!99999 ' */; ", "/*!50000 ", "/*!99999 ", "/*M! ' */", "/* ' */",
			"/*/ ' */", "-- '\n", "#\"\n", "--\t`\n", "SELECT 1--1; ", "SELECT 2*/* ' */3; ", "SELECT '/*'; ",
			"SELECT `a\\` FROM (SELECT 1 AS `a\\`) b; ", "CREATE PROCEDURE IF NOT EXISTS q() BEGIN SELECT 1; END; ",
			"CREATE PROCEDURE IF NOT EXISTS q() SELECT 1; ",
			"CREATE PROCEDURE IF NOT EXISTS q() BEGIN IF 1 THEN SELECT CASE 1 WHEN 1 THEN 2 END; END IF; END; ",
			"CREATE PROCEDURE IF NOT EXISTS q() BEGIN DECLARE begin INT; SELECT begin; END; ", "BEGIN; ", "; ", " */",
			" ;" };

	private static final String[] HIDING_PLACES = { "'", "\"", "`", "\\", "\\'", "\\\"", "''", "'a'", "\"a\"", "`a`",
			"/*", "*/", "/*!", "/*!50000", "/*!99999", "/*!999999", "/*M!", "/*+", "--", "-- ", "#", "\n", ";", "; ",
			"SELECT", "SELECT '", "SELECT \"", "SELECT 1", "SELECT 1 ", "SELECT '\\'", "SELECT '\\\\'",
			"SELECT 'a' AS `", "DO 1", "DO '", "(", ")", ",", "1", "-", "*", "/", "$$", "$a$", "a", " AS a", "@", "@@",
			"@'", ".", "\t", "CREATE PROCEDURE IF NOT EXISTS q() ", "BEGIN ", " END", "CASE ", "IF 1 THEN ", "END IF",
			"\u0000", "\u00a0", "\u00e4" };

	private final Random random = new Random(9);

	@ParameterizedTest
	@ValueSource(strings = { "", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES" })
	void noChangeIsMissed(String sqlMode) {
		Connection connection = connect();
		run(connection, "SET SESSION sql_mode = '%s'; PREPARE p FROM 'SELECT ? INTO @x'".formatted(sqlMode));
		run(connection, "CREATE PROCEDURE IF NOT EXISTS set_x(OUT x INT) SET x = 1");
		int changes = 0;
		for (int i = 0; i < TEXTS; i++) {
			run(connection, "SET @x = NULL, @y = 1; DO RELEASE_ALL_LOCKS()");
			String sql = hide(CHANGES[this.random.nextInt(CHANGES.length)]);
			run(connection, sql);
			if (hasChanged(connection)) {
				changes++;
				assertThat(SqlEffect.of(sql)).as(sql).isEqualTo(SqlEffect.SESSION);
			}
		}
		run(connection, "DROP PROCEDURE set_x");
		run(connection, "DROP PROCEDURE IF EXISTS q");
		Mono.from(connection.close()).block(LIMIT);
		assertThat(changes).as("changes that got through").isGreaterThan(TEXTS / 10);
	}

	private String hide(String change) {
		return place() + (this.random.nextBoolean() ? ";" : "") + change + (this.random.nextBoolean() ? ";" : "")
				+ place();
	}

	private String place() {
		StringBuilder place = new StringBuilder();
		for (int parts = this.random.nextInt(5); parts > 0; parts--) {
			String[] places = this.random.nextBoolean() ? WHOLE_PLACES : HIDING_PLACES;
			place.append(places[this.random.nextInt(places.length)]);
		}
		return place.toString();
	}

	// Most texts are syntax errors, of a statement that may have others in front.
	private static void run(Connection connection, String sql) {
		Flux.from(connection.createStatement(sql).execute())
			.flatMap(Result::getRowsUpdated)
			.onErrorComplete()
			.blockLast(LIMIT);
	}

	private static boolean hasChanged(Connection connection) {
		return Flux.from(connection.createStatement("SELECT @x IS NOT NULL OR IS_USED_LOCK('x') IS NOT NULL").execute())
			.flatMap((result) -> result.map((row) -> row.get(0, Integer.class)))
			.blockLast(LIMIT) == 1;
	}

	private static Connection connect() {
		MySQLContainer mysql = MySqlServer.container();
		Map<String, Object> properties = Map.of("c.host", mysql.getHost(), "c.port", mysql.getFirstMappedPort(),
				"c.database", mysql.getDatabaseName(), "c.username", "root", "c.password", mysql.getPassword());
		ConnectionSettings settings = new Binder(new MapConfigurationPropertySource(properties)).bindOrCreate("c",
				ConnectionSettings.class);
		return Mono
			.from(MySqlConnectionFactories
				.driver(MySqlConnectionFactories.options(settings, DriverObjects.NONE, "c"), List.of())
				.create())
			.blockOptional(LIMIT)
			.orElseThrow();
	}

}
