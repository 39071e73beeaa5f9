package dev.asyncmysql.autoconfigure;

import java.util.List;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.embedded.EmbeddedMariaDb;
import dev.asyncmysql.transaction.MySqlTransactionManager;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.ConnectionFactory;
import org.junit.jupiter.api.Test;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.aot.test.generate.TestGenerationContext;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcTransactionManagerAutoConfiguration;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.aot.AbstractAotProcessor;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.test.tools.CompileWithForkedClassLoader;
import org.springframework.core.test.tools.TestCompiler;
import org.springframework.javapoet.ClassName;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application that is processed ahead of time: nothing connects or starts then, and
 * what was generated starts with the properties of the time it runs.
 */
class AheadOfTimeTests {

	private static final TestPropertyValues PROPERTIES = TestPropertyValues.of("spring.sql.init.mode=never");

	@Test
	@CompileWithForkedClassLoader
	void whatIsGeneratedStartsWithThePropertiesOfThen() {
		TestGenerationContext generation = new TestGenerationContext();
		ClassName name = process(generation);
		TestCompiler.forSystem().with(generation).compile((compiled) -> {
			GenericApplicationContext context = new GenericApplicationContext();
			PROPERTIES
				.and("async-mysql.url=r2dbc:mysql://127.0.0.1:1/later", "async-mysql.username=app",
						"async-mysql.pool.max-size=7", "async-mysql.startup=lazy")
				.applyTo(context);
			initializer(compiled.getInstance(ApplicationContextInitializer.class, name.toString())).initialize(context);
			try (context) {
				context.refresh();
				assertThat(context.getBean(ConnectionSettings.class).location()).isEqualTo("127.0.0.1:1/later");
				assertThat(context.getBean(ConnectionPool.class).getMetrics().orElseThrow().getMaxAllocatedSize())
					.isEqualTo(7);
				assertThat(context.getBean(ConnectionFactory.class)).isInstanceOf(ConnectionPool.class);
				assertThat(context.getBean(DatabaseClient.class).getConnectionFactory())
					.isSameAs(context.getBean(ConnectionFactory.class));
				assertThat(context.getBeansOfType(MySqlTransactionManager.class)).hasSize(1);
				assertThat(context.getBeansOfType(EmbeddedMariaDb.class)).isEmpty();
			}
		});
	}

	@Test
	void settingsCanBeBoundInANativeImage() {
		TestGenerationContext generation = new TestGenerationContext();
		process(generation);
		RuntimeHints hints = generation.getRuntimeHints();
		for (Class<?> type : List.of(ConnectionSettings.class, ConnectionSettings.Ssl.class,
				ConnectionSettings.Pool.class, ConnectionSettings.Health.class)) {
			assertThat(RuntimeHintsPredicates.reflection().onType(type)).accepts(hints);
			assertThat(RuntimeHintsPredicates.reflection().onConstructorInvocation(type.getDeclaredConstructors()[0]))
				.accepts(hints);
		}
	}

	private static ClassName process(TestGenerationContext generation) {
		AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
		PROPERTIES.and(AbstractAotProcessor.AOT_PROCESSING + "=true").applyTo(context);
		context.register(Application.class);
		ClassName name = new ApplicationContextAotGenerator().processAheadOfTime(context, generation);
		generation.writeGeneratedContent();
		for (Class<?> type : List.of(ConnectionFactory.class, ConnectionSettings.class, EmbeddedMariaDb.class)) {
			assertThat(context.getBeanFactory().getBeanNamesForType(type, true, false))
				.noneMatch(context.getBeanFactory()::containsSingleton);
		}
		return name;
	}

	@SuppressWarnings("unchecked")
	private static ApplicationContextInitializer<GenericApplicationContext> initializer(
			ApplicationContextInitializer<?> initializer) {
		return (ApplicationContextInitializer<GenericApplicationContext>) initializer;
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ AsyncMySqlAutoConfiguration.class, EmbeddedMariaDbAutoConfiguration.class,
			MySqlTransactionAutoConfiguration.class, R2dbcAutoConfiguration.class,
			R2dbcTransactionManagerAutoConfiguration.class, TransactionAutoConfiguration.class })
	static class Application {

	}

}
