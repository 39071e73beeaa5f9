package dev.asyncmysql.test;

import java.time.Duration;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * A schema for each test class.
 */
@RequiresMySql
class OwnSchemaIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	@RegisterExtension
	static final OwnSchema schema = OwnSchema.copyOf(OwnSchemaIT::template);

	private static ConnectionFactoryOptions template() {
		return MySqlServer.template("original", "ALTER DATABASE original CHARACTER SET latin1",
				"CREATE TABLE z_parent (id INT AUTO_INCREMENT PRIMARY KEY, `a``b` VARCHAR(20), "
						+ "twice INT GENERATED ALWAYS AS (amount * 2) STORED, amount INT)",
				"CREATE TABLE child (id INT PRIMARY KEY, parent INT, CONSTRAINT child_of_parent "
						+ "FOREIGN KEY (parent) REFERENCES z_parent (id))",
				"CREATE TABLE log (text VARCHAR(100))",
				"INSERT INTO z_parent (`a``b`, amount) VALUES ('one', 5), ('two', 6)",
				"INSERT INTO child VALUES (1, 2)",
				"CREATE VIEW families AS SELECT p.id, COUNT(c.id) AS children FROM z_parent p "
						+ "LEFT JOIN child c ON c.parent = p.id GROUP BY p.id",
				"CREATE TRIGGER told AFTER INSERT ON child FOR EACH ROW INSERT INTO log VALUES (CONCAT('child ', NEW.id))");
	}

	@Test
	void hasTablesRowsKeysViewsAndTriggersOfItsOwn() {
		String copy = schema.database();
		assertThat(copy).startsWith("original_ownschemait_");
		assertThat(MySqlServer.execute("SELECT CONCAT(id, `a``b`, twice) FROM " + copy + ".z_parent"))
			.containsExactly("1one10", "2two12");
		MySqlServer.execute("INSERT INTO " + copy + ".child VALUES (2, 2)");
		assertThat(MySqlServer.execute("SELECT children FROM " + copy + ".families WHERE id = 2")).containsExactly("2");
		assertThat(MySqlServer.execute("SELECT text FROM " + copy + ".log")).containsExactly("child 2");
		assertThat(MySqlServer.execute("SELECT children FROM original.families WHERE id = 2")).containsExactly("1");
		assertThat(MySqlServer.execute("SELECT text FROM original.log")).isEmpty();
		assertThat(MySqlServer
			.execute("SELECT COUNT(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = '"
					+ copy + "' AND UNIQUE_CONSTRAINT_SCHEMA = '" + copy + "'"))
			.containsExactly("1");
		assertThat(MySqlServer
			.execute("SELECT DEFAULT_CHARACTER_SET_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '" + copy
					+ "'"))
			.containsExactly("latin1");
	}

	@Test
	void anApplicationUsesIt() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class))
			.withPropertyValues(MySqlServer.properties())
			.withPropertyValues("async-mysql.database=" + schema.database())
			.run((context) -> assertThat(context.getBean(DatabaseClient.class)
				.sql("SELECT DATABASE()")
				.mapValue(String.class)
				.one()
				.block(LIMIT)).isEqualTo(schema.database()));
	}

	@Test
	void isDroppedAfterTheClassAndTakesThePlaceOfOneThatWasLeft() {
		ExtensionContext context = mock();
		given(context.getRequiredTestClass())
			.willAnswer((invocation) -> AnotherTestWhoseNameIsLongerThanTheServerAllows.class);
		OwnSchema another = OwnSchema.copyOf(OwnSchemaIT::template);
		assertThatIllegalStateException().isThrownBy(another::database);
		another.beforeAll(context);
		another.beforeAll(context);
		String copy = another.database();
		assertThat(copy).hasSize(64);
		String found = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '" + copy + "'";
		assertThat(MySqlServer.execute(found)).containsExactly(copy);
		another.afterAll(context);
		assertThat(MySqlServer.execute(found)).isEmpty();
		another.afterAll(context);
	}

	/** Has a long name. */
	private static final class AnotherTestWhoseNameIsLongerThanTheServerAllows {

	}

}
