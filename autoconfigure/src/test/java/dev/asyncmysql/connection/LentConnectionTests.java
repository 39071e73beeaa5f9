package dev.asyncmysql.connection;

import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

import dev.asyncmysql.ConnectionSettings;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.util.context.Context;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.r2dbc.connection.ConnectionFactoryUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willAnswer;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.mockingDetails;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.withSettings;

/**
 * Tests for {@link LentConnection}, most of them in a pool of one connection whose
 * release comes to its end when the test says so.
 */
@ExtendWith(OutputCaptureExtension.class)
class LentConnectionTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private final Connection driver = mock(Connection.class, withSettings().extraInterfaces(Lifecycle.class));

	private final AtomicInteger releases = new AtomicInteger();

	private final AtomicReference<Publisher<Void>> release = new AtomicReference<>(Mono.empty());

	private final ConnectionPool pool = pool();

	@BeforeEach
	void driver() {
		ConnectionMetadata metadata = mock();
		given(metadata.getDatabaseVersion()).willReturn("9.7.4");
		given(this.driver.getMetadata()).willReturn(metadata);
		given(this.driver.validate(any())).willAnswer((invocation) -> Mono.just(true));
		given(this.driver.close()).willAnswer((invocation) -> Mono.empty());
		given(this.driver.rollbackTransaction()).willAnswer((invocation) -> Mono.empty());
		given(((Lifecycle) this.driver).postAllocate()).willAnswer((invocation) -> Mono.empty());
		given(((Lifecycle) this.driver).preRelease()).willAnswer((invocation) -> Mono.defer(() -> {
			this.releases.incrementAndGet();
			return Mono.from(this.release.get());
		}));
	}

	@AfterEach
	void close() {
		this.pool.dispose();
	}

	@Test
	void aReleaseWhoseCallerHasGoneRunsToItsEnd() {
		Sinks.Empty<Void> answer = Sinks.empty();
		this.release.set(answer.asMono());
		Disposable caller = lend().close().subscribe();
		assertThat(this.releases).hasValue(1);
		caller.dispose();
		assertThat(acquired()).isOne();
		answer.tryEmitEmpty();
		assertThat(acquired()).isZero();
		StepVerifier.create(this.pool.create()).expectNextCount(1).expectComplete().verify(LIMIT);
		verify(this.driver, never()).close();
	}

	@Test
	void aReleaseIsBegunEvenWhereTheCallerHasGoneBefore() {
		BaseSubscriber<Void> gone = new BaseSubscriber<>() {
		};
		gone.cancel();
		lend().close().subscribe(gone);
		assertThat(acquired()).isZero();
		assertThat(this.releases).hasValue(1);
	}

	@Test
	void theDriversPublisherIsNotCancelled() {
		TestPublisher<Void> answer = TestPublisher.create();
		this.release.set(answer.mono());
		lend().close().subscribe().dispose();
		answer.assertSubscribers(1);
		answer.assertNotCancelled();
		answer.complete();
		assertThat(acquired()).isZero();
	}

	@Test
	void aReleaseThatFailsAfterItsCallerHasGoneEndsTheConnection() {
		Sinks.Empty<Void> answer = Sinks.empty();
		this.release.set(answer.asMono());
		lend().close().subscribe().dispose();
		answer.tryEmitError(new IllegalStateException("broken"));
		assertThat(acquired()).isZero();
		assertThat(this.pool.getMetrics().orElseThrow().allocatedSize()).isZero();
	}

	@Test
	void noConnectionIsLostWhenTheAnswerRacesWithTheCancel() throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(2);
		CyclicBarrier start = new CyclicBarrier(2);
		int rounds = 5_000;
		for (int i = 0; i < rounds; i++) {
			Sinks.Empty<Void> answer = Sinks.empty();
			this.release.set(answer.asMono());
			Disposable caller = lend().close().subscribe();
			CountDownLatch done = new CountDownLatch(2);
			for (Runnable each : List.<Runnable>of(caller::dispose, answer::tryEmitEmpty)) {
				threads.submit(() -> {
					start.await(10, TimeUnit.SECONDS);
					each.run();
					done.countDown();
					return null;
				});
			}
			assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
			assertThat(acquired()).isZero();
		}
		threads.shutdown();
		assertThat(this.releases).hasValue(rounds);
		verify(this.driver, never()).close();
	}

	@Test
	void twoWhoCloseAtTheSameTimeReleaseOnceAndSeeTheEnd() {
		for (int i = 0; i < 1_000; i++) {
			this.releases.set(0);
			Connection lent = lend();
			Mono<Void> close = Mono.from(lent.close()).subscribeOn(Schedulers.parallel());
			StepVerifier.create(Mono.when(close, close)).expectComplete().verify(LIMIT);
			assertThat(this.releases).hasValue(1);
			assertThat(acquired()).isZero();
		}
	}

	@Test
	void aSecondCloseWaitsForTheEndOfTheFirst() {
		Sinks.Empty<Void> answer = Sinks.empty();
		this.release.set(answer.asMono());
		LentConnection lent = lend();
		lent.close().subscribe().dispose();
		StepVerifier.create(lent.close())
			.expectSubscription()
			.expectNoEvent(Duration.ofMillis(50))
			.then(answer::tryEmitEmpty)
			.expectComplete()
			.verify(LIMIT);
		assertThat(this.releases).hasValue(1);
	}

	@Test
	void aCloseAfterTheReleaseDoesNothing() {
		LentConnection lent = lend();
		StepVerifier.create(lent.close()).expectComplete().verify(LIMIT);
		LentConnection next = lend();
		StepVerifier.create(lent.close()).expectComplete().verify(LIMIT);
		assertThat(this.releases).hasValue(1);
		assertThat(acquired()).isOne();
		StepVerifier.create(next.close()).expectComplete().verify(LIMIT);
	}

	@Test
	void aCloseNeedsNoDemand() {
		StepVerifier.create(lend().close(), 0).expectComplete().verify(LIMIT);
		assertThat(acquired()).isZero();
	}

	@Test
	void nothingIsReleasedBeforeTheSubscription() {
		LentConnection lent = lend();
		lent.close();
		assertThat(acquired()).isOne();
		assertThat(this.releases).hasValue(0);
	}

	@Test
	void theReleaseSeesTheCallersContextToItsEnd() {
		Sinks.Empty<Void> answer = Sinks.empty();
		AtomicReference<String> seen = new AtomicReference<>();
		this.release.set(answer.asMono().then(Mono.deferContextual((context) -> {
			seen.set(context.getOrDefault("caller", "nobody"));
			return Mono.empty();
		})));
		lend().close().contextWrite(Context.of("caller", "ada")).subscribe().dispose();
		answer.tryEmitEmpty();
		assertThat(seen).hasValue("ada");
		assertThat(acquired()).isZero();
	}

	@Test
	void anErrorIsToldToTheCallersAndLogged(CapturedOutput output) {
		Connection pooled = mock();
		given(pooled.close()).willReturn(Mono.error(new IllegalStateException("broken")));
		LentConnection lent = new LentConnection(pooled, null, new ConnectionListeners());
		StepVerifier.create(lent.close()).expectErrorMessage("broken").verify(LIMIT);
		StepVerifier.create(lent.close()).expectErrorMessage("broken").verify(LIMIT);
		verify(pooled).close();
		assertThat(output).containsOnlyOnce("A connection could not be given back to the pool");
	}

	@Test
	void nothingReachesTheNextCallersConnection() {
		LentConnection lent = lend();
		Publisher<Void> early = lent.commitTransaction();
		StepVerifier.create(lent.close()).expectComplete().verify(LIMIT);
		lend();
		for (Publisher<Void> late : List.of(early, lent.rollbackTransaction(), lent.commitTransaction(),
				lent.beginTransaction(), lent.rollbackTransactionToSavepoint("s"), lent.setAutoCommit(false))) {
			StepVerifier.create(late).expectErrorMessage("The connection is closed").verify(LIMIT);
		}
		StepVerifier.create(lent.validate(ValidationDepth.REMOTE)).expectNext(false).expectComplete().verify(LIMIT);
		verify(this.driver, never()).commitTransaction();
		verify(this.driver, never()).rollbackTransaction();
		verify(this.driver, never()).beginTransaction();
		verify(this.driver, never()).setAutoCommit(false);
		verify(this.driver, never()).validate(ValidationDepth.REMOTE);
	}

	@Test
	void theDriversConnectionIsFoundBelow() {
		LentConnection lent = lend();
		assertThat(lent.unwrap()).isInstanceOf(GuardedConnection.class);
		assertThat(lent.unwrap(GuardedConnection.class)).isSameAs(lent.unwrap());
		assertThat(((Wrapped<?>) lent.unwrap()).unwrap()).isSameAs(this.driver);
		assertThat(ConnectionFactoryUtils.getTargetConnection(lent)).isSameAs(this.driver);
	}

	static Stream<Method> commands() {
		return Arrays.stream(Connection.class.getMethods()).filter((method) -> !method.getName().equals("close"));
	}

	@ParameterizedTest
	@MethodSource("commands")
	void everythingElseIsPassedOn(Method command) throws Exception {
		Object[] arguments = Arrays.stream(command.getParameterTypes()).map(LentConnectionTests::value).toArray();
		AtomicInteger subscribed = new AtomicInteger();
		Connection pooled = mock(Connection.class,
				(invocation) -> Publisher.class.isAssignableFrom(invocation.getMethod().getReturnType())
						? Mono.just(true).then().doOnSubscribe((subscription) -> subscribed.incrementAndGet())
						: value(invocation.getMethod().getReturnType()));
		Object answer = command.invoke(new LentConnection(pooled, null, new ConnectionListeners()), arguments);
		if (answer instanceof Publisher<?> publisher) {
			StepVerifier.create(publisher).expectComplete().verify(LIMIT);
			assertThat(subscribed).hasValue(1);
		}
		assertThat(mockingDetails(pooled).getInvocations()).singleElement()
			.satisfies((invocation) -> assertThat(invocation.getMethod()).isEqualTo(command))
			.satisfies((invocation) -> assertThat(invocation.getArguments()).isEqualTo(arguments));
	}

	private static Object value(Class<?> type) {
		if (type == boolean.class) {
			return true;
		}
		if (type == String.class) {
			return "text";
		}
		if (type == Duration.class) {
			return Duration.ofSeconds(1);
		}
		return type.isEnum() ? type.getEnumConstants()[0]
				: (type.getName().endsWith("IsolationLevel") ? IsolationLevel.SERIALIZABLE : mock(type));
	}

	private LentConnection lend() {
		return (LentConnection) this.pool.create().blockOptional(LIMIT).orElseThrow();
	}

	private int acquired() {
		return this.pool.getMetrics().orElseThrow().acquiredSize();
	}

	private ConnectionPool pool() {
		ConnectionFactory factory = mock();
		willAnswer((invocation) -> Mono.just(this.driver)).given(factory).create();
		Server server = new Server(new Binder(new MapConfigurationPropertySource(
				Map.of("c.pool.max-size", "1", "c.pool.min-idle", "0", "c.pool.max-release-time", "30s")))
			.bindOrCreate("c", ConnectionSettings.class), factory, "c");
		return GuardedPool.create(server, List.of());
	}

}
