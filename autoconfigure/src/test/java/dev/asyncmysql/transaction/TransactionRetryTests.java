package dev.asyncmysql.transaction;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

import dev.asyncmysql.ConnectionLostException;
import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.ConnectionSettings.RetryOn;
import dev.asyncmysql.DeadlockException;
import dev.asyncmysql.connection.Server;
import io.r2dbc.spi.R2dbcRollbackException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.scheduler.VirtualTimeScheduler;
import reactor.test.util.RaceTestUtils;

import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.NonTransientDataAccessException;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link TransactionRetry} as an operator: what its source sees, and what the
 * caller.
 */
class TransactionRetryTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private static final int RACES = 1_000;

	private final AtomicInteger subscriptions = new AtomicInteger();

	private final AtomicInteger active = new AtomicInteger();

	@AfterEach
	void takeRealTime() {
		VirtualTimeScheduler.reset();
	}

	@Test
	void whatIsFinalIsNotRunAgainWhateverItsCause() {
		assertThat(TransactionRetry.reason(new CannotAcquireLockException("A lock", deadlock())))
			.isEqualTo(RetryOn.DEADLOCK);
		assertThat(TransactionRetry
			.reason(new DataAccessResourceFailureException("No connection", new ConnectionLostException("Lost", null))))
			.isEqualTo(RetryOn.CONNECTION_LOST);
		assertThat(TransactionRetry.reason(new PermanentlyFailed(deadlock()))).isNull();
	}

	@Test
	void aFailureThatMayBeGoneIsTriedAgain() {
		Mono<String> transaction = attempts((attempt) -> (attempt < 3) ? Mono.error(deadlock()) : Mono.just("done"))
			.single();
		StepVerifier.create(retry("delay=1ms").mono(transaction)).expectNext("done").expectComplete().verify(LIMIT);
		assertThat(this.subscriptions).hasValue(3);
	}

	@Test
	void anotherFailureIsPassedOnAsItIs() {
		IllegalStateException failure = new IllegalStateException("other");
		StepVerifier.create(retry("delay=1ms").flux(attempts((attempt) -> Mono.error(failure))))
			.expectErrorSatisfies((ex) -> assertThat(ex).isSameAs(failure))
			.verify(LIMIT);
		assertThat(this.subscriptions).hasValue(1);
	}

	@Test
	void theLastFailureIsPassedOnAsItIs() {
		DeadlockException[] failures = { deadlock(), deadlock() };
		StepVerifier
			.create(retry("delay=1ms", "max-attempts=2").flux(attempts((attempt) -> Mono.error(failures[attempt - 1]))))
			.expectErrorSatisfies((ex) -> assertThat(ex).isSameAs(failures[1]))
			.verify(LIMIT);
	}

	@Test
	void whatFailsBeforeATransactionBeginsIsNotTriedAgain() {
		StepVerifier.create(retry("delay=1ms").mono(Mono.defer(() -> {
			this.subscriptions.incrementAndGet();
			return Mono.error(deadlock());
		}))).expectError(DeadlockException.class).verify(LIMIT);
		assertThat(this.subscriptions).hasValue(1);
	}

	@Test
	void aCancelReachesTheAttemptThatIsUnderWay() {
		TestPublisher<String> first = TestPublisher.create();
		Disposable caller = retry("delay=1ms").flux(attempts((attempt) -> first.flux())).subscribe();
		caller.dispose();
		first.assertCancelled();
		assertThat(this.active).hasValue(0);
	}

	@Test
	void aCancelBeforeAllSubscribesToNothing() {
		StepVerifier.create(retry("delay=1ms").flux(attempts((attempt) -> Flux.just("1"))), 0)
			.thenCancel()
			.verify(LIMIT);
		assertThat(this.active).hasValue(0);
	}

	@Test
	void aCancelDuringTheBackOffEndsIt() {
		VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
		Disposable caller = retry("delay=10m", "max-delay=1h").flux(attempts((attempt) -> Mono.error(deadlock())))
			.subscribe();
		time.advanceTimeBy(Duration.ofMinutes(5));
		assertThat(this.subscriptions).hasValue(1);
		caller.dispose();
		time.advanceTimeBy(Duration.ofHours(2));
		assertThat(this.subscriptions).hasValue(1);
	}

	@Test
	void aCancelAfterTheEndReachesNobody() {
		AtomicInteger cancels = new AtomicInteger();
		Disposable caller = retry("delay=1ms")
			.flux(attempts((attempt) -> Flux.just("1").doOnCancel(cancels::incrementAndGet)))
			.subscribe();
		assertThat(this.active).hasValue(0);
		caller.dispose();
		assertThat(cancels).hasValue(0);
	}

	@Test
	void demandIsThatOfTheCallerInEachAttempt() {
		TestPublisher<String> first = TestPublisher.create();
		TestPublisher<String> second = TestPublisher.create();
		VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
		StepVerifier.create(retry("delay=1s").flux(attempts((attempt) -> ((attempt == 1) ? first : second).flux())), 0)
			.expectSubscription()
			.thenRequest(2)
			.then(() -> first.assertMinRequested(2).assertMaxRequested(2))
			.then(() -> first.error(deadlock()))
			.then(() -> time.advanceTimeBy(Duration.ofSeconds(2)))
			.then(() -> second.assertMinRequested(2).assertMaxRequested(2))
			.then(() -> second.next("1"))
			.expectNext("1")
			.thenRequest(3)
			.then(() -> second.next("2", "3").complete())
			.expectNext("2", "3")
			.expectComplete()
			.verify(LIMIT);
	}

	@Test
	void whatHasReachedTheCallerIsNotBegunAnew() {
		StepVerifier
			.create(retry("delay=1ms").flux(attempts((attempt) -> Flux.just("1").concatWith(Mono.error(deadlock())))))
			.expectNext("1")
			.expectError(DeadlockException.class)
			.verify(LIMIT);
		assertThat(this.subscriptions).hasValue(1);
	}

	@Test
	void insideAnotherOneItLeavesTheRetryToThat() {
		TransactionRetry retry = retry("delay=1ms", "max-attempts=2");
		StepVerifier
			.create(retry.mono(Mono.defer(() -> retry.mono(attempts((attempt) -> Mono.error(deadlock())).then()))))
			.expectError(DeadlockException.class)
			.verify(LIMIT);
		assertThat(this.subscriptions).hasValue(2);
	}

	@Test
	void aRaceOfCancelAndFailureLeavesNothingUnderWay() {
		for (int race = 0; race < RACES; race++) {
			Sinks.One<String> first = Sinks.one();
			Disposable caller = retry("delay=1ms", "max-attempts=2")
				.mono(attempts((attempt) -> (attempt == 1) ? first.asMono() : Mono.never()).next())
				.subscribe(null, (ex) -> {
				});
			RaceTestUtils.race(caller::dispose, () -> first.tryEmitError(deadlock()));
		}
		Awaitility.await().until(() -> this.active.get() == 0);
	}

	@Test
	void aRaceOfCancelAndAnotherAttemptLeavesNothingUnderWay() {
		Flux.range(0, RACES).flatMap((race) -> {
			Disposable caller = retry("delay=1ms", "max-attempts=2")
				.flux(attempts((attempt) -> (attempt == 1) ? Mono.error(deadlock()) : Mono.never()))
				.subscribe();
			return Mono.delay(Duration.ofMillis(1)).doOnNext((tick) -> caller.dispose());
		}, 10).blockLast(LIMIT);
		assertThat(this.subscriptions).hasValueGreaterThan(RACES);
		Awaitility.await().until(() -> this.active.get() == 0);
	}

	// Each begins a transaction, as the manager does.
	private Flux<String> attempts(IntFunction<? extends Publisher<String>> attempt) {
		AtomicInteger number = new AtomicInteger();
		return Flux.deferContextual((context) -> {
			Attempts attempts = Attempts.of(context);
			assertThat(attempts).isNotNull();
			attempts.begins();
			this.subscriptions.incrementAndGet();
			this.active.incrementAndGet();
			return Flux.from(attempt.apply(number.incrementAndGet()))
				.doFinally((signal) -> this.active.decrementAndGet());
		});
	}

	private static DeadlockException deadlock() {
		return new DeadlockException(new R2dbcRollbackException("Deadlock found", "40001", 1213) {

			private static final long serialVersionUID = 1L;

		});
	}

	private static TransactionRetry retry(String... settings) {
		MockEnvironment environment = new MockEnvironment().withProperty("async-mysql.transaction.retry.jitter", "0ms");
		for (String setting : settings) {
			String[] parts = setting.split("=");
			environment.setProperty("async-mysql.transaction.retry." + parts[0], parts[1]);
		}
		return new TransactionRetry(mock(Server.class),
				ConnectionSettings.bind(environment, "async-mysql").transaction().retry());
	}

	private static final class PermanentlyFailed extends NonTransientDataAccessException {

		private static final long serialVersionUID = 1L;

		PermanentlyFailed(Throwable cause) {
			super("Some is committed", cause);
		}

	}

}
