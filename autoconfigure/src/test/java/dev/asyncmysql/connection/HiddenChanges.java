package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;

import dev.asyncmysql.ConnectionSettings;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Result;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Texts at random, each with a change of the session somewhere in it, which a server runs
 * or does not.
 */
final class HiddenChanges {

	private static final Duration LIMIT = Duration.ofSeconds(60);

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

	private final String[] changes;

	private final ConnectionFactory factory;

	/**
	 * Create texts for a server.
	 * @param changes statements that set {@code @x} or take the lock {@code x}
	 * @param host its host
	 * @param port its port
	 * @param database a database in which procedures may be created
	 * @param user the user
	 * @param password the password
	 */
	HiddenChanges(String[] changes, String host, int port, String database, String user, String password) {
		this.changes = changes;
		ConnectionSettings settings = new Binder(new MapConfigurationPropertySource(Map.of("c.host", host, "c.port",
				port, "c.database", database, "c.username", user, "c.password", password)))
			.bindOrCreate("c", ConnectionSettings.class);
		this.factory = MySqlConnectionFactories
			.driver(MySqlConnectionFactories.options(settings, DriverObjects.NONE, "c"), List.of());
	}

	/**
	 * Run texts, and assert of each that changed the session that it was told.
	 * @param texts the number of texts
	 * @param sqlMode the SQL mode to run them under
	 * @return the number of those that changed the session
	 */
	int find(int texts, String sqlMode) {
		Connection connection = Mono.from(this.factory.create()).blockOptional(LIMIT).orElseThrow();
		run(connection, "SET SESSION sql_mode = '%s'; PREPARE p FROM 'SET @x = ?'".formatted(sqlMode));
		run(connection, "CREATE PROCEDURE IF NOT EXISTS set_x(OUT x INT) SET x = 1");
		int found = 0;
		for (int i = 0; i < texts; i++) {
			run(connection, "SET @x = NULL, @y = 1; DO RELEASE_LOCK('x')");
			String sql = hide(this.changes[this.random.nextInt(this.changes.length)]);
			run(connection, sql);
			if (hasChanged(connection)) {
				found++;
				assertThat(SqlEffect.of(sql)).as(sql).isEqualTo(SqlEffect.SESSION);
			}
		}
		run(connection, "DROP PROCEDURE set_x");
		run(connection, "DROP PROCEDURE IF EXISTS q");
		Mono.from(connection.close()).block(LIMIT);
		return found;
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

}
