package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.Result;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.subscriber.TestSubscriber;
import reactor.test.util.RaceTestUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ExchangeLine}.
 */
class ExchangeLineTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private static final int ROUNDS = 5_000;

	private final ExchangeLine line = new ExchangeLine(
			new TransactionGuard(() -> false, () -> false, new ConnectionListeners()));

	private final TestPublisher<String> first = TestPublisher.create();

	private final TestPublisher<String> second = TestPublisher.create();

	private final TestPublisher<String> third = TestPublisher.create();

	@Test
	void oneAtATimeIsStartedInTheOrderOfTheirComing() {
		List<String> ends = new ArrayList<>();
		enter(this.first).subscribe(null, null, () -> ends.add("first"));
		enter(this.second).subscribe(null, (ex) -> ends.add("second"));
		enter(this.third).subscribe(null, null, () -> ends.add("third"));
		this.first.assertWasSubscribed();
		this.second.assertWasNotSubscribed();
		assertThat(this.line.isBlocked()).isTrue();
		this.first.complete();
		this.second.assertWasSubscribed();
		this.third.assertWasNotSubscribed();
		this.second.error(new IllegalStateException("broken"));
		this.third.assertWasSubscribed();
		assertThat(this.line.isBlocked()).isFalse();
		this.third.complete();
		assertThat(this.line.active()).isNull();
		assertThat(ends).containsExactly("first", "second", "third");
	}

	@Test
	void oneThatComesWhileOthersWaitDoesNotOvertakeThem() {
		List<String> started = new ArrayList<>();
		enter(this.first).subscribe();
		Mono<String> late = Exchange.command(this.line, Mono.fromRunnable(() -> started.add("late")));
		Exchange.command(this.line, Mono.<String>fromRunnable(() -> started.add("second")))
			.doOnTerminate(late::subscribe)
			.subscribe();
		Exchange.command(this.line, Mono.<String>fromRunnable(() -> started.add("third"))).subscribe();
		this.first.complete();
		assertThat(started).containsExactly("second", "third", "late");
	}

	@Test
	void oneThatGoesWhileItWaitsIsPassedBy() {
		enter(this.first).subscribe();
		TestSubscriber<String> gone = TestSubscriber.create();
		enter(this.second).subscribe(gone);
		enter(this.third).subscribe();
		gone.cancel();
		this.first.complete();
		this.second.assertWasNotSubscribed();
		this.third.assertWasSubscribed();
	}

	@Test
	void allThatWaitCanBeTakenOut() {
		enter(this.first).subscribe();
		TestSubscriber<String> waiting = TestSubscriber.create();
		enter(this.second).subscribe(waiting);
		this.line.withdrawAll().forEach((exchange) -> exchange.refuse(Watchdog.givenBack()));
		assertThat(waiting.expectTerminalError()).isInstanceOf(R2dbcTransientResourceException.class);
		assertThat(this.line.isBlocked()).isFalse();
		this.first.complete();
		this.second.assertWasNotSubscribed();
	}

	@Test
	void noneIsStartedWhileTheLineIsHeld() {
		enter(this.first).subscribe();
		enter(this.second).subscribe();
		assertThat(this.line.hold(active())).isTrue();
		this.first.complete();
		enter(this.third).subscribe();
		this.second.assertWasNotSubscribed();
		this.line.resume();
		this.second.assertWasSubscribed();
		this.third.assertWasNotSubscribed();
		this.second.complete();
		this.third.assertWasSubscribed();
	}

	@Test
	void oneThatHasEndedDoesNotHoldTheNext() {
		enter(this.first).subscribe();
		Exchange<?> ended = active();
		enter(this.second).subscribe();
		this.first.complete();
		assertThat(this.line.hold(ended)).isFalse();
		this.second.complete();
		enter(this.third).subscribe();
		this.third.assertWasSubscribed();
	}

	@Test
	void theEndCanBeAwaitedWithTheLineHeldOrNot() {
		StepVerifier.create(this.line.idle()).expectComplete().verify(LIMIT);
		StepVerifier.create(this.line.left()).expectComplete().verify(LIMIT);
		enter(this.first).subscribe();
		TestSubscriber<Void> idle = TestSubscriber.create();
		TestSubscriber<Void> left = TestSubscriber.create();
		this.line.idle().subscribe(idle);
		this.line.left().subscribe(left);
		this.line.hold(active());
		assertThat(left.isTerminated()).isFalse();
		this.first.complete();
		assertThat(left.isTerminatedComplete()).isTrue();
		assertThat(idle.isTerminated()).isFalse();
		TestSubscriber<Void> another = TestSubscriber.create();
		this.line.idle().subscribe(another);
		assertThat(another.isTerminated()).isFalse();
		this.line.resume();
		assertThat(idle.isTerminatedComplete()).isTrue();
		assertThat(another.isTerminatedComplete()).isTrue();
	}

	@Test
	void whoAwaitsTheEndWaitsForThoseInLineToo() {
		enter(this.first).subscribe();
		enter(this.second).subscribe();
		TestSubscriber<Void> idle = TestSubscriber.create();
		this.line.idle().subscribe(idle);
		this.first.complete();
		assertThat(idle.isTerminated()).isFalse();
		this.second.complete();
		assertThat(idle.isTerminatedComplete()).isTrue();
	}

	@Test
	void whatWasMadeInAnEarlierUseOfTheConnectionIsRefused() {
		Flux<Result> statement = Exchange.statement(this.line, this.line.lease(), Flux.never(), TransactionText.PLAIN,
				() -> null);
		Mono<String> command = enter(this.first);
		assertThat(this.line.endLease()).as("nothing was under way").isTrue();
		StepVerifier.create(statement)
			.expectErrorMessage("The connection was given back before the statement had ended. "
					+ "Consume its result within the use of the connection")
			.verify(LIMIT);
		StepVerifier.create(command).expectError(R2dbcTransientResourceException.class).verify(LIMIT);
		this.first.assertWasNotSubscribed();
		enter(this.second).subscribe();
		this.second.assertWasSubscribed();
	}

	@Test
	void whatIsUnderWayOrHeldBackAtTheEndOfAUseIsTold() {
		enter(this.first).subscribe();
		assertThat(this.line.endLease()).isFalse();
		this.line.hold(active());
		this.first.complete();
		assertThat(this.line.endLease()).isFalse();
		this.line.resume();
		assertThat(this.line.endLease()).isTrue();
	}

	@Test
	void aHundredThousandThatFailOnTheSpotNeedNoStackEach() {
		int count = 100_000;
		AtomicInteger failed = new AtomicInteger();
		Mono<Void> broken = Mono.error(new IllegalStateException("broken"));
		enter(this.first).subscribe();
		for (int i = 0; i < count; i++) {
			Exchange.command(this.line, broken).subscribe(null, (ex) -> failed.incrementAndGet());
		}
		assertThat(failed).hasValue(0);
		this.first.complete();
		assertThat(failed).hasValue(count);
		assertThat(this.line.active()).isNull();
	}

	@Test
	void noneIsLostOrDoubledOrStartedBesideAnotherWhileThreadsComeGoAndHold() throws Exception {
		int count = 20_000;
		AtomicInteger underWay = new AtomicInteger();
		AtomicInteger most = new AtomicInteger();
		AtomicInteger started = new AtomicInteger();
		CountDownLatch ended = new CountDownLatch(2 * count);
		// A third of them ends on the spot, a third on another thread, a third fails.
		Runnable client = () -> {
			for (int i = 0; i < count; i++) {
				Mono<String> source = Mono.fromRunnable(() -> {
					started.incrementAndGet();
					most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
				});
				source = (i % 3 == 0) ? source : source.publishOn(Schedulers.parallel());
				source = source.doOnSuccess((value) -> underWay.decrementAndGet());
				source = (i % 3 != 1) ? source : source.then(Mono.error(new IllegalStateException("broken")));
				Exchange.command(this.line, source).onErrorComplete().subscribe(null, null, ended::countDown);
			}
		};
		ExecutorService threads = Executors.newFixedThreadPool(3);
		try {
			threads.execute(client);
			threads.execute(client);
			threads.execute(() -> {
				while (ended.getCount() > 0) {
					Exchange<?> active = this.line.active();
					if (active != null && this.line.hold(active)) {
						this.line.resume();
					}
				}
			});
			assertThat(ended.await(30, TimeUnit.SECONDS)).as("%d are left", ended.getCount()).isTrue();
		}
		finally {
			threads.shutdownNow();
		}
		assertThat(started).hasValue(2 * count);
		assertThat(most).as("at a time").hasValue(1);
		StepVerifier.create(this.line.idle()).expectComplete().verify(LIMIT);
	}

	@Test
	void whoAwaitsTheEndWhileItComesIsTold() {
		for (int i = 0; i < ROUNDS; i++) {
			ExchangeLine raced = new ExchangeLine(
					new TransactionGuard(() -> false, () -> false, new ConnectionListeners()));
			TestPublisher<String> source = TestPublisher.create();
			Exchange.command(raced, source).subscribe();
			TestSubscriber<Void> idle = TestSubscriber.create();
			RaceTestUtils.race(source::complete, () -> raced.idle().subscribe(idle));
			assertThat(idle.isTerminatedComplete()).isTrue();
		}
	}

	@Test
	void aHoldMeetsTheOneItIsMeantForOrNone() {
		for (int i = 0; i < ROUNDS; i++) {
			ExchangeLine raced = new ExchangeLine(
					new TransactionGuard(() -> false, () -> false, new ConnectionListeners()));
			TestPublisher<String> before = TestPublisher.create();
			TestPublisher<String> after = TestPublisher.create();
			Exchange.command(raced, before).subscribe();
			Exchange.command(raced, after).subscribe();
			Exchange<?> meant = raced.active();
			assertThat(meant).isNotNull();
			AtomicReference<Boolean> held = new AtomicReference<>();
			RaceTestUtils.race(before::complete, () -> held.set(raced.hold(meant)));
			assertThat(after.wasSubscribed()).isEqualTo(!held.get());
		}
	}

	private <T> Mono<T> enter(TestPublisher<T> source) {
		return Exchange.command(this.line, source);
	}

	private Exchange<?> active() {
		Exchange<?> active = this.line.active();
		assertThat(active).isNotNull();
		return active;
	}

}
