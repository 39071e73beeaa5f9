package dev.asyncmysql.test;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.TestInstanceFactoryContext;
import org.junit.jupiter.api.extension.TestInstancePreConstructCallback;
import reactor.core.publisher.Mono;

import org.springframework.util.Assert;

/**
 * A JUnit extension that gives a test class a schema of its own on a server that it
 * shares with others: a copy of another one, with its tables, their rows, and its views
 * and triggers, without procedures, functions and events. To copy costs milliseconds a
 * table, where a server costs seconds, and what the class writes nobody else sees. The
 * copy is dropped after the class, to which its nested classes belong.
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
 * Each class declares both itself, since Spring lets classes that inherit them share a
 * context, and with it a schema that is gone after the first of them: the second fails.
 * What a run that was killed has left on the server, a later one drops when it is a day
 * old and no connection uses it.
 * <p>
 * The user needs the rights to create and drop schemas. It blocks, as tests may, and can
 * be used by several threads.
 */
public final class OwnSchema implements BeforeAllCallback, TestInstancePreConstructCallback {

	private static final Duration LIMIT = Duration.ofMinutes(1);

	private static final Namespace NAMESPACE = Namespace.create(OwnSchema.class);

	private final Supplier<ConnectionFactoryOptions> template;

	private @Nullable Class<?> owner;

	private boolean open;

	private @Nullable Copy copy;

	private OwnSchema(Supplier<ConnectionFactoryOptions> template) {
		this.template = template;
	}

	/**
	 * Create an extension, to be registered in a static field of the test class.
	 * @param template tells how to connect to the schema that is copied; it is asked
	 * before the first test
	 * @return the extension
	 */
	public static OwnSchema copyOf(Supplier<ConnectionFactoryOptions> template) {
		return new OwnSchema(template);
	}

	@Override
	public void beforeAll(ExtensionContext context) {
		open(context);
	}

	// Where one instance serves all tests, Spring starts its context before beforeAll.
	@Override
	public void preConstructTestInstance(TestInstanceFactoryContext factoryContext, ExtensionContext context) {
		open(context);
	}

	private synchronized void open(ExtensionContext context) {
		Class<?> type = context.getRequiredTestClass();
		Class<?> first = (this.owner != null) ? this.owner : type;
		ExtensionContext whole = contextOf(first, context);
		Assert.state(whole != null,
				() -> "The schema belongs to %s, which shares its declaration with %s: declare it in each of them"
					.formatted(first.getName(), type.getName()));
		this.owner = first;
		if (!this.open) {
			this.open = true;
			whole.getStore(NAMESPACE).put(this, (AutoCloseable) this::close);
			database();
		}
	}

	// The outermost: a class that runs once for each set of its parameters is one class.
	private static @Nullable ExtensionContext contextOf(Class<?> type, ExtensionContext context) {
		ExtensionContext found = null;
		Optional<ExtensionContext> each = Optional.of(context);
		while (each.isPresent()) {
			if (each.get().getTestClass().filter(type::equals).isPresent()) {
				found = each.get();
			}
			each = each.get().getParent();
		}
		return found;
	}

	private synchronized void close() {
		Copy dropped = this.copy;
		this.open = false;
		this.copy = null;
		if (dropped != null) {
			run(dropped.options(), (schemas) -> schemas.drop(dropped.name()));
		}
	}

	/**
	 * Return the schema that belongs to the test class. It is made at the first call, or
	 * before the first test.
	 * @return its name, for {@code async-mysql.database}
	 * @throws IllegalStateException if the class is over
	 */
	public synchronized String database() {
		Assert.state(this.owner == null || this.open,
				() -> "The schema was dropped after %s: each class declares one of its own".formatted(this.owner));
		Copy existing = this.copy;
		if (existing == null) {
			existing = create(this.template.get());
			this.copy = existing;
		}
		return existing.name();
	}

	private Copy create(ConnectionFactoryOptions options) {
		String original = String.valueOf(options.getRequiredValue(ConnectionFactoryOptions.DATABASE));
		Instant now = Instant.now();
		String name = CopyName.create(original, this.owner, now);
		run(options, (schemas) -> schemas.dropUnused((schema) -> CopyName.isLeft(schema, original, now))
			.then(schemas.create(original, name)));
		return new Copy(options, name);
	}

	private static void run(ConnectionFactoryOptions options, Function<SchemaCopy, Mono<Void>> work) {
		Mono.usingWhen(ConnectionFactories.get(options).create(),
				(connection) -> work.apply(new SchemaCopy(connection)), Connection::close)
			.block(LIMIT);
	}

	/**
	 * What was copied.
	 *
	 * @param options how to connect to the original
	 * @param name the name of the copy
	 */
	private record Copy(ConnectionFactoryOptions options, String name) {

	}

}
