package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import dev.asyncmysql.ConnectionSettings;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Result.Segment;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.publisher.TestPublisher;
import reactor.test.scheduler.VirtualTimeScheduler;
import reactor.test.subscriber.TestSubscriber;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willAnswer;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

/**
 * Tests for {@link Watchdog}, whose time is told by the test.
 */
class WatchdogTests {

	private static final Session SESSION = new Session(7L, "a", null, null, null, IsolationLevel.REPEATABLE_READ, true);

	private final Map<String, Object> settings = new HashMap<>(
			Map.of("c.cancel.grace", "1s", "c.response-timeout", "10s", "c.pool.max-release-time", "2s"));

	private final GuardedConnection connection = mock();

	private final Tenure tenure = mock();

	private final Wire wire = mock();

	private final Server server = mock();

	private final ExchangeLine line = new ExchangeLine(
			new TransactionGuard(() -> false, () -> false, new ConnectionListeners()));

	private final TestPublisher<Result> driver = TestPublisher.create();

	private final TestPublisher<Segment> rows = TestPublisher.create();

	private final TestSubscriber<Result> caller = TestSubscriber.builder().initialRequest(1).build();

	private final TestSubscriber<Object> consumer = TestSubscriber.builder().initialRequest(0).build();

	private final TestPublisher<String> next = TestPublisher.create();

	private final TestSubscriber<String> nextCaller = TestSubscriber.create();

	private final AtomicLong reads = new AtomicLong();

	private final AtomicBoolean givenBack = new AtomicBoolean();

	private final AtomicBoolean cut = new AtomicBoolean();

	private final Sinks.Empty<Void> killed = Sinks.empty();

	private final Sinks.Empty<Void> fenced = Sinks.empty();

	private long now = System.nanoTime();

	private Watchdog watchdog;

	WatchdogTests() {
		given(this.connection.session()).willReturn(SESSION);
		given(this.connection.fence()).willReturn(this.fenced.asMono());
		given(this.connection.isGivenBack()).willAnswer((invocation) -> this.givenBack.get());
		willAnswer((invocation) -> {
			this.cut.set(true);
			return null;
		}).given(this.connection).cut();
		given(this.wire.isOpen()).willReturn(true);
		given(this.wire.reads()).willAnswer((invocation) -> this.reads.get());
		given(this.server.kill(any(), any())).willReturn(this.killed.asMono());
		given(this.server.prefix()).willReturn("c");
		given(this.server.hasAnsweredWithin(any())).willReturn(true);
		given(this.connection.tenure()).willReturn(this.tenure);
		this.watchdog = watchdog();
	}

	@BeforeEach
	void start() {
		Exchange.statement(this.line, this.line.lease(), this.driver, TransactionText.PLAIN, () -> null)
			.subscribe(this.caller);
		pass(0);
	}

	@Test
	void aStatementThatIsWantedIsLeftAloneUntilTheResponseLimit() {
		pass(9_900);
		verifyNothingIsDone();
		pass(100);
		verify(this.server).kill(SESSION, Duration.ofSeconds(2));
		this.driver.error(new IllegalStateException("killed"));
		assertThat(this.caller.expectTerminalError()).isInstanceOf(R2dbcTimeoutException.class)
			.hasMessage("The server gave no answer within 10000 ms (c.response-timeout). "
					+ "Find out what it waits for, or raise the limit for statements that take long");
	}

	@Test
	void aStatementThatIsAbandonedIsKilledAfterTheGrace() {
		this.caller.cancel();
		pass(900);
		verifyNothingIsDone();
		pass(100);
		verify(this.server).kill(SESSION, Duration.ofSeconds(2));
		pass(500);
		verify(this.server, times(1)).kill(any(), any());
	}

	@Test
	void theGraceBeginsWithTheCancel() {
		pass(5_000);
		this.caller.cancel();
		pass(50);
		pass(850);
		verifyNothingIsDone();
	}

	@Test
	void anAbandonedStatementThatEndsInTimeIsNotKilledNorIsTheNext() {
		this.caller.cancel();
		pass(900);
		this.driver.complete();
		Exchange.command(this.line, this.next).subscribe();
		pass(500);
		verifyNothingIsDone();
	}

	@Test
	void theNextIsStartedOnceTheKillIsAcknowledgedAndTheServerHasAnsweredOnceMore() {
		waitInLine();
		this.caller.cancel();
		pass(1_000);
		this.driver.error(new IllegalStateException("killed"));
		this.next.assertWasNotSubscribed();
		this.killed.tryEmitEmpty();
		verify(this.connection).fence();
		this.next.assertWasNotSubscribed();
		pass(1_000);
		this.fenced.tryEmitEmpty();
		this.next.assertWasSubscribed();
		assertThat(this.cut).isFalse();
	}

	@Test
	void theServerIsAskedOnceMoreNotBeforeTheStatementHasEnded() {
		this.caller.cancel();
		pass(1_000);
		this.killed.tryEmitEmpty();
		assertThat(this.fenced.currentSubscriberCount()).isZero();
		this.driver.error(new IllegalStateException("killed"));
		assertThat(this.fenced.currentSubscriberCount()).isOne();
	}

	@Test
	void aStatementThatEndsJustBeforeItsKillIsNotKilledNorIsTheNext() {
		waitInLine();
		this.caller.cancel();
		// The watchdog has decided, and looks up the patience.
		ConnectionSettings found = this.server.settings();
		given(this.server.settings()).willAnswer((invocation) -> {
			this.driver.complete();
			return found;
		});
		Exchange<?> ended = this.line.active();
		pass(1_000);
		this.next.assertWasSubscribed();
		assertThat(this.line.active()).isNotSameAs(ended).isNotNull();
		verifyNothingIsDone();
		this.next.complete();
		assertThat(this.nextCaller.isTerminatedComplete()).isTrue();
	}

	@Test
	void aKillThatFailsCutsTheConnection() {
		waitInLine();
		this.caller.cancel();
		pass(1_000);
		this.killed.tryEmitError(new IllegalStateException("refused"));
		assertThat(this.cut).isTrue();
		this.next.assertWasNotSubscribed();
		assertThat(this.nextCaller.expectTerminalError())
			.hasMessageStartingWith("The statement was not begun, as the one before it");
	}

	@Test
	void aFenceThatFailsCutsTheConnection() {
		this.caller.cancel();
		pass(1_000);
		this.driver.error(new IllegalStateException("killed"));
		this.killed.tryEmitEmpty();
		this.fenced.tryEmitError(new IllegalStateException("closed"));
		assertThat(this.cut).isTrue();
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void aKillThatIsNotAcknowledgedInTimeCutsTheConnection(boolean serverIsHeardOf) {
		given(this.server.hasAnsweredWithin(any())).willReturn(serverIsHeardOf);
		VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
		try {
			this.caller.cancel();
			pass(1_000);
			time.advanceTimeBy(Duration.ofMillis(1_990));
			assertThat(this.cut).isFalse();
			time.advanceTimeBy(Duration.ofMillis(20));
			assertThat(this.cut).isTrue();
			assertThat(this.killed.currentSubscriberCount()).as("not given up at the same moment").isOne();
			verify(this.tenure, times(serverIsHeardOf ? 0 : 1)).foundDead();
		}
		finally {
			VirtualTimeScheduler.reset();
		}
	}

	@Test
	void aStatementThatIsOverdueIsCutBeforeItsKillIsGivenUp() {
		VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
		try {
			pass(10_000);
			time.advanceTimeBy(Duration.ofMillis(1_010));
			assertThat(this.cut).isTrue();
			assertThat(this.killed.currentSubscriberCount()).isOne();
			time.advanceTimeBy(Duration.ofMillis(2_000));
			assertThat(this.killed.currentSubscriberCount()).isZero();
		}
		finally {
			VirtualTimeScheduler.reset();
		}
	}

	@Test
	void theKillIsRepeatedUntilTheStatementHasEnded() {
		AtomicInteger kills = new AtomicInteger();
		given(this.server.kill(any(), any())).willReturn(Mono.fromRunnable(kills::incrementAndGet));
		VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
		try {
			this.caller.cancel();
			pass(1_000);
			assertThat(kills).hasValue(1);
			time.advanceTimeBy(Duration.ofMillis(450));
			assertThat(kills).hasValue(3);
			this.driver.error(new IllegalStateException("killed"));
			this.fenced.tryEmitEmpty();
			time.advanceTimeBy(Duration.ofSeconds(5));
			assertThat(kills).hasValue(3);
			assertThat(this.cut).isFalse();
		}
		finally {
			VirtualTimeScheduler.reset();
		}
	}

	@Test
	void aSeriesThatIsAbandonedIsKilledAtOnceAndNotBefore() {
		this.driver.complete();
		TestPublisher<Result> several = TestPublisher.create();
		TestSubscriber<Result> owner = TestSubscriber.create();
		Exchange.series(this.line, this.line.lease(), several, TransactionText.PLAIN, () -> null).subscribe(owner);
		pass(5_000);
		verifyNothingIsDone();
		owner.cancel();
		pass(50);
		verify(this.server).kill(any(), any());
	}

	@Test
	void aResultThatOutlivesItsStatementIsReadAfterTheGraceOnceTheConnectionIsGivenBack() {
		this.driver.next(new SegmentResult(this.rows));
		this.driver.complete();
		pass(60_000);
		this.rows.assertWasNotSubscribed();
		this.line.endLease();
		pass(900);
		this.rows.assertWasNotSubscribed();
		pass(100);
		this.rows.assertWasSubscribed();
	}

	@Test
	void withoutKillTheConnectionIsCutAtOnce() {
		this.settings.put("c.cancel.kill-query", "false");
		this.watchdog = watchdog();
		waitInLine();
		pass(0);
		this.caller.cancel();
		pass(1_000);
		assertThat(this.cut).isTrue();
		verify(this.server, never()).kill(any(), any());
		this.driver.error(new IllegalStateException("closed"));
		this.next.assertWasSubscribed();
	}

	@Test
	void aCommandIsNotEndedAfterTheGraceButCutAfterTheResponseLimit() {
		this.driver.complete();
		TestSubscriber<String> committer = TestSubscriber.create();
		Exchange.command(this.line, this.next).subscribe(committer);
		pass(0);
		pass(9_900);
		verifyNothingIsDone();
		pass(100);
		assertThat(this.cut).isTrue();
		verify(this.server, never()).kill(any(), any());
		this.next.error(new IllegalStateException("closed"));
		assertThat(committer.expectTerminalError()).isInstanceOf(R2dbcTimeoutException.class)
			.hasMessageContaining("(c.response-timeout); whether the command had an effect is not known.");
	}

	@Test
	void aCommandWhoseCallerHasGoneIsNotEndedAfterTheGrace() {
		this.driver.complete();
		Exchange.command(this.line, this.next).subscribe().dispose();
		pass(0);
		pass(5_000);
		verifyNothingIsDone();
	}

	@Test
	void theServerIsNotSilentAsLongAsSomethingArrives() {
		for (int i = 0; i < 5; i++) {
			pass(9_000);
			this.reads.incrementAndGet();
			pass(50);
		}
		verifyNothingIsDone();
		verify(this.server, times(5)).answered();
	}

	@Test
	void theServerIsNotSilentWhileRowsAreHandedOver() {
		consume();
		this.consumer.request(Long.MAX_VALUE);
		for (int i = 0; i < 5; i++) {
			pass(9_000);
			this.rows.next(new SegmentResult.Counted(i));
			pass(50);
		}
		verifyNothingIsDone();
	}

	@Test
	void theServerIsNotSilentWhileTheConsumerHasNoDemand() {
		consume();
		pass(60_000);
		verifyNothingIsDone();
		this.consumer.request(1);
		pass(9_000);
		verifyNothingIsDone();
		pass(1_000);
		verify(this.server).kill(any(), any());
	}

	@Test
	void theServerIsNotSilentWhileTheCallerHasNoDemandForTheNextResult() {
		consume();
		this.consumer.request(1);
		this.rows.complete();
		pass(60_000);
		verifyNothingIsDone();
		this.caller.request(1);
		pass(10_000);
		verify(this.server).kill(any(), any());
	}

	@Test
	void theServerIsNotSilentWhileAPublisherOfTheConsumerWorks() {
		this.driver.next(new SegmentResult(this.rows));
		Flux.<Object>from(this.caller.getReceivedOnNext().get(0).flatMap((segment) -> Mono.never()))
			.subscribe(this.consumer);
		this.consumer.request(1);
		this.rows.next(new SegmentResult.Updated(1));
		pass(60_000);
		verifyNothingIsDone();
	}

	@Test
	void whoWaitsForAResultThatNobodyReadsOnIsTold() {
		consume();
		waitInLine();
		pass(9_900);
		assertThat(this.nextCaller.isTerminated()).isFalse();
		pass(100);
		assertThat(this.nextCaller.expectTerminalError()).isInstanceOf(R2dbcTimeoutException.class)
			.hasMessage("The statement waited 10000 ms (c.response-timeout) for the one before it on the same "
					+ "connection, whose result nobody reads on. Read a result to its end before the next statement, "
					+ "as by collectList(), or use another connection");
		this.next.assertWasNotSubscribed();
		verifyNothingIsDone();
		TestSubscriber<String> another = TestSubscriber.create();
		Exchange.command(this.line, this.next).subscribe(another);
		pass(9_000);
		assertThat(another.isTerminated()).isFalse();
		pass(1_000);
		assertThat(another.isTerminated()).isTrue();
	}

	@Test
	void whoWaitsForAResultThatIsReadOnIsNotTold() {
		consume();
		waitInLine();
		for (int i = 0; i < 5; i++) {
			pass(9_000);
			this.consumer.request(1);
			this.rows.next(new SegmentResult.Counted(i));
			pass(50);
		}
		assertThat(this.nextCaller.isTerminated()).isFalse();
	}

	@Test
	void aForgottenResultIsDroppedWhereAnotherStatementWaits() {
		this.driver.next(new SegmentResult(this.rows));
		this.caller.cancel();
		pass(30_000);
		this.rows.assertWasNotSubscribed();
		waitInLine();
		pass(1_000);
		this.rows.assertWasSubscribed();
		verify(this.server).kill(any(), any());
	}

	@Test
	void whatIsUnderWayWhenTheConnectionIsGivenBackIsKilledAfterTheGrace() {
		consume();
		this.givenBack.set(true);
		pass(900);
		verifyNothingIsDone();
		pass(100);
		verify(this.server).kill(SESSION, Duration.ofSeconds(2));
		this.rows.complete();
		assertThat(this.consumer.expectTerminalError()).isInstanceOf(R2dbcTransientResourceException.class);
	}

	@Test
	void whatIsStillUnderWayAfterTheReleaseLimitIsCut() {
		this.settings.put("c.cancel.grace", "5s");
		this.watchdog = watchdog();
		pass(0);
		pass(9_000);
		this.givenBack.set(true);
		pass(0);
		pass(2_000);
		assertThat(this.cut).as("given back for 2 s").isTrue();
	}

	@Test
	void aConnectionOnWhichNothingIsUnderWayIsNotCutThoughItWasGivenBackLongAgo() {
		this.driver.complete();
		this.givenBack.set(true);
		pass(60_000);
		verifyNothingIsDone();
		TestSubscriber<String> reset = TestSubscriber.create();
		Exchange.command(this.line, this.next).subscribe(reset);
		pass(1_900);
		verifyNothingIsDone();
	}

	private void consume() {
		this.driver.next(new SegmentResult(this.rows));
		Flux.<Object>from(this.caller.getReceivedOnNext().get(0).map((row) -> row.get(0, Integer.class)))
			.subscribe(this.consumer);
	}

	private void waitInLine() {
		Exchange.command(this.line, this.next).subscribe(this.nextCaller);
	}

	// As if the watch had looked all the time.
	private void pass(long millis) {
		long end = this.now + Duration.ofMillis(millis).toNanos();
		this.watchdog.inspect(this.now);
		while (this.now < end) {
			this.now += Watch.INTERVAL.toNanos();
			this.watchdog.inspect(this.now);
		}
	}

	private void verifyNothingIsDone() {
		verify(this.server, never()).kill(any(), any());
		assertThat(this.cut).isFalse();
	}

	private Watchdog watchdog() {
		given(this.server.settings()).willReturn(new Binder(new MapConfigurationPropertySource(this.settings))
			.bindOrCreate("c", ConnectionSettings.class));
		return new Watchdog(this.connection, this.line, this.wire, this.server);
	}

}
