package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.InvalidSettingsException;
import dev.asyncmysql.PoolCustomizer;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.pool.PoolMetrics;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.pool.PoolBuilder;
import reactor.pool.PoolConfig;
import reactor.test.StepVerifier;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willAnswer;
import static org.mockito.BDDMockito.willThrow;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.withSettings;

/**
 * Tests for {@link GuardedPool} on connections that do what each test needs.
 */
class GuardedPoolTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private final List<StubConnection> opened = new CopyOnWriteArrayList<>();

	private Publisher<Connection> next = Mono.fromSupplier(this::open);

	private ConnectionPool pool = pool();

	@AfterEach
	void close() {
		this.pool.dispose();
	}

	@Test
	void aCallerWaitsNoLongerThanTheAcquireLimitWhateverTheRetries() {
		this.pool = pool("max-size=1", "max-acquire-time=1s", "acquire-retry=9");
		this.pool.create().block(LIMIT);
		Duration waited = StepVerifier.create(this.pool.create())
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(R2dbcTimeoutException.class)
				.hasMessage("No connection within 1000 ms (async-mysql.pool.max-acquire-time): 1 of 1 connections are "
						+ "in use, 0 callers wait. Find what holds connections for long, or raise "
						+ "async-mysql.pool.max-size"))
			.verify(LIMIT);
		assertThat(waited).isBetween(Duration.ofMillis(990), Duration.ofSeconds(4));
	}

	@Test
	void aServerThatDoesNotAnswerCostsTheAcquireLimitOnce() {
		this.next = Mono.never();
		this.pool = pool("max-acquire-time=500ms", "acquire-retry=9", "max-create-connection-time=5s");
		Duration waited = StepVerifier.create(this.pool.create())
			.expectError(R2dbcTimeoutException.class)
			.verify(LIMIT);
		assertThat(waited).isLessThan(Duration.ofSeconds(4));
	}

	@Test
	void aServerThatDoesNotAnswerGivesThePermitBackAfterTheCreateLimit() {
		AtomicInteger attempts = new AtomicInteger();
		this.next = Mono.defer(() -> (attempts.incrementAndGet() == 1) ? Mono.never() : Mono.just(open()));
		this.pool = pool("max-size=1", "max-create-connection-time=200ms", "max-acquire-time=5s");
		StepVerifier.create(this.pool.create()).expectNextCount(1).expectComplete().verify(LIMIT);
		assertThat(attempts).hasValue(2);
	}

	@Test
	void aCallerIsToldWhyNoConnectionCouldBeOpened() {
		this.next = Mono.never();
		this.pool = pool("max-create-connection-time=100ms", "acquire-retry=0");
		StepVerifier.create(this.pool.create())
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(R2dbcTimeoutException.class)
				.hasMessage("The server did not let a connection in within 100 ms "
						+ "(async-mysql.pool.max-create-connection-time)"))
			.verify(LIMIT);
		this.pool = pool("max-create-connection-time=300ms", "max-acquire-time=500ms", "acquire-retry=9");
		StepVerifier.create(this.pool.create())
			.expectErrorSatisfies((ex) -> assertThat(ex).hasMessageContaining("No connection within 500 ms")
				.hasMessageContaining("The last attempt to open one failed: The server did not let a connection in"))
			.verify(LIMIT);
	}

	@Test
	void aRefusedLoginIsNotTriedAgain() {
		AtomicInteger attempts = new AtomicInteger();
		this.next = Mono.defer(() -> {
			attempts.incrementAndGet();
			return Mono.error(new R2dbcPermissionDeniedException("Access denied"));
		});
		this.pool = pool("acquire-retry=5");
		StepVerifier.create(this.pool.create()).expectErrorMessage("Access denied").verify(LIMIT);
		assertThat(attempts).hasValue(1);
	}

	@Test
	void anotherFailureIsTriedAgainAsOftenAsSaid() {
		AtomicInteger attempts = new AtomicInteger();
		this.next = Mono.defer(() -> {
			attempts.incrementAndGet();
			return Mono.error(new R2dbcNonTransientResourceException("refused"));
		});
		this.pool = pool("acquire-retry=3");
		StepVerifier.create(this.pool.create()).expectErrorMessage("refused").verify(LIMIT);
		assertThat(attempts).hasValue(4);
	}

	@Test
	void aCallerTooManyFailsAtOnce() {
		this.pool = pool("max-size=1", "max-pending-acquire=2", "max-acquire-time=5s");
		this.pool.create().block(LIMIT);
		this.pool.create().onErrorComplete().subscribe();
		this.pool.create().onErrorComplete().subscribe();
		Duration waited = StepVerifier.create(this.pool.create())
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(R2dbcTransientResourceException.class)
				.hasMessageContaining("async-mysql.pool.max-pending-acquire")
				.hasMessageContaining("2 callers wait"))
			.verify(LIMIT);
		assertThat(waited).isLessThan(Duration.ofSeconds(2));
	}

	@Test
	void aCallerThatAsksAgainTakesOneConnection() {
		this.pool = pool("max-size=2");
		Flux.range(0, 4).flatMap((index) -> this.pool.create(), 2, 1).flatMap(Connection::close).blockLast(LIMIT);
		assertThat(this.opened).hasSizeLessThanOrEqualTo(2);
		assertThat(this.pool.getMetrics().orElseThrow().acquiredSize()).isZero();
		assertThat(this.pool.getMetrics().orElseThrow().pendingAcquireSize()).isZero();
	}

	@Test
	void deadConnectionsAreNeverLent() {
		this.pool = pool("max-size=5", "initial-size=5", "acquire-retry=0");
		this.pool.warmup().block(LIMIT);
		this.opened.forEach((connection) -> connection.open = false);
		List<Connection> lent = Flux.range(0, 5).flatMap((index) -> this.pool.create()).collectList().block(LIMIT);
		assertThat(lent).hasSize(5);
		assertThat(this.opened).hasSize(10);
		Awaitility.await()
			.untilAsserted(() -> this.opened.subList(0, 5).forEach((connection) -> verify(connection.mock).close()));
	}

	@Test
	void aCheckThatFailsEndsItsConnectionAndNotThePool() {
		this.pool = pool("max-size=2", "acquire-retry=0", "background-eviction-interval=30ms");
		for (Publisher<Boolean> answer : List.<Publisher<Boolean>>of(Mono.error(new IllegalStateException("broken")),
				Mono.empty())) {
			Connection lent = this.pool.create().block(LIMIT);
			StubConnection last = this.opened.get(this.opened.size() - 1);
			willAnswer((invocation) -> answer).given(last.mock).validate(any());
			Mono.from(lent.close()).block(LIMIT);
			Awaitility.await().untilAsserted(() -> verify(last.mock).close());
		}
		Connection lent = this.pool.create().block(LIMIT);
		StubConnection last = this.opened.get(this.opened.size() - 1);
		willThrow(new IllegalStateException("thrown")).given(last.mock).validate(any());
		Mono.from(lent.close()).block(LIMIT);
		Awaitility.await().untilAsserted(() -> verify(last.mock).close());
		StepVerifier.create(this.pool.create()).expectNextCount(1).expectComplete().verify(LIMIT);
	}

	@Test
	void aDriversStepBeforeTheReleaseIsDoneOnceHoweverDeepItIs() {
		for (boolean hidden : new boolean[] { true, false }) {
			AtomicInteger released = new AtomicInteger();
			Connection driver = mock(Connection.class, withSettings().extraInterfaces(Lifecycle.class));
			given(driver.validate(any())).willAnswer((invocation) -> Mono.just(true));
			given(driver.close()).willAnswer((invocation) -> Mono.empty());
			given(((Lifecycle) driver).postAllocate()).willAnswer((invocation) -> Mono.empty());
			given(((Lifecycle) driver).preRelease())
				.willAnswer((invocation) -> Mono.fromRunnable(released::incrementAndGet));
			Connection wrapper = mock(Connection.class, withSettings().extraInterfaces(Wrapped.class));
			given(wrapper.validate(any())).willAnswer((invocation) -> Mono.just(true));
			given(wrapper.close()).willAnswer((invocation) -> Mono.empty());
			given(((Wrapped<?>) wrapper).unwrap()).willAnswer((invocation) -> driver);
			ConnectionMetadata metadata = metadata();
			given(driver.getMetadata()).willReturn(metadata);
			given(wrapper.getMetadata()).willReturn(metadata);
			this.next = Mono.just(hidden ? wrapper : driver);
			ConnectionPool each = pool();
			Mono.usingWhen(each.create(), Mono::just, Connection::close).block(LIMIT);
			assertThat(released).hasValue(1);
			each.dispose();
		}
	}

	@Test
	void reuseOrder() {
		this.pool = pool("max-size=2", "initial-size=2");
		assertThat(isFirstReturnedLentAgain()).isFalse();
		this.pool.dispose();
		this.opened.clear();
		this.pool = pool("max-size=2", "initial-size=2", "reuse-order=LEAST_RECENTLY_USED");
		assertThat(isFirstReturnedLentAgain()).isTrue();
	}

	private boolean isFirstReturnedLentAgain() {
		List<Connection> lent = Flux.range(0, 2).concatMap((index) -> this.pool.create()).collectList().block(LIMIT);
		assertThat(lent).hasSize(2);
		Object first = ((Wrapped<?>) lent.get(0)).unwrap();
		lent.forEach((connection) -> Mono.from(connection.close()).block(LIMIT));
		return ((Wrapped<?>) this.pool.create().blockOptional(LIMIT).orElseThrow()).unwrap() == first;
	}

	@Test
	void aSecondPoolOfTheSameNameInJmxIsRefused() {
		this.pool = pool("register-jmx=true", "name=twin");
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> pool("register-jmx=true", "name=twin"))
			.withMessageContaining("async-mysql.pool.name: a pool named 'twin'");
	}

	@Test
	void aConnectionThatDiesWhileLentIsNotKept() {
		this.pool = pool("max-size=1");
		Connection lent = this.pool.create().block(LIMIT);
		this.opened.get(0).open = false;
		Mono.from(lent.close()).block(LIMIT);
		this.pool.create().block(LIMIT);
		assertThat(this.opened).hasSize(2);
	}

	@Test
	void aConnectionThatComesAfterItsCallerHasGoneIsKept() {
		this.next = Mono.fromSupplier(this::open).delayElement(Duration.ofMillis(200)).cast(Connection.class);
		this.pool = pool("max-size=1", "max-acquire-time=100ms", "max-create-connection-time=5s", "acquire-retry=0");
		StepVerifier.create(this.pool.create()).expectError(R2dbcTimeoutException.class).verify(LIMIT);
		Awaitility.await()
			.untilAsserted(() -> assertThat(metrics()).extracting(PoolMetrics::acquiredSize, PoolMetrics::idleSize)
				.containsExactly(0, 1));
		StepVerifier.create(this.pool.create()).expectNextCount(1).expectComplete().verify(LIMIT);
		assertThat(this.opened).hasSize(1);
	}

	@Test
	void callersThatGiveUpAtAnyMomentLoseNoConnection() {
		this.next = Mono.fromSupplier(this::open).delayElement(Duration.ofMillis(1)).cast(Connection.class);
		this.pool = pool("max-size=4", "max-acquire-time=3ms", "acquire-retry=1", "max-validation-time=1ms");
		Flux.range(0, 4_000)
			.flatMap((index) -> Mono
				.usingWhen(this.pool.create(), (connection) -> Mono.delay(Duration.ofNanos((index % 7) * 300_000L)),
						Connection::close)
				.timeout(Duration.ofNanos(200_000L * (1 + index % 23)), Mono.empty())
				.onErrorResume(R2dbcTimeoutException.class, (ex) -> Mono.empty()), 24)
			.blockLast(Duration.ofSeconds(60));
		Awaitility.await().untilAsserted(() -> assertThat(metrics().acquiredSize()).isZero());
		List<Connection> lent = Flux.range(0, 4)
			.flatMap((index) -> this.pool.create().retry(50))
			.collectList()
			.block(LIMIT);
		assertThat(lent).hasSize(4);
	}

	@Test
	void warmUpOpensTheInitialConnections() {
		this.pool = pool("max-size=8", "initial-size=6", "min-idle=2", "warmup-parallelism=3");
		StepVerifier.create(this.pool.warmup()).expectNext(6).expectComplete().verify(LIMIT);
		assertThat(this.opened).hasSize(6);
		Awaitility.await().untilAsserted(() -> assertThat(metrics().idleSize()).isEqualTo(6));
	}

	@Test
	void warmUpCountsWhatItOpens() {
		this.pool = pool("max-size=8", "initial-size=6");
		Mono<Integer> warmup = this.pool.warmup();
		Mono.from(this.pool.create().blockOptional(LIMIT).orElseThrow().close()).block(LIMIT);
		StepVerifier.create(warmup).expectNext(5).expectComplete().verify(LIMIT);
		StepVerifier.create(warmup).expectNext(0).expectComplete().verify(LIMIT);
		assertThat(this.opened).hasSize(6);
	}

	@Test
	void warmUpThatFailsReturnsWhatItOpened() {
		AtomicInteger attempts = new AtomicInteger();
		this.next = Mono.defer(() -> (attempts.incrementAndGet() <= 2) ? Mono.just(open())
				: Mono.error(new R2dbcNonTransientResourceException("no more")));
		this.pool = pool("max-size=4", "initial-size=4", "warmup-parallelism=1", "min-idle=0", "acquire-retry=0");
		StepVerifier.create(this.pool.warmup()).expectErrorMessage("no more").verify(LIMIT);
		Awaitility.await().untilAsserted(() -> assertThat(metrics().acquiredSize()).isZero());
	}

	@Test
	void theIdleMinimumIsRestoredAfterEviction() {
		this.pool = pool("min-idle=2", "initial-size=2", "max-idle-time=50ms", "background-eviction-interval=60ms");
		this.pool.warmup().block(LIMIT);
		Awaitility.await().untilAsserted(() -> assertThat(this.opened).hasSizeGreaterThanOrEqualTo(6));
		Awaitility.await().untilAsserted(() -> assertThat(metrics().idleSize()).isEqualTo(2));
	}

	@Test
	void theIdleMinimumIsReachedOnceAServerThatWasAwayIsBack() {
		this.next = Mono.error(new R2dbcNonTransientResourceException("away"));
		this.pool = pool("min-idle=2", "background-eviction-interval=50ms", "acquire-retry=0");
		StepVerifier.create(this.pool.create()).expectErrorMessage("away").verify(LIMIT);
		this.next = Mono.fromSupplier(this::open);
		Awaitility.await().untilAsserted(() -> assertThat(metrics().idleSize()).isEqualTo(2));
	}

	@Test
	void connectionsOpenedTogetherDoNotEndTogether() {
		Eviction eviction = new Eviction(Duration.ofMinutes(3), Duration.ofMinutes(30), 0.1);
		List<Connection> connections = IntStream.range(0, 200).mapToObj((index) -> new StubConnection().mock).toList();
		long gone = connections.stream()
			.filter((connection) -> eviction.isOver(connection, 0, Duration.ofSeconds(28 * 60 + 30).toMillis()))
			.count();
		assertThat(gone).isBetween(40L, 160L);
		assertThat(connections)
			.noneMatch((connection) -> eviction.isOver(connection, 0, Duration.ofMinutes(26).toMillis()));
		assertThat(connections)
			.allMatch((connection) -> eviction.isOver(connection, 0, Duration.ofMinutes(30).toMillis()));
	}

	@Test
	void negativeTimesMeanNoLimitOfIdleAndLifeTime() {
		Eviction eviction = new Eviction(Duration.ofMillis(-1), Duration.ofMillis(-1), 0.5);
		long millis = Duration.ofDays(4000).toMillis();
		assertThat(eviction.isOver(new StubConnection().mock, millis, millis)).isFalse();
	}

	@Test
	void closingIsBoundedInTime() {
		this.pool = pool("max-size=1", "initial-size=1", "max-close-time=200ms");
		this.pool.warmup().block(LIMIT);
		given(this.opened.get(0).mock.close()).willReturn(Mono.never());
		long start = System.nanoTime();
		this.pool.dispose();
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
	}

	@Test
	void aClosedPoolSaysSo() {
		this.pool.dispose();
		StepVerifier.create(this.pool.create())
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(R2dbcNonTransientResourceException.class)
				.hasMessage("The connection pool is closed: the application is stopping"))
			.verify(LIMIT);
	}

	@Test
	void customizersReachBothBuildersAndKeepOurLimits() {
		AtomicInteger allocated = new AtomicInteger();
		PoolCustomizer customizer = new PoolCustomizer() {

			@Override
			public void customizeConfiguration(ConnectionPoolConfiguration.Builder configuration) {
				configuration.customizer((builder) -> {
					throw new IllegalStateException("takes the place of the limits");
				});
				configuration.postAllocate((connection) -> Mono.fromRunnable(allocated::incrementAndGet));
			}

			@Override
			public void customizePoolBuilder(
					PoolBuilder<Connection, ? extends PoolConfig<? extends Connection>> builder) {
				builder.maxPendingAcquire(7);
			}

		};
		this.pool = GuardedPool.create(server("max-size=3"), List.of(customizer));
		this.pool.create().block(LIMIT);
		assertThat(allocated).hasValue(1);
		assertThat(metrics().getMaxPendingAcquireSize()).isEqualTo(7);
		assertThat(metrics().getMaxAllocatedSize()).isEqualTo(3);
	}

	@Test
	void remoteValidationAsksTheServer() {
		this.pool = pool("validation-depth=REMOTE");
		this.pool.create().block(LIMIT);
		verify(this.opened.get(0).mock).validate(ValidationDepth.REMOTE);
	}

	@Test
	void localValidationDoesNot() {
		this.pool = pool();
		this.pool.create().block(LIMIT);
		verify(this.opened.get(0).mock, never()).validate(ValidationDepth.REMOTE);
	}

	@Test
	void aServerThatDoesNotAnswerAValidationIsLeftWithinTheAcquireLimit() {
		this.pool = pool("max-size=1", "validation-depth=REMOTE", "max-acquire-time=2s", "max-validation-time=30s");
		Connection first = this.pool.create().block(LIMIT);
		Mono.from(first.close()).block(LIMIT);
		given(this.opened.get(0).mock.validate(ValidationDepth.REMOTE)).willReturn(Mono.never());
		this.pool.create().block(LIMIT);
		assertThat(this.opened).hasSize(2);
	}

	private PoolMetrics metrics() {
		return this.pool.getMetrics().orElseThrow();
	}

	private static ConnectionMetadata metadata() {
		ConnectionMetadata metadata = mock();
		given(metadata.getDatabaseVersion()).willReturn("9.7.4");
		return metadata;
	}

	private ConnectionPool pool(String... settings) {
		return GuardedPool.create(server(settings), List.of());
	}

	private Server server(String... settings) {
		Map<String, String> map = new HashMap<>();
		for (String setting : settings) {
			String[] parts = setting.split("=");
			map.put("async-mysql.pool." + parts[0], parts[1]);
		}
		return new Server(new Binder(new MapConfigurationPropertySource(map)).bindOrCreate("async-mysql",
				ConnectionSettings.class), factory(), "async-mysql");
	}

	private ConnectionFactory factory() {
		ConnectionFactory factory = mock();
		willAnswer((invocation) -> Mono.defer(() -> Mono.from(this.next))).given(factory).create();
		return factory;
	}

	private Connection open() {
		StubConnection connection = new StubConnection();
		this.opened.add(connection);
		return connection.mock;
	}

	private static final class StubConnection {

		private volatile boolean open = true;

		private final Connection mock = mock();

		StubConnection() {
			ConnectionMetadata metadata = metadata();
			given(this.mock.getMetadata()).willReturn(metadata);
			given(this.mock.isAutoCommit()).willReturn(true);
			given(this.mock.close()).willReturn(Mono.empty());
			willAnswer((invocation) -> Mono.fromSupplier(() -> this.open)).given(this.mock).validate(any());
		}

	}

}
