package dev.asyncmysql.test;

import java.time.Duration;
import java.util.stream.Stream;

import dev.asyncmysql.TestServer;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * What a copy of a schema has, on the server that a subclass brings.
 */
abstract class AbstractOwnSchemaTests {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final TestServer server;

	private final OwnSchema schema;

	AbstractOwnSchemaTests(TestServer server, OwnSchema schema) {
		this.server = server;
		this.schema = schema;
	}

	static ConnectionFactoryOptions template(TestServer server, String... more) {
		Stream<String> statements = Stream.of("ALTER DATABASE original CHARACTER SET latin1",
				"SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,PIPES_AS_CONCAT'",
				"CREATE TABLE z_parent (id INT AUTO_INCREMENT PRIMARY KEY, `a``b` VARCHAR(20), "
						+ "twice INT GENERATED ALWAYS AS (amount * 2) STORED, amount INT)",
				"CREATE TABLE child (id INT PRIMARY KEY, parent INT, CONSTRAINT child_of_parent "
						+ "FOREIGN KEY (parent) REFERENCES z_parent (id))",
				"CREATE TABLE log (text VARCHAR(100))", "CREATE TABLE never (at DATE NOT NULL DEFAULT '0000-00-00')",
				"INSERT INTO z_parent (id, `a``b`, amount) VALUES (0, 'none', 4), (1, 'one', 5), (2, 'two', 6)",
				"INSERT INTO child VALUES (1, 2)", "INSERT INTO never VALUES ()",
				"CREATE VIEW z_families AS SELECT p.id, COUNT(c.id) AS children FROM z_parent p "
						+ "LEFT JOIN child c ON c.parent = p.id GROUP BY p.id",
				"CREATE VIEW m_summary AS SELECT MAX(children) AS most FROM z_families",
				"CREATE VIEW a_summary AS SELECT CONCAT('at most ', most) AS text FROM m_summary",
				"CREATE TRIGGER told AFTER INSERT ON child FOR EACH ROW INSERT INTO log VALUES ('child ' || NEW.id)");
		return server.template("original", Stream.concat(statements, Stream.of(more)).toArray(String[]::new));
	}

	@Test
	void hasTablesRowsKeysViewsAndTriggersOfItsOwn() {
		String copy = this.schema.database();
		assertThat(copy).startsWith("original_" + getClass().getSimpleName().toLowerCase() + "_");
		assertThat(this.server.execute("SELECT CONCAT(id, `a``b`, twice) FROM " + copy + ".z_parent"))
			.containsExactly("0none8", "1one10", "2two12");
		assertThat(this.server.execute("SELECT CONCAT(at) FROM " + copy + ".never")).containsExactly("0000-00-00");
		this.server.execute("INSERT INTO " + copy + ".child VALUES (2, 2)");
		assertThat(this.server.execute("SELECT children FROM " + copy + ".z_families WHERE id = 2"))
			.containsExactly("2");
		assertThat(this.server.execute("SELECT text FROM " + copy + ".a_summary")).containsExactly("at most 2");
		assertThat(this.server.execute("SELECT text FROM " + copy + ".log")).containsExactly("child 2");
		assertThat(this.server.execute("SELECT text FROM original.a_summary")).containsExactly("at most 1");
		assertThat(this.server.execute("SELECT text FROM original.log")).isEmpty();
		assertThat(this.server
			.execute("SELECT COUNT(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = '"
					+ copy + "' AND UNIQUE_CONSTRAINT_SCHEMA = '" + copy + "'"))
			.containsExactly("1");
		assertThat(this.server
			.execute("SELECT DEFAULT_CHARACTER_SET_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '" + copy
					+ "'"))
			.containsExactly("latin1");
	}

	@Test
	void anApplicationUsesIt() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class))
			.withPropertyValues(this.server.properties())
			.withPropertyValues("async-mysql.database=" + this.schema.database())
			.run((context) -> assertThat(context.getBean(DatabaseClient.class)
				.sql("SELECT DATABASE()")
				.mapValue(String.class)
				.one()
				.block(LIMIT)).isEqualTo(this.schema.database()));
	}

	@Test
	void leavesNothingOfACopyThatFails() {
		OwnSchema broken = OwnSchema
			.copyOf(() -> this.server.template("broken", "CREATE TABLE gone (id INT)", "CREATE VIEW a AS SELECT 1",
					"CREATE VIEW b AS SELECT * FROM gone", "CREATE VIEW c AS SELECT * FROM b", "DROP TABLE gone"));
		assertThatExceptionOfType(RuntimeException.class).isThrownBy(broken::database);
		assertThat(this.server
			.execute("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'broken%'"))
			.containsExactly("broken");
	}

}
