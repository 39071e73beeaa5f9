package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.PoolCustomizer;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Wrapped;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.util.context.ContextView;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willAnswer;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link Handover}, most of them in a pool.
 */
class HandoverTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private final Connection driver = mock();

	private ConnectionPool pool = pool(Mono.empty());

	@BeforeEach
	void driver() {
		ConnectionMetadata metadata = mock();
		given(metadata.getDatabaseVersion()).willReturn("9.7.4");
		given(this.driver.getMetadata()).willReturn(metadata);
		given(this.driver.isAutoCommit()).willReturn(true);
		given(this.driver.validate(any())).willAnswer((invocation) -> Mono.just(true));
		given(this.driver.close()).willAnswer((invocation) -> Mono.empty());
	}

	@AfterEach
	void close() {
		this.pool.dispose();
	}

	@Test
	void aConnectionStaysWithItsCallerWhoCancelsAfterTheHandover() {
		AtomicReference<Connection> lent = new AtomicReference<>();
		Disposable caller = this.pool.create().flatMap((connection) -> {
			lent.set(connection);
			return Mono.never();
		}).subscribe();
		Awaitility.await().until(() -> lent.get() != null);
		caller.dispose();
		assertThat(acquired()).isOne();
		assertThat(guarded(lent.get()).isGivenBack()).isFalse();
		Mono.from(lent.get().close()).block(LIMIT);
		assertThat(acquired()).isZero();
	}

	@Test
	void anOperatorThatCancelsAsItTakesTheFirstKeepsItsConnection() {
		Connection lent = Flux.from(this.pool.create()).next().block(LIMIT);
		assertThat(lent).isNotNull();
		assertThat(acquired()).isOne();
		Mono.from(lent.close()).block(LIMIT);
		assertThat(acquired()).isZero();
	}

	@Test
	void aConnectionThatIsMadeReadyIsLentToNobodyElseMeanwhile() {
		Sinks.Empty<Void> step = Sinks.empty();
		this.pool = pool(step.asMono());
		Disposable caller = this.pool.create().subscribe();
		Awaitility.await().until(() -> acquired() == 1);
		caller.dispose();
		assertThat(acquired()).isOne();
		step.tryEmitEmpty();
		assertThat(acquired()).isZero();
		assertThat(lend()).isNotNull();
	}

	@Test
	void aConnectionThatIsReadyAfterTheLimitIsKept() {
		Sinks.Empty<Void> step = Sinks.empty();
		this.pool = pool(step.asMono());
		StepVerifier.create(this.pool.create()).expectError(R2dbcTimeoutException.class).verify(LIMIT);
		step.tryEmitEmpty();
		assertThat(acquired()).isZero();
		assertThat(lend()).isNotNull();
	}

	@Test
	void aStepThatNeverEndsKeepsNoConnection() {
		this.pool = pool(Mono.never());
		Disposable caller = this.pool.create().subscribe();
		Awaitility.await().until(() -> acquired() == 1);
		caller.dispose();
		assertThat(acquired()).isOne();
		Awaitility.await().untilAsserted(() -> assertThat(acquired()).isZero());
	}

	@Test
	void aCallerInTheQueueLeavesIt() {
		Connection lent = lend();
		Disposable waiting = this.pool.create().subscribe();
		assertThat(this.pool.getMetrics().orElseThrow().pendingAcquireSize()).isOne();
		waiting.dispose();
		assertThat(this.pool.getMetrics().orElseThrow().pendingAcquireSize()).isZero();
		Mono.from(lent.close()).block(LIMIT);
		assertThat(acquired()).isZero();
	}

	@Test
	void aCallerThatGoesAsItIsChosenLeavesTheConnectionAsItIs() {
		AtomicReference<Disposable> caller = new AtomicReference<>();
		GuardedConnection guarded = guarded(lend());
		Mono<Connection> source = Mono.deferContextual((context) -> {
			Objects.requireNonNull(caller.get()).dispose();
			assertThat(Handover.begin(context, guarded)).isFalse();
			return Mono.never();
		});
		BaseSubscriber<Connection> subscriber = new BaseSubscriber<>() {

			@Override
			protected void hookOnSubscribe(Subscription subscription) {
			}

		};
		caller.set(subscriber);
		Handover.of(source, terms(0)).subscribe(subscriber);
		subscriber.requestUnbounded();
		assertThat(subscriber.isDisposed()).isTrue();
	}

	@Test
	void aCancelThatIsLostOnItsWayToThePoolIsRepeated() {
		GuardedConnection guarded = guarded(lend());
		TestPublisher<Connection> queue = TestPublisher.create();
		AtomicInteger cancels = new AtomicInteger();
		AtomicReference<ContextView> context = new AtomicReference<>();
		Mono<Connection> source = Mono.deferContextual((view) -> {
			context.set(view);
			return queue.mono().doOnCancel(cancels::incrementAndGet);
		});
		Disposable caller = Handover.of(source, terms(0)).subscribe();
		caller.dispose();
		assertThat(cancels).hasValue(1);
		assertThat(Handover.begin(Objects.requireNonNull(context.get()), guarded)).isFalse();
		assertThat(cancels).hasValue(2);
	}

	@Test
	void whatComesAfterTheLimitIsClosedOnce() {
		Connection late = mock();
		AtomicInteger closed = new AtomicInteger();
		given(late.close()).willReturn(Mono.fromRunnable(closed::incrementAndGet));
		Sinks.One<Connection> pool = Sinks.one();
		GuardedConnection guarded = guarded(lend());
		Mono<Connection> source = Mono.deferContextual((context) -> {
			assertThat(Handover.begin(context, guarded)).isTrue();
			return pool.asMono();
		});
		StepVerifier.create(Handover.of(source, terms(0))).expectError(TimeoutException.class).verify(LIMIT);
		assertThat(closed).hasValue(0);
		pool.tryEmitValue(late);
		assertThat(closed).hasValue(1);
	}

	@Test
	void aFailureOfThePreparationIsTriedAgain() {
		AtomicInteger attempts = new AtomicInteger();
		GuardedConnection guarded = guarded(lend());
		Mono<Connection> source = Mono.deferContextual((context) -> {
			assertThat(Handover.begin(context, guarded)).isTrue();
			return (attempts.incrementAndGet() < 3) ? Mono.error(new IllegalStateException("Not yet"))
					: Mono.just(this.driver);
		});
		StepVerifier.create(Handover.of(source, terms(2))).expectNext(this.driver).expectComplete().verify(LIMIT);
		attempts.set(0);
		StepVerifier.create(Handover.of(source, terms(1))).expectErrorMessage("Not yet").verify(LIMIT);
	}

	@Test
	void aCancelEndsTheAttemptThatIsUnderWay() {
		TestPublisher<Connection> first = TestPublisher.create();
		TestPublisher<Connection> second = TestPublisher.create();
		AtomicInteger attempts = new AtomicInteger();
		Mono<Connection> source = Mono.defer(() -> ((attempts.getAndIncrement() == 0) ? first : second).mono());
		Disposable caller = Handover.of(source, terms(3)).subscribe();
		first.error(new IllegalStateException("Not yet"));
		second.assertWasSubscribed();
		caller.dispose();
		second.assertWasCancelled();
		assertThat(attempts).hasValue(2);
	}

	private Connection lend() {
		return Objects.requireNonNull(this.pool.create().block(LIMIT));
	}

	private static GuardedConnection guarded(Connection connection) {
		return (GuardedConnection) ((Wrapped<?>) connection).unwrap();
	}

	private static Handover.Terms terms(int retries) {
		return new Handover.Terms(Duration.ofMillis(300), retries, (ex) -> true, UnaryOperator.identity(),
				new ConnectionListeners());
	}

	private int acquired() {
		return this.pool.getMetrics().orElseThrow().acquiredSize();
	}

	private ConnectionPool pool(Mono<Void> step) {
		ConnectionFactory factory = mock();
		willAnswer((invocation) -> Mono.just(this.driver)).given(factory).create();
		Server server = new Server(new Binder(new MapConfigurationPropertySource(
				Map.of("c.pool.max-size", "1", "c.pool.min-idle", "0", "c.pool.max-acquire-time", "300ms")))
			.bindOrCreate("c", ConnectionSettings.class), factory, "c");
		return GuardedPool.create(server, List.of(new PoolCustomizer() {

			@Override
			public void customizeConfiguration(ConnectionPoolConfiguration.Builder configuration) {
				configuration.postAllocate((connection) -> step);
			}

		}));
	}

}
