package dev.asyncmysql.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import io.micrometer.tracing.exporter.FinishedSpan;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.test.simple.SimpleTracer;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.proxy.observation.QueryContext;
import io.r2dbc.proxy.observation.QueryObservationConvention;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcProxyAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.observation.R2dbcObservationAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Statements on a real MySQL as metrics and traces have them.
 */
@RequiresMySql
@ExtendWith(OutputCaptureExtension.class)
class StatementObservationIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final SimpleTracer tracer = new SimpleTracer();

	private final MeterRegistry meters = new SimpleMeterRegistry();

	private final ObservationRegistry observations = ObservationRegistry.create();

	private final ApplicationContextRunner contexts;

	StatementObservationIT() {
		this.observations.observationConfig()
			.observationHandler(new DefaultMeterObservationHandler(this.meters))
			.observationHandler(new DefaultTracingObservationHandler(this.tracer));
		this.contexts = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
					R2dbcProxyAutoConfiguration.class, R2dbcObservationAutoConfiguration.class,
					StatementObservationAutoConfiguration.class, SlowQueryAutoConfiguration.class))
			.withBean(ObservationRegistry.class, () -> this.observations)
			.withPropertyValues(MySqlServer.properties())
			.withPropertyValues("async-mysql.pool.max-size=1", "async-mysql.database=mysql");
	}

	@Test
	void metricsTellOperationAndServer() {
		this.contexts.run((context) -> {
			StepVerifier.create(context.getBean(DatabaseClient.class).sql("SELECT user FROM user").fetch().all().then())
				.expectComplete()
				.verify(LIMIT);
			Timer timer = this.meters.get("r2dbc.query")
				.tag("db.system.name", "mysql")
				.tag("db.namespace", "mysql")
				.tag("db.operation.name", "SELECT")
				.tag("server.address", MySqlServer.container().getHost())
				.tag("server.port", String.valueOf(MySqlServer.container().getMappedPort(3306)))
				.tag("error", "none")
				.timer();
			assertThat(timer.count()).isEqualTo(1);
			assertThat(timer.getId().getTags()).noneMatch((tag) -> tag.getKey().startsWith("db.query."));
		});
	}

	@Test
	void aSpanTellsTablesErrorAndWait() {
		this.contexts.run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			Mono<Void> slow = client.sql("SELECT SLEEP(0.3), user FROM user LIMIT 1").fetch().all().then();
			Mono<Void> wrong = client.sql("SELECT nothing FROM user").fetch().all().then();
			StepVerifier.create(Flux.mergeDelayError(2, slow, wrong)).expectError().verify(LIMIT);
			assertThat(spans()).hasSize(2).allSatisfy((span) -> {
				assertThat(span.getName()).isEqualTo("SELECT user");
				assertThat(span.getTags()).containsEntry("db.query.summary", "SELECT user")
					.containsEntry("db.system.name", "mysql");
			});
			Map<String, String> first = spans().get(0).getTags();
			assertThat(first).doesNotContainKey("db.response.status_code");
			assertThat(Double.parseDouble(first.get("asyncmysql.connection.wait"))).isBetween(0.0, 5.0);
			Map<String, String> second = spans().get(1).getTags();
			assertThat(second).containsEntry("db.response.status_code", "1054");
			assertThat(Double.parseDouble(second.get("asyncmysql.connection.wait"))).isBetween(0.3, 5.0);
		});
	}

	/**
	 * On the way are a wait for the only connection, a transaction and a change of
	 * threads.
	 */
	@Test
	void aTraceStaysWholeAcrossThreads(CapturedOutput output) {
		this.contexts
			.withPropertyValues("async-mysql.slow-query.threshold=0s", "async-mysql.slow-query.max-per-minute=1000")
			.run((context) -> {
				DatabaseClient client = context.getBean(DatabaseClient.class);
				TransactionalOperator transactions = TransactionalOperator
					.create(new R2dbcTransactionManager(context.getBean(ConnectionPool.class)));
				List<Observation> requests = Flux.range(0, 20)
					.flatMap((i) -> request(i, client, transactions))
					.collectList()
					.blockOptional(LIMIT)
					.orElseThrow();
				for (Observation request : requests) {
					FinishedSpan parent = span(Objects.requireNonNull(request.getContext().getContextualName()));
					assertThat(
							spans().stream().filter((span) -> Objects.equals(span.getParentId(), parent.getSpanId())))
						.hasSize(2)
						.allSatisfy((span) -> {
							assertThat(span.getTraceId()).isEqualTo(parent.getTraceId());
							assertThat(span.getTags()).containsEntry("r2dbc.query[0]",
									"SELECT '" + parent.getName() + "' FROM user LIMIT 1");
						});
					assertThat(output).contains("trace " + parent.getTraceId() + ": COMMIT");
				}
				assertThat(spans()).hasSize(60);
			});
	}

	private Mono<Observation> request(int number, DatabaseClient client, TransactionalOperator transactions) {
		String name = "request " + number;
		Observation request = Observation.createNotStarted(name, this.observations).contextualName(name).start();
		Mono<Void> statement = client.sql("SELECT '" + name + "' FROM user LIMIT 1").fetch().all().then();
		return statement.publishOn(Schedulers.parallel())
			.then(statement)
			.as(transactions::transactional)
			.subscribeOn(Schedulers.boundedElastic())
			.contextWrite((context) -> context.put(ObservationThreadLocalAccessor.KEY, request))
			.doOnTerminate(request::stop)
			.thenReturn(request);
	}

	@Test
	void whatTheStarterAsksForItselfIsNotObserved() {
		this.contexts.withPropertyValues("async-mysql.pool.min-idle=1").run((context) -> {
			StepVerifier.create(context.getBean(ConnectionPool.class).create().flatMapMany((lent) -> lent.close()))
				.expectComplete()
				.verify(LIMIT);
			assertThat(spans()).isEmpty();
		});
	}

	@Test
	void aConventionOfTheApplicationNamesSpans() {
		this.contexts.withBean(QueryObservationConvention.class, OwnConvention::new).run((context) -> {
			assertThat(statement(context)).isEqualTo(1L);
			assertThat(spans()).singleElement().satisfies((span) -> {
				assertThat(span.getName()).isEqualTo("own");
				assertThat(span.getTags()).containsEntry("db.query.summary", "SELECT");
			});
		});
	}

	private static Object statement(ApplicationContext context) {
		return context.getBean(DatabaseClient.class)
			.sql("SELECT 1")
			.map((row) -> Objects.requireNonNull(row.get(0, Long.class)))
			.one()
			.blockOptional(LIMIT)
			.orElseThrow();
	}

	private List<? extends FinishedSpan> spans() {
		return this.tracer.getSpans().stream().filter((span) -> span.getEndTimestamp().toEpochMilli() > 0).toList();
	}

	private FinishedSpan span(String name) {
		return spans().stream().filter((span) -> name.equals(span.getName())).findFirst().orElseThrow();
	}

	/**
	 * An application's own convention.
	 */
	private static final class OwnConvention implements QueryObservationConvention {

		@Override
		public String getContextualName(QueryContext context) {
			return "own";
		}

	}

}
