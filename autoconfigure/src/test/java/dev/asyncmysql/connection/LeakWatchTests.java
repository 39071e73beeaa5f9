package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.LeakWatch.Lease;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.Statement;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.r2dbc.core.binding.BindMarkersFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willAnswer;
import static org.mockito.BDDMockito.willReturn;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;

/**
 * Tests for {@link LeakWatch} and the {@link CallSite} in its reports.
 */
@ExtendWith(OutputCaptureExtension.class)
class LeakWatchTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private static final Duration THRESHOLD = Duration.ofMinutes(1);

	private final LeakWatch watch = new LeakWatch(THRESHOLD, false, "c");

	private final Connection driver = mock();

	private Server server = server();

	private ConnectionPool pool = MySqlConnectionFactories.pooled(this.server, List.of());

	LeakWatchTests() {
		ConnectionMetadata metadata = mock();
		given(metadata.getDatabaseVersion()).willReturn("9.7.4");
		given(this.driver.getMetadata()).willReturn(metadata);
		given(this.driver.validate(any())).willAnswer((invocation) -> Mono.just(true));
		given(this.driver.close()).willAnswer((invocation) -> Mono.empty());
		given(this.driver.createStatement(any())).willAnswer((invocation) -> {
			Statement statement = mock();
			willReturn(Mono.never()).given(statement).execute();
			return statement;
		});
		given(this.driver.createBatch()).willAnswer((invocation) -> mock(Batch.class));
	}

	@AfterEach
	void close() {
		this.pool.dispose();
		this.server.dispose();
	}

	@Test
	void aConnectionIsReportedOnceWithItsLastStatement(CapturedOutput output) {
		Lease lease = this.watch.lent(42L);
		lease.note("SELECT 1");
		lease.note("SELECT *\n\tFROM book\r\nWHERE id = ?");
		for (int seconds : new int[] { 61, 62, 90 }) {
			this.watch.inspect(System.nanoTime() + Duration.ofSeconds(seconds).toNanos());
		}
		assertThat(output).containsOnlyOnce("WARN")
			.containsPattern("Connection 42 has been held for 61\\d{3} ms, longer than 60000 ms "
					+ "\\(c\\.pool\\.leak-detection-threshold\\)\\. Its last statement: SELECT \\* FROM book WHERE id = "
					+ "\\?\\. c\\.pool\\.leak-detection-call-site=true tells where it was taken\\. Close it in every case")
			.doesNotContain("SELECT 1");
		assertThat(this.watch.leaks()).isOne();
	}

	@Test
	void whatIsGivenBackInTimeIsNotReported(CapturedOutput output) {
		Lease lease = this.watch.lent(1L);
		this.watch.inspect(System.nanoTime() + Duration.ofSeconds(59).toNanos());
		this.watch.returned(lease);
		this.watch.inspect(System.nanoTime() + Duration.ofSeconds(61).toNanos());
		assertThat(output).doesNotContain("Connection 1 has been held").doesNotContain("Connection 1 that had been");
		assertThat(this.watch.leaks()).isZero();
	}

	@Test
	void theReturnOfWhatWasReportedIsTold(CapturedOutput output) {
		Lease lease = this.watch.lent(null);
		this.watch.inspect(System.nanoTime() + Duration.ofSeconds(61).toNanos());
		assertThat(output).contains("A connection has been held").contains("No statement was made on it");
		this.watch.returned(lease);
		this.watch.returned(lease);
		assertThat(output)
			.containsOnlyOnce("A connection that had been reported as held for too long was given back after ");
		assertThat(this.watch.leaks()).isOne();
	}

	@Test
	void aLongStatementIsCut(CapturedOutput output) {
		this.watch.lent(1L).note("x".repeat(500) + "yz");
		this.watch.inspect(System.nanoTime() + Duration.ofSeconds(61).toNanos());
		assertThat(output).contains("x".repeat(500) + "…").doesNotContain("yz");
	}

	@Test
	void whatIsReturnedWhileItIsInspectedIsToldConsistently(CapturedOutput output) throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(2);
		CyclicBarrier start = new CyclicBarrier(2);
		int rounds = 3_000;
		for (int i = 0; i < rounds; i++) {
			Lease lease = this.watch.lent((long) i);
			List<Runnable> both = List.of(() -> this.watch.returned(lease),
					() -> this.watch.inspect(System.nanoTime() + Duration.ofSeconds(61).toNanos()));
			List<Future<Object>> futures = both.stream().map((each) -> threads.<Object>submit(() -> {
				start.await(10, TimeUnit.SECONDS);
				each.run();
				return "done";
			})).toList();
			for (Future<Object> future : futures) {
				future.get(10, TimeUnit.SECONDS);
			}
		}
		threads.shutdown();
		assertThat(this.watch.leaks()).isLessThanOrEqualTo(rounds);
		String all = output.getAll();
		assertThat(all.split("Connection \\d+ has been held for ", -1).length - 1L).isEqualTo(this.watch.leaks());
		assertThat(all.split("Connection \\d+ that had been ", -1).length - 1L).isEqualTo(this.watch.leaks());
	}

	@Test
	void withoutAThresholdNothingIsWatched() {
		assertThat(this.server.leakWatch()).isNull();
		Connection pooled = mock();
		Batch batch = mock();
		given(pooled.createBatch()).willReturn(batch);
		assertThat(new LentConnection(pooled, null, new ConnectionListeners()).createBatch()).isSameAs(batch);
		assertThat(this.server.leaks()).isZero();
	}

	@Test
	void thePoolReportsAndCounts(CapturedOutput output) {
		start("leak-detection-threshold=500ms");
		LentConnection lent = lend();
		lent.createStatement("SELECT 'secret' FROM held WHERE id = 4711");
		Awaitility.await().until(() -> this.server.leaks() == 1);
		assertThat(output).containsPattern("WARN.*has been held for .*longer than 500 ms.*Its last statement: "
				+ "SELECT \\? FROM held WHERE id = \\?\\.");
		lent.close().block(LIMIT);
		assertThat(output).contains("was given back after");
		Awaitility.await()
			.during(Duration.ofMillis(700))
			.atMost(LIMIT)
			.untilAsserted(() -> assertThat(this.server.leaks()).isOne());
	}

	@Test
	void aClosedPoolReportsNothing() {
		start("leak-detection-threshold=1s");
		lend();
		this.pool.dispose();
		Awaitility.await()
			.during(Duration.ofMillis(1_500))
			.atMost(LIMIT)
			.untilAsserted(() -> assertThat(this.server.leaks()).isZero());
	}

	@Test
	void theTextsOfABatchAreNoted(CapturedOutput output) {
		start("leak-detection-threshold=500ms");
		Batch batch = lend().createBatch();
		assertThat(batch.add("INSERT a").add("INSERT b")).isSameAs(batch);
		batch.execute();
		Awaitility.await().until(() -> this.server.leaks() == 1);
		assertThat(output).contains("Its last statement: INSERT b.");
	}

	@Test
	void theCallSiteIsTheCodeThatCalled(CapturedOutput output) {
		start("leak-detection-threshold=50ms", "leak-detection-call-site=true");
		borrow().block(LIMIT);
		Awaitility.await().until(() -> this.server.leaks() == 1);
		assertThat(output).containsPattern(
				"It was taken at dev\\.asyncmysql\\.connection\\.LeakWatchTests\\.borrow\\(LeakWatchTests\\.java:\\d+\\) < "
						+ "dev\\.asyncmysql\\.connection\\.LeakWatchTests\\.theCallSiteIsTheCodeThatCalled")
			.doesNotContain("CallSite.")
			.doesNotContain("GuardedPool.");
	}

	@Test
	void checkpointsTellWhereAnOperatorCalls(CapturedOutput output) {
		start("leak-detection-threshold=500ms", "leak-detection-call-site=true");
		DatabaseClient client = DatabaseClient.builder()
			.connectionFactory(this.pool)
			.bindMarkers(BindMarkersFactory.anonymous("?"))
			.build();
		client.sql("SELECT 'slow'")
			.fetch()
			.rowsUpdated()
			.checkpoint("Handler BookController#find [DispatcherHandler]")
			.subscribeOn(Schedulers.parallel())
			.checkpoint("HTTP GET \"/book\"")
			.subscribe();
		Awaitility.await().until(() -> this.server.leaks() == 1);
		assertThat(output).contains("Its last statement: SELECT ?.")
			.contains(
					"checkpoint(\"Handler BookController#find [DispatcherHandler]\"), checkpoint(\"HTTP GET \"/book\"\")")
			.doesNotContain("taken at");
	}

	@Test
	void withoutEitherTheThreadIsTold(CapturedOutput output) {
		start("leak-detection-threshold=50ms", "leak-detection-call-site=true");
		Mono.defer(this.pool::create).subscribeOn(Schedulers.newSingle("borrower", true)).block(LIMIT);
		Awaitility.await().until(() -> this.server.leaks() == 1);
		assertThat(output)
			.containsPattern("It was taken on thread borrower-\\d+, by operators without a checkpoint\\(\\)");
	}

	@Test
	void aNotedBatchRunsTheDrivers() {
		Connection pooled = mock();
		Batch batch = mock();
		given(pooled.createBatch()).willReturn(batch);
		willReturn(Mono.empty()).given(batch).execute();
		Mono.from(new LentConnection(pooled, this.watch, new ConnectionListeners()).createBatch()
			.add("INSERT 1")
			.execute()).block(LIMIT);
		verify(batch).add("INSERT 1");
		verify(batch).execute();
	}

	private Mono<? extends Connection> borrow() {
		return this.pool.create();
	}

	private LentConnection lend() {
		return (LentConnection) this.pool.create().blockOptional(LIMIT).orElseThrow();
	}

	private void start(String... settings) {
		close();
		this.server = server(settings);
		this.pool = MySqlConnectionFactories.pooled(this.server, List.of());
	}

	private Server server(String... settings) {
		Map<String, String> map = new HashMap<>(Map.of("c.pool.min-idle", "0"));
		for (String setting : settings) {
			String[] parts = setting.split("=");
			map.put("c.pool." + parts[0], parts[1]);
		}
		ConnectionFactory factory = mock();
		willAnswer((invocation) -> Mono.just(this.driver)).given(factory).create();
		return new Server(
				new Binder(new MapConfigurationPropertySource(map)).bindOrCreate("c", ConnectionSettings.class),
				factory, "c");
	}

}
