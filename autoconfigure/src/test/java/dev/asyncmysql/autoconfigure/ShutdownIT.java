package dev.asyncmysql.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.PoolCustomizer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.library.LibraryApplication;
import io.micrometer.observation.tck.TestObservationRegistry;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The end of contexts whose connections are in use, seen from a real MySQL.
 */
@RequiresMySql
@ExtendWith(OutputCaptureExtension.class)
class ShutdownIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private static final String STOPPING = "the application is stopping";

	private final Sinks.Empty<Void> release = Sinks.empty();

	private int aborted;

	@BeforeEach
	void prepare() {
		MySqlServer.execute("CREATE USER IF NOT EXISTS leaver@'%' IDENTIFIED BY 'secret'");
		MySqlServer.execute("GRANT ALL ON *.* TO leaver@'%'");
		MySqlServer.execute("CREATE TABLE left_over (id INT PRIMARY KEY)");
		this.aborted = aborted();
	}

	@AfterEach
	void drop() {
		MySqlServer.execute("DROP TABLE left_over");
	}

	@ParameterizedTest
	@EnumSource
	void aTransactionThatIsRunningCompletesAndNoOtherBegins(Kind kind, CapturedOutput output) {
		ConfigurableApplicationContext context = start(kind.configuration, kind.setting);
		CompletableFuture<?> transaction = transaction(context, this.release.asMono()).toFuture();
		Awaitility.await().pollInterval(Duration.ofMillis(250)).until(() -> !rowsSeenDirty().isEmpty());
		CompletableFuture<Void> end = CompletableFuture.runAsync(context::close);
		ConnectionFactory connections = context.getBean(ConnectionFactory.class);
		Awaitility.await()
			.untilAsserted(() -> StepVerifier
				.create(Mono.<Connection>from(connections.create())
					.flatMap((connection) -> Mono.from(connection.close())))
				.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(R2dbcNonTransientResourceException.class)
					.hasMessageContaining(STOPPING))
				.verify(LIMIT));
		assertThat(transaction).isNotDone();
		assertThat(end).isNotDone();
		this.release.tryEmitEmpty();
		assertThat(transaction).succeedsWithin(LIMIT);
		assertThat(end).succeedsWithin(LIMIT);
		assertThatNobodyIsLeftAndNobodyWasAborted();
		assertThat(rows()).containsExactly("1", "2");
		assertThat(output).contains("Waiting for 1 connection in use").doesNotContain("still in use");
	}

	@ParameterizedTest
	@EnumSource
	void aTransactionThatDoesNotEndIsRolledBack(Kind kind, CapturedOutput output) {
		ConfigurableApplicationContext context = start(kind.configuration, kind.setting,
				"spring.lifecycle.timeout-per-shutdown-phase=1s");
		CompletableFuture<?> transaction = transaction(context, Mono.never()).toFuture();
		Awaitility.await().pollInterval(Duration.ofMillis(250)).until(() -> !rowsSeenDirty().isEmpty());
		assertThat(CompletableFuture.runAsync(context::close)).succeedsWithin(Duration.ofSeconds(10));
		assertThatNobodyIsLeftAndNobodyWasAborted();
		assertThat(MySqlServer.execute("SELECT trx_id FROM information_schema.innodb_trx")).isEmpty();
		assertThat(rows()).isEmpty();
		assertThat(output).contains("1 connection still in use when the application ended: closed now");
		transaction.cancel(true);
	}

	@Test
	void aStatementThatDoesNotEndIsEndedAtTheServer(CapturedOutput output) {
		ConfigurableApplicationContext context = start(Nothing.class, "spring.lifecycle.timeout-per-shutdown-phase=1s");
		CompletableFuture<?> statement = context.getBean(DatabaseClient.class)
			.sql("SELECT SLEEP(60)")
			.then()
			.toFuture();
		Awaitility.await().until(() -> processes().stream().anyMatch("User sleep"::equals));
		assertThat(CompletableFuture.runAsync(context::close)).succeedsWithin(Duration.ofSeconds(10));
		assertThat(statement).failsWithin(LIMIT).withThrowableThat().withMessageContaining(STOPPING);
		assertThatNobodyIsLeftAndNobodyWasAborted();
		assertThat(output).contains("1 connection still in use when the application ended: closed now");
	}

	@Test
	void callersThatWaitForAConnectionAreToldAtOnce() {
		ConfigurableApplicationContext context = start(Nothing.class, "async-mysql.pool.max-size=1");
		ConnectionPool pool = context.getBean(ConnectionPool.class);
		Connection lent = pool.create().blockOptional(LIMIT).orElseThrow();
		CompletableFuture<Connection> waits = pool.create().toFuture();
		Awaitility.await().until(() -> pool.getMetrics().orElseThrow().pendingAcquireSize() == 1);
		CompletableFuture<Void> end = CompletableFuture.runAsync(context::close);
		assertThat(waits).failsWithin(Duration.ofSeconds(5)).withThrowableThat().withMessageContaining(STOPPING);
		assertThat(end).isNotDone();
		Mono.from(lent.close()).block(LIMIT);
		assertThat(end).succeedsWithin(LIMIT);
		assertThatNobodyIsLeftAndNobodyWasAborted();
	}

	@Test
	void aContextThatIsStoppedOrPausedIsStartedAgain() {
		ConfigurableApplicationContext context = start(Nothing.class);
		context.stop();
		context.start();
		assertThat(answer(context)).isOne();
		context.pause();
		context.restart();
		assertThat(answer(context)).isOne();
		Connection lent = context.getBean(ConnectionPool.class).create().blockOptional(LIMIT).orElseThrow();
		context.pause();
		CompletableFuture<Void> end = CompletableFuture.runAsync(context::close);
		Awaitility.await().until(() -> context.isClosed() && context.getBean(ConnectionPool.class).isDisposed());
		assertThat(end).isNotDone();
		Mono.from(lent.close()).block(LIMIT);
		assertThat(end).succeedsWithin(LIMIT);
		assertThatNobodyIsLeftAndNobodyWasAborted();
	}

	@Test
	void aContextIsClosedOnceAndLeavesAnotherAlone(CapturedOutput output) {
		ConfigurableApplicationContext first = start(Nothing.class);
		ConfigurableApplicationContext second = start(Nothing.class);
		Connection lent = second.getBean(ConnectionPool.class).create().blockOptional(LIMIT).orElseThrow();
		first.close();
		first.close();
		assertThat(first.isActive()).isFalse();
		assertThat(answer(second)).isOne();
		Mono.from(lent.close()).block(LIMIT);
		second.getBean(ConnectionPool.class).dispose();
		second.close();
		assertThatNobodyIsLeftAndNobodyWasAborted();
		assertThat(output).doesNotContain("WARN ").doesNotContain("Waiting for");
	}

	private static ConfigurableApplicationContext start(Class<?> configuration, String... settings) {
		String[] common = { "async-mysql.username=leaver", "async-mysql.password=secret",
				"spring.docker.compose.enabled=false", "spring.flyway.enabled=false", "spring.sql.init.mode=never",
				"spring.main.register-shutdown-hook=false", "spring.jmx.enabled=false" };
		String[] all = Stream.of(MySqlServer.properties(), common).flatMap(Stream::of).toArray(String[]::new);
		return new SpringApplicationBuilder(LibraryApplication.class, configuration).web(WebApplicationType.NONE)
			.run(StartedApplication.arguments(all, settings));
	}

	private static Mono<Void> transaction(ConfigurableApplicationContext context, Mono<Void> pause) {
		DatabaseClient client = context.getBean(DatabaseClient.class);
		return client.sql("INSERT INTO left_over VALUES (1)")
			.then()
			.then(pause)
			.then(client.sql("INSERT INTO left_over VALUES (2)").then())
			.as(context.getBean(TransactionalOperator.class)::transactional);
	}

	private static Integer answer(ConfigurableApplicationContext context) {
		return context.getBean(DatabaseClient.class)
			.sql("SELECT 1")
			.mapValue(Integer.class)
			.one()
			.blockOptional(LIMIT)
			.orElseThrow();
	}

	// The last goodbye is sent when the context has been closed; the server hears it a
	// moment later.
	private void assertThatNobodyIsLeftAndNobodyWasAborted() {
		Awaitility.await().untilAsserted(() -> assertThat(processes()).isEmpty());
		assertThat(aborted()).isEqualTo(this.aborted);
	}

	private static List<String> processes() {
		return MySqlServer
			.execute("SELECT COALESCE(STATE, '') FROM information_schema.PROCESSLIST WHERE USER = 'leaver'");
	}

	private static int aborted() {
		return Integer.parseInt(MySqlServer.execute(
				"SELECT VARIABLE_VALUE FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Aborted_clients'")
			.get(0));
	}

	private static List<String> rows() {
		return MySqlServer.execute("SELECT id FROM left_over ORDER BY id");
	}

	private static List<String> rowsSeenDirty() {
		return MySqlServer.execute("SELECT trx_id FROM information_schema.innodb_trx WHERE trx_rows_modified > 0");
	}

	/** How connections are made. */
	enum Kind {

		POOLED(Nothing.class, "async-mysql.pool.enabled=true"),

		NOT_POOLED(Nothing.class, "async-mysql.pool.enabled=false"),

		CUSTOMIZED(Customized.class, "async-mysql.pool.enabled=true"),

		OBSERVED(Observed.class, "async-mysql.pool.enabled=true");

		private final Class<?> configuration;

		private final String setting;

		Kind(Class<?> configuration, String setting) {
			this.configuration = configuration;
			this.setting = setting;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Nothing {

	}

	@Configuration(proxyBeanMethods = false)
	static class Customized {

		@Bean
		PoolCustomizer customizer() {
			return new PoolCustomizer() {

				@Override
				public void customizeConfiguration(ConnectionPoolConfiguration.Builder configuration) {
					configuration.preRelease((connection) -> Mono.empty());
				}

			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Observed {

		@Bean
		TestObservationRegistry registry() {
			return TestObservationRegistry.create();
		}

	}

}
