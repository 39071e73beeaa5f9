package dev.asyncmysql.connection;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.testcontainers.mysql.MySQLContainer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a real MySQL takes for a change of its session, {@link SqlEffect} takes for one,
 * wherever it hides.
 */
@RequiresMySql
class SqlEffectIT {

	private static final int TEXTS = 1000;

	private static final String[] CHANGES = { "SET @x = 1", "SELECT 1 INTO @x", "DO @x := 1", "SELECT @x:=1",
			"SELECT GET_LOCK('x', 0)", "SELECT `get_lock`('x', 0)", "SET @y = 1, @x = 1", "SELECT 1 INTO@x",
			"EXECUTE p USING @y", "SET GLOBAL max_points_in_geometry = 65536, @x = 1", "GET DIAGNOSTICS@x=NUMBER",
			"CALL set_x(@x)", "(SELECT 1) INTO @x", "WITH c AS (SELECT 1 a) SELECT a FROM c INTO @x" };

	@ParameterizedTest
	@ValueSource(strings = { "", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES" })
	void noChangeIsMissed(String sqlMode) {
		MySQLContainer mysql = MySqlServer.container();
		HiddenChanges changes = new HiddenChanges(CHANGES, mysql.getHost(), mysql.getFirstMappedPort(),
				mysql.getDatabaseName(), "root", mysql.getPassword());
		assertThat(changes.find(TEXTS, sqlMode)).isGreaterThan(TEXTS / 20);
	}

}
