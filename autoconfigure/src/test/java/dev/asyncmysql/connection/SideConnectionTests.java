package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.ValidationDepth;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyLong;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willAnswer;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link SideConnection}.
 */
class SideConnectionTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private static final String CLOSED = "The side connection is closed: the application is stopping";

	private final List<Connection> opened = new CopyOnWriteArrayList<>();

	private final List<Connection> closed = new CopyOnWriteArrayList<>();

	private final Scheduler rounds = mock();

	private @Nullable Runnable round;

	private boolean alive = true;

	private final SideConnection side;

	SideConnectionTests() {
		willAnswer((invocation) -> {
			this.round = invocation.getArgument(0);
			return mock(Disposable.class);
		}).given(this.rounds).schedule(any(), anyLong(), any());
		this.side = new SideConnection(Mono.fromSupplier(this::open), LIMIT, this.rounds);
	}

	@Test
	void itsEndWaitsForTheConnectionInUse() throws InterruptedException {
		Sinks.Empty<Void> goodbye = Sinks.empty();
		Connection connection = mock();
		given(connection.close()).willReturn(goodbye.asMono());
		SideConnection inUse = new SideConnection(Mono.just(connection), LIMIT, Schedulers.parallel());
		Sinks.Empty<Void> work = Sinks.empty();
		CountDownLatch begun = new CountDownLatch(1);
		inUse.use((lent) -> {
			begun.countDown();
			return work.asMono();
		}, LIMIT).subscribe();
		assertThat(begun.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
		Thread end = new Thread(inUse::dispose);
		end.start();
		Awaitility.await()
			.until(() -> end.getState() == Thread.State.TIMED_WAITING || end.getState() == Thread.State.WAITING);
		assertThat(end.isAlive()).isTrue();
		goodbye.tryEmitEmpty();
		end.join(LIMIT.toMillis());
		assertThat(end.isAlive()).isFalse();
	}

	@Test
	void oneAfterTheOtherHasTheOneConnection() {
		AtomicInteger users = new AtomicInteger();
		Mono<Integer> use = this.side.use((lent) -> Mono.fromSupplier(users::incrementAndGet)
			.delayElement(Duration.ofMillis(1))
			.doOnNext((now) -> users.decrementAndGet()), LIMIT);
		StepVerifier
			.create(Flux.range(0, 100).flatMap((index) -> use.subscribeOn(Schedulers.parallel()), 100).distinct())
			.expectNext(1)
			.expectComplete()
			.verify(LIMIT);
		assertThat(this.opened).hasSize(1);
		assertThat(this.closed).isEmpty();
	}

	@Test
	void manyThatAnswerAtOnceDoNotGrowTheStack() {
		Sinks.Empty<Void> first = Sinks.empty();
		AtomicInteger done = new AtomicInteger();
		this.side.use((lent) -> first.asMono(), LIMIT).subscribe();
		for (int i = 0; i < 50_000; i++) {
			this.side.use((lent) -> Mono.just(1), LIMIT).subscribe((one) -> done.incrementAndGet());
		}
		Awaitility.await().until(() -> this.opened.size() == 1);
		first.tryEmitEmpty();
		assertThat(done).hasValue(50_000);
	}

	@Test
	void whoLeavesTheQueueLeavesTheOthers() {
		Sinks.Empty<Void> first = Sinks.empty();
		this.side.use((lent) -> first.asMono(), LIMIT).subscribe();
		this.side.use((lent) -> Mono.error(new AssertionError("cancelled before")), LIMIT).subscribe().dispose();
		StepVerifier.create(this.side.use((lent) -> Mono.never(), Duration.ofMillis(50)))
			.expectError(TimeoutException.class)
			.verify(LIMIT);
		StepVerifier.create(this.side.use((lent) -> Mono.just(2), LIMIT))
			.then(first::tryEmitEmpty)
			.expectNext(2)
			.expectComplete()
			.verify(LIMIT);
		assertThat(this.opened).hasSize(1);
		assertThat(this.closed).isEmpty();
	}

	@Test
	void oneThatFailsItsUserIsThrownAway() {
		StepVerifier.create(this.side.use((lent) -> Mono.error(new IllegalStateException("no")), LIMIT))
			.expectErrorMessage("no")
			.verify(LIMIT);
		StepVerifier.create(this.side.use((lent) -> Mono.never(), LIMIT)).thenCancel().verify(LIMIT);
		StepVerifier.create(this.side.use((lent) -> Mono.just(3), LIMIT)).expectNext(3).expectComplete().verify(LIMIT);
		assertThat(this.opened).hasSizeBetween(2, 3);
		Awaitility.await().untilAsserted(() -> assertThat(this.closed).hasSize(this.opened.size() - 1));
	}

	@Test
	void oneThatCannotBeOpenedIsNoEnd() {
		AtomicInteger attempts = new AtomicInteger();
		SideConnection refused = new SideConnection(Mono.defer(() -> (attempts.incrementAndGet() == 1)
				? Mono.error(new R2dbcNonTransientResourceException("refused")) : Mono.fromSupplier(this::open)), LIMIT,
				this.rounds);
		StepVerifier.create(refused.use((lent) -> Mono.just(1), LIMIT)).expectErrorMessage("refused").verify(LIMIT);
		StepVerifier.create(refused.use((lent) -> Mono.just(1), LIMIT)).expectNext(1).expectComplete().verify(LIMIT);
	}

	/**
	 * Whoever comes first, its caller or the connection: none is left open, and the next
	 * one has its turn.
	 */
	@Test
	void aConnectionThatComesAsItsUserGoesIsClosed() {
		List<Connection> all = new CopyOnWriteArrayList<>();
		for (int i = 0; i < 500; i++) {
			SideConnection raced = new SideConnection(Mono.fromSupplier(this::open).doOnNext(all::add), LIMIT,
					this.rounds);
			Disposable user = raced.use((lent) -> Mono.never(), LIMIT).subscribe();
			for (int spins = i % 100; spins > 0; spins--) {
				Thread.onSpinWait();
			}
			user.dispose();
			StepVerifier.create(raced.use(Mono::just, LIMIT)).expectNextCount(1).expectComplete().verify(LIMIT);
			raced.dispose();
		}
		Awaitility.await().untilAsserted(() -> assertThat(this.closed).containsAll(all));
	}

	@Test
	void aDeadOneIsClosedWhileNobodyNeedsIt() {
		StepVerifier.create(this.side.use((lent) -> Mono.just(1), LIMIT)).expectNext(1).expectComplete().verify(LIMIT);
		nextRound();
		assertThat(this.closed).isEmpty();
		this.alive = false;
		nextRound();
		assertThat(this.closed).hasSize(1);
		nextRound();
		assertThat(this.closed).hasSize(1);
	}

	@Test
	void afterItsEndNobodyHasIt() {
		Sinks.Empty<Void> first = Sinks.empty();
		this.side.use((lent) -> first.asMono(), LIMIT).subscribe();
		Awaitility.await().until(() -> this.opened.size() == 1);
		Mono<Integer> use = this.side.use((lent) -> Mono.just(1), LIMIT);
		StepVerifier.create(use).then(this.side::dispose).expectErrorMessage(CLOSED).verify(LIMIT);
		StepVerifier.create(use).expectErrorMessage(CLOSED).verify(LIMIT);
		first.tryEmitEmpty();
		nextRound();
		assertThat(this.opened).hasSize(1);
	}

	private void nextRound() {
		Runnable due = this.round;
		assertThat(due).isNotNull();
		if (due != null) {
			due.run();
		}
	}

	private Connection open() {
		Connection connection = mock();
		given(connection.close()).willReturn(Mono.fromRunnable(() -> this.closed.add(connection)));
		willAnswer((invocation) -> Mono.just(this.alive)).given(connection).validate(ValidationDepth.LOCAL);
		this.opened.add(connection);
		return connection;
	}

}
