package dev.asyncmysql.test;

import dev.asyncmysql.TestServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a copy of a schema has, on MariaDB.
 */
class OwnSchemaMariaDbIT extends AbstractOwnSchemaTests {

	@RegisterExtension
	static final OwnSchema schema = OwnSchema.copyOf(() -> template(TestServer.MARIADB,
			"CREATE TABLE versioned (id INT PRIMARY KEY, amount INT) WITH SYSTEM VERSIONING",
			"CREATE TABLE periods (id INT PRIMARY KEY, since TIMESTAMP(6) GENERATED ALWAYS AS ROW START, "
					+ "until TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, until)) "
					+ "WITH SYSTEM VERSIONING",
			"INSERT INTO versioned VALUES (1, 1)", "UPDATE versioned SET amount = 2",
			"INSERT INTO periods (id) VALUES (1)", "CREATE SEQUENCE numbers START WITH 100 INCREMENT BY 10 NOCACHE",
			"DO NEXTVAL(numbers)"));

	OwnSchemaMariaDbIT() {
		super(TestServer.MARIADB, schema);
	}

	@Test
	void hasTablesWithVersionsWithoutTheirHistory() {
		String copy = schema.database();
		TestServer.MARIADB.execute("UPDATE " + copy + ".versioned SET amount = 3");
		assertThat(TestServer.MARIADB
			.execute("SELECT amount FROM " + copy + ".versioned FOR SYSTEM_TIME ALL ORDER BY amount"))
			.containsExactly("2", "3");
		assertThat(TestServer.MARIADB.execute("SELECT id FROM " + copy + ".periods")).containsExactly("1");
	}

	@Test
	void hasSequencesThatGoOnByThemselves() {
		String next = "SELECT NEXTVAL(" + schema.database() + ".numbers)";
		assertThat(TestServer.MARIADB.execute(next)).containsExactly("110");
		assertThat(TestServer.MARIADB.execute(next)).containsExactly("120");
		assertThat(TestServer.MARIADB.execute("SELECT NEXTVAL(original.numbers)")).containsExactly("110");
	}

}
