package dev.asyncmysql.connection;

import java.time.Duration;

import dev.asyncmysql.embedded.EmbeddedMariaDb;
import dev.asyncmysql.embedded.EmbeddedSettings;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a real MariaDB takes for a change of its session, {@link SqlEffect} takes for one,
 * wherever it hides.
 */
class SqlEffectMariaDbIT {

	private static final int TEXTS = 1000;

	private static final String[] CHANGES = { "SET @x = 1", "SELECT 1 INTO @x", "DO @x := 1", "SELECT @x:=1",
			"SELECT GET_LOCK('x', 0)", "SELECT `get_lock`('x', 0)", "EXECUTE p USING @y", "SELECT 1 INTO@x",
			"SET GLOBAL max_connect_errors = 100, @x = 1", "CALL set_x(@x)", "(SELECT 1) INTO @x",
			"SET STATEMENT max_statement_time = 5 FOR SELECT 1 INTO @x", "BEGIN NOT ATOMIC SET @x = 1; END",
			"SET STATEMENT max_statement_time = 5 FOR SELECT GET_LOCK('x', 0)",
			"BEGIN NOT ATOMIC SELECT 1; IF 1 THEN SELECT 2; ELSE SELECT 3; END IF; SET @x = 1; END",
			"IF 1 THEN SET @x = 1; END IF", "IF 0 THEN SELECT 1; ELSEIF 1 THEN SET @x = 1; ELSE SELECT 1; END IF",
			"CASE 1 WHEN 1 THEN SET @x = 1; ELSE SELECT 1; END CASE", "WHILE @x IS NULL DO SET @x = 1; END WHILE",
			"REPEAT SET @x = 1; UNTIL 1 END REPEAT", "BEGIN NOT ATOMIC l: LOOP SET @x = 1; LEAVE l; END LOOP; END",
			"BEGIN NOT ATOMIC DECLARE EXIT HANDLER FOR SQLEXCEPTION SET @x = 1; SELECT 1 FROM nowhere; END" };

	@Test
	void noChangeIsMissed() {
		EmbeddedSettings settings = new EmbeddedSettings(true, null, null, 0, Duration.ofSeconds(60));
		try (EmbeddedMariaDb maria = EmbeddedMariaDb.start(settings)) {
			HiddenChanges changes = new HiddenChanges(CHANGES, maria.getHost(), maria.getPort(),
					maria.getDatabaseName(), maria.getUsername(), maria.getPassword());
			assertThat(changes.find(TEXTS, "")).isGreaterThan(TEXTS / 20);
			assertThat(changes.find(TEXTS, "NO_BACKSLASH_ESCAPES")).isGreaterThan(TEXTS / 20);
		}
	}

}
