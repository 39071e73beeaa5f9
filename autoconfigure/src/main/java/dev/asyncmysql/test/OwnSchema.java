package dev.asyncmysql.test;

import java.time.Duration;
import java.util.Locale;
import java.util.function.Supplier;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import reactor.core.publisher.Mono;

import org.springframework.util.Assert;

/**
 * A JUnit extension that gives a test class a schema of its own on a server that it
 * shares with others: a copy of another one, with its tables, their rows, and its views
 * and triggers, without routines and events. To copy costs milliseconds a table, where a
 * server costs seconds, and what the class writes nobody else sees. The copy is dropped
 * after the class.
 *
 * <pre>
 * &#64;RegisterExtension
 * static final OwnSchema schema = OwnSchema.copyOf(() -&gt; options);
 *
 * &#64;DynamicPropertySource
 * static void properties(DynamicPropertyRegistry registry) {
 *     registry.add("async-mysql.database", schema::database);
 * }
 * </pre>
 *
 * The user needs the rights to create and drop schemas. It blocks, as tests may.
 */
public final class OwnSchema implements BeforeAllCallback, AfterAllCallback {

	private static final Duration LIMIT = Duration.ofMinutes(1);

	private static final int LONGEST_NAME = 64;

	private final Supplier<ConnectionFactoryOptions> template;

	private @Nullable String database;

	private OwnSchema(Supplier<ConnectionFactoryOptions> template) {
		this.template = template;
	}

	/**
	 * Create an extension, to be registered in a static field.
	 * @param template tells how to connect to the schema that is copied; it is asked
	 * before the first test
	 * @return the extension
	 */
	public static OwnSchema copyOf(Supplier<ConnectionFactoryOptions> template) {
		return new OwnSchema(template);
	}

	@Override
	public void beforeAll(ExtensionContext context) {
		Class<?> type = context.getRequiredTestClass();
		ConnectionFactoryOptions options = this.template.get();
		String original = String.valueOf(options.getRequiredValue(ConnectionFactoryOptions.DATABASE));
		String name = name(original, type);
		Mono.usingWhen(ConnectionFactories.get(options).create(),
				(connection) -> new SchemaCopy(connection, original, name).create(), Connection::close)
			.block(LIMIT);
		this.database = name;
	}

	// The class as its author knows it; what is cut off is told apart by its hash.
	private static String name(String original, Class<?> type) {
		String name = original + "_" + type.getSimpleName().replaceAll("\\W", "").toLowerCase(Locale.ROOT);
		String hash = "_" + Integer.toHexString(type.getName().hashCode());
		return name.substring(0, Math.min(name.length(), LONGEST_NAME - hash.length())) + hash;
	}

	@Override
	public void afterAll(ExtensionContext context) {
		String name = this.database;
		if (name != null) {
			ConnectionFactoryOptions options = this.template.get();
			Mono.usingWhen(ConnectionFactories.get(options).create(),
					(connection) -> new SchemaCopy(connection, "", name).drop(), Connection::close)
				.block(LIMIT);
			this.database = null;
		}
	}

	/**
	 * Return the schema that belongs to the test class.
	 * @return its name, for {@code async-mysql.database}
	 */
	public String database() {
		Assert.state(this.database != null, "The schema is copied before the first test of the class, not earlier");
		return this.database;
	}

}
