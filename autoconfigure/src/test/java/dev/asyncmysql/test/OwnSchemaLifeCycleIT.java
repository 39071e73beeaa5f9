package dev.asyncmysql.test;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.TestServer;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Configuration;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.context.junit.jupiter.SpringJUnitConfig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * From when until when a class has its schema, whatever JUnit makes of the class.
 */
@RequiresMySql
class OwnSchemaLifeCycleIT {

	private static final List<String> seen = new CopyOnWriteArrayList<>();

	private static ConnectionFactoryOptions template() {
		return MySqlServer.template("life", "CREATE TABLE lived (id INT PRIMARY KEY)");
	}

	private static void see(OwnSchema schema) {
		String name = schema.database();
		assertThat(schemas()).contains(name);
		seen.add(name);
	}

	private static List<String> schemas() {
		return MySqlServer.execute("SHOW DATABASES LIKE 'life\\_%'");
	}

	@BeforeEach
	void forget() {
		seen.clear();
	}

	@AfterEach
	void nothingIsLeft() {
		assertThat(schemas()).isEmpty();
	}

	@Test
	void nestedClassesBelongToTheClassAroundThem() {
		assertThat(failures(WithNested.class)).isEmpty();
		assertThat(seen).hasSize(4).containsOnly(seen.get(0));
		assertThat(seen.get(0)).startsWith("life_withnested_");
		assertThatIllegalStateException().isThrownBy(WithNested.schema::database)
			.withMessageContaining("dropped after " + WithNested.class);
	}

	@Test
	void classThatRunsAgainHasAnother() {
		assertThat(failures(WithNested.class)).isEmpty();
		assertThat(failures(WithNested.class)).isEmpty();
		assertThat(seen.stream().distinct()).hasSize(2);
	}

	@Test
	void classThatRunsAgainHasAContextOfItsOwnWhereItDirtiesTheFirst() {
		assertThat(failures(OneInstance.class)).isEmpty();
		assertThat(failures(OneInstance.class)).isEmpty();
		assertThat(seen).doesNotHaveDuplicates().hasSize(2);
	}

	@Test
	void contextOfSpringMayStartBeforeTheClass() {
		assertThat(failures(OneInstance.class)).isEmpty();
		assertThat(seen).hasSize(1);
	}

	@Test
	void anotherExtensionMayAskBeforeTheClass() {
		assertThat(failures(AskedEarly.class)).isEmpty();
		assertThat(seen).hasSize(2).containsOnly(seen.get(0));
	}

	@Test
	void classWithParametersHasOneForAll() {
		assertThat(failures(WithParameters.class)).isEmpty();
		assertThat(seen).hasSize(2).containsOnly(seen.get(0));
	}

	@Test
	void secondClassThatInheritsItIsToldSo() {
		assertThat(failures(First.class, Second.class)).singleElement()
			.asString()
			.contains(First.class.getName(), Second.class.getName(), "declare it in each of them");
		assertThat(seen).hasSize(1);
	}

	@Test
	void whatAKilledRunHasLeftIsDroppedUnlessItIsUsed() throws SQLException {
		String left = CopyName.create("life", WithNested.class, Instant.now().minus(Duration.ofDays(2)));
		String used = CopyName.create("life", WithNested.class, Instant.now().minus(Duration.ofDays(2)));
		String young = CopyName.create("life", WithNested.class, Instant.now().minus(Duration.ofHours(1)));
		Stream.of(left, used, young).forEach((name) -> MySqlServer.execute("CREATE DATABASE " + name));
		try (Connection connection = TestServer.MYSQL.connect()) {
			connection.setCatalog(used);
			assertThat(failures(WithNested.class)).isEmpty();
			assertThat(schemas()).containsExactlyInAnyOrder(used, young);
		}
		finally {
			Stream.of(left, used, young).forEach((name) -> MySqlServer.execute("DROP DATABASE IF EXISTS " + name));
		}
	}

	private static List<Throwable> failures(Class<?>... classes) {
		SummaryGeneratingListener listener = new SummaryGeneratingListener();
		LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
			.selectors(Stream.of(classes).map(DiscoverySelectors::selectClass).toList())
			.build();
		LauncherFactory.create().execute(request, listener);
		assertThat(listener.getSummary().getTestsFoundCount()).isPositive();
		return listener.getSummary().getFailures().stream().map((failure) -> failure.getException()).toList();
	}

	/** Has classes within it. */
	static class WithNested {

		@RegisterExtension
		static final OwnSchema schema = OwnSchema.copyOf(OwnSchemaLifeCycleIT::template);

		@AfterAll
		static void isThereUntilTheEnd() {
			see(schema);
		}

		@Test
		void isThere() {
			see(schema);
		}

		@Nested
		class Inner {

			@Test
			void isThere() {
				see(schema);
			}

		}

		@Nested
		class Other {

			@Test
			void isThere() {
				see(schema);
			}

		}

	}

	/** Has its instance, and the context of Spring, before all callbacks. */
	@DirtiesContext
	@SpringJUnitConfig
	@TestInstance(Lifecycle.PER_CLASS)
	static class OneInstance {

		@RegisterExtension
		static final OwnSchema schema = OwnSchema.copyOf(OwnSchemaLifeCycleIT::template);

		private final String database;

		OneInstance(@Value("${async-mysql.database}") String database) {
			this.database = database;
		}

		@DynamicPropertySource
		static void properties(DynamicPropertyRegistry registry) {
			registry.add("async-mysql.database", schema::database);
		}

		@Test
		void isThere() {
			see(schema);
			assertThat(this.database).isEqualTo(schema.database());
		}

		/** Has nothing but the property. */
		@Configuration(proxyBeanMethods = false)
		static class Nothing {

		}

	}

	/** Has another extension before it. */
	@ExtendWith(Early.class)
	static class AskedEarly {

		@RegisterExtension
		static final OwnSchema schema = OwnSchema.copyOf(OwnSchemaLifeCycleIT::template);

		@Test
		void isThere() {
			see(schema);
		}

	}

	/** Comes before the schema's own extension. */
	static class Early implements BeforeAllCallback {

		@Override
		public void beforeAll(ExtensionContext context) {
			see(AskedEarly.schema);
		}

	}

	/** Runs more than once. */
	@ParameterizedClass
	@ValueSource(ints = { 1, 2 })
	static class WithParameters {

		@RegisterExtension
		static final OwnSchema schema = OwnSchema.copyOf(OwnSchemaLifeCycleIT::template);

		WithParameters(int number) {
			assertThat(number).isPositive();
		}

		@Test
		void isThere() {
			see(schema);
		}

	}

	/** Declares it for others. */
	abstract static class Base {

		@RegisterExtension
		static final OwnSchema schema = OwnSchema.copyOf(OwnSchemaLifeCycleIT::template);

		@Test
		void isThere() {
			see(schema);
		}

	}

	/** Inherits it. */
	static class First extends Base {

	}

	/** Inherits it, too. */
	static class Second extends Base {

	}

}
