package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Result;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.subscriber.TestSubscriber;
import reactor.test.util.RaceTestUtils;
import reactor.util.context.Context;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Exchange}.
 */
class ExchangeTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private static final int ROUNDS = 5_000;

	private static final R2dbcException VERDICT = new R2dbcTimeoutException("too late");

	private final ExchangeLine line = new ExchangeLine(
			new TransactionGuard(() -> false, () -> false, new ConnectionListeners()));

	private final TestPublisher<Result> driver = TestPublisher.create();

	private final TestSubscriber<Result> caller = TestSubscriber.builder().initialRequest(0).build();

	private final Flux<Result> statement = Exchange.statement(this.line, this.line.lease(), this.driver,
			TransactionText.PLAIN, () -> null);

	@Test
	void demandPassesAsItIsBeforeAndAfterTheTurn() {
		TestPublisher<String> before = TestPublisher.create();
		Exchange.command(this.line, before).subscribe();
		this.statement.subscribe(this.caller);
		this.caller.request(2);
		this.caller.request(1);
		before.complete();
		this.driver.assertMinRequested(3).assertMaxRequested(3);
		this.caller.request(4);
		this.driver.next(result(), result(), result());
		this.driver.assertMinRequested(4).assertMaxRequested(4);
		assertThat(this.caller.getReceivedOnNext()).hasSize(3);
	}

	@Test
	void aRequestForNothingIsIgnored() {
		this.statement.subscribe(this.caller);
		this.caller.request(-1);
		this.caller.request(0);
		this.driver.assertMaxRequested(0);
	}

	@Test
	void resultsAndTheEndPass() {
		this.statement.subscribe(this.caller);
		this.caller.request(Long.MAX_VALUE);
		this.driver.next(result());
		assertThat(this.caller.getReceivedOnNext()).hasSize(1);
		this.driver.complete();
		assertThat(this.caller.isTerminatedComplete()).isTrue();
	}

	@Test
	void anErrorPasses() {
		IllegalStateException broken = new IllegalStateException("broken");
		this.statement.subscribe(this.caller);
		this.driver.error(broken);
		assertThat(this.caller.expectTerminalError()).isSameAs(broken).hasNoSuppressedExceptions();
		assertThat(this.line.active()).isNull();
	}

	@Test
	void theContextReachesTheDriver() {
		Mono<String> seen = Mono.deferContextual((context) -> Mono.just(context.get("who")));
		StepVerifier.create(Exchange.command(this.line, seen).contextWrite(Context.of("who", "caller")))
			.expectNext("caller")
			.expectComplete()
			.verify(LIMIT);
	}

	@Test
	void eachSubscriptionIsAnExchangeOfItsOwn() {
		Mono<String> command = Exchange.command(this.line, Mono.just("answer"));
		StepVerifier.create(Flux.concat(command, command)).expectNextCount(2).expectComplete().verify(LIMIT);
	}

	@Test
	void cancelledBeforeItIsInLineItIsNeverStarted() {
		TestSubscriber<Result> gone = TestSubscriber.create();
		gone.cancel();
		this.statement.subscribe(gone);
		this.driver.assertWasNotSubscribed();
		assertThat(this.line.active()).isNull();
	}

	@Test
	void cancelledWhileItWaitsItIsNeverStarted() {
		TestPublisher<String> before = TestPublisher.create();
		Exchange.command(this.line, before).subscribe();
		this.statement.subscribe(this.caller);
		this.caller.cancel();
		assertThat(this.line.isBlocked()).isFalse();
		before.complete();
		this.driver.assertWasNotSubscribed();
	}

	@Test
	void cancelledUnderWayTheDriverIsNotCancelledButReadToTheEnd() {
		this.statement.subscribe(this.caller);
		this.caller.request(1);
		this.driver.assertMaxRequested(1);
		this.caller.cancel();
		this.driver.assertNotCancelled().assertMinRequested(Long.MAX_VALUE);
		assertThat(active().isAbandoned()).isTrue();
		assertThat(this.line.hold(active())).as("still under way").isTrue();
		this.driver.complete();
		this.line.resume();
		assertThat(this.line.active()).isNull();
		assertThat(this.caller.isTerminated()).isFalse();
	}

	@Test
	void anErrorAfterTheCancelIsNotTold() {
		this.statement.subscribe(this.caller);
		this.caller.cancel();
		this.driver.error(new IllegalStateException("broken"));
		assertThat(this.line.active()).isNull();
		assertThat(this.caller.isTerminated()).isFalse();
	}

	@Test
	void aResultThatComesAfterTheCancelIsReadAndDropped() {
		TestPublisher<Result.Segment> rows = TestPublisher.create();
		SegmentResult.Counted row = new SegmentResult.Counted(1);
		this.statement.subscribe(this.caller);
		this.caller.cancel();
		this.driver.next(new SegmentResult(rows));
		assertThat(this.caller.getReceivedOnNext()).isEmpty();
		rows.assertMinRequested(Long.MAX_VALUE);
		assertThat(active().isAbandoned()).isTrue();
		rows.next(row);
		rows.complete();
		assertThat(row.refCnt()).isZero();
		rows.assertNotCancelled();
	}

	@Test
	void anotherValueThatComesAfterTheCancelIsDiscarded() {
		TestPublisher<String> source = TestPublisher.create();
		List<Object> discarded = new ArrayList<>();
		TestSubscriber<String> gone = TestSubscriber.builder().contextPut("who", "caller").build();
		Exchange.command(this.line, source)
			.contextWrite((context) -> Operators.enableOnDiscard(context, discarded::add))
			.subscribe(gone);
		gone.cancel();
		source.next("late").complete();
		assertThat(discarded).containsExactly("late");
		assertThat(gone.getReceivedOnNext()).isEmpty();
	}

	@Test
	void cancelledAfterTheEndNothingHappens() {
		this.statement.subscribe(this.caller);
		this.driver.complete();
		TestPublisher<String> next = TestPublisher.create();
		TestSubscriber<String> another = TestSubscriber.create();
		Exchange.command(this.line, next).subscribe(another);
		this.caller.cancel();
		assertThat(this.line.active()).isNotNull();
		next.emit("answer");
		assertThat(another.getReceivedOnNext()).containsExactly("answer");
		this.driver.assertNotCancelled();
	}

	@Test
	void theLineHasMovedOnWhenTheSubscriberHearsOfTheEnd() {
		List<Object> active = new ArrayList<>();
		this.statement.doOnTerminate(() -> active.add(String.valueOf(this.line.active()))).subscribe();
		this.driver.complete();
		TestPublisher<String> command = TestPublisher.create();
		Exchange.command(this.line, command)
			.doOnError((ex) -> active.add(String.valueOf(this.line.active())))
			.onErrorComplete()
			.subscribe();
		command.error(new IllegalStateException("broken"));
		assertThat(active).containsExactly("null", "null");
	}

	@Test
	void statementsMayBeKilledAndCommandsMayNot() {
		this.statement.subscribe(this.caller);
		assertThat(active().isKillable()).isTrue();
		this.driver.complete();
		Exchange.command(this.line, Mono.never()).subscribe();
		assertThat(active().isKillable()).isFalse();
	}

	@Test
	void itIsTheServerThatIsWaitedForAsLongAsThereIsDemand() {
		TestPublisher<Result.Segment> rows = TestPublisher.create();
		this.statement.subscribe(this.caller);
		assertThat(active().isWaitingForServer()).as("no demand for a result").isFalse();
		this.caller.request(1);
		assertThat(active().isWaitingForServer()).as("demand for a result").isTrue();
		this.driver.next(new SegmentResult(rows));
		assertThat(active().isWaitingForServer()).as("an untouched result").isFalse();
		TestSubscriber<Integer> consumer = TestSubscriber.builder().initialRequest(0).build();
		map(this.caller.getReceivedOnNext().get(0)).subscribe(consumer);
		assertThat(active().isWaitingForServer()).as("no demand for a row").isFalse();
		consumer.request(1);
		assertThat(active().isWaitingForServer()).as("demand for a row").isTrue();
		rows.next(new SegmentResult.Counted(1));
		assertThat(active().isWaitingForServer()).as("demand fulfilled").isFalse();
		assertThat(active().progress()).isOne();
		rows.complete();
		assertThat(active().isWaitingForServer()).as("no demand for another result").isFalse();
		this.caller.request(1);
		assertThat(active().isWaitingForServer()).as("demand for another result").isTrue();
	}

	@Test
	void whoCancelsAResultWaitsForItsRestButNotForTheNextResult() {
		TestPublisher<Result.Segment> rows = TestPublisher.create();
		this.statement.subscribe(this.caller);
		this.caller.request(1);
		this.driver.next(new SegmentResult(rows));
		TestSubscriber<Integer> consumer = TestSubscriber.create();
		map(this.caller.getReceivedOnNext().get(0)).subscribe(consumer);
		consumer.cancel();
		assertThat(active().isWaitingForServer()).isTrue();
		rows.complete();
		assertThat(active().isWaitingForServer()).isFalse();
	}

	@Test
	void aResultThatNobodyHasSubscribedToIsForgottenOnceTheStatementIsCancelled() {
		TestPublisher<Result.Segment> rows = TestPublisher.create();
		this.statement.subscribe(this.caller);
		this.caller.request(2);
		this.driver.next(new SegmentResult(rows));
		assertThat(active().isForgotten()).isFalse();
		this.driver.next(new SegmentResult(Flux.empty()));
		map(this.caller.getReceivedOnNext().get(1)).subscribe();
		this.caller.cancel();
		assertThat(active().isForgotten()).as("the first of two").isTrue();
		assertThat(active().isAbandoned()).isFalse();
		active().discardUntouched();
		rows.assertWasSubscribed();
		assertThat(active().isForgotten()).isFalse();
		assertThat(active().isAbandoned()).isTrue();
	}

	@Test
	void aVerdictIsToldInsteadOfTheDriversError() {
		IllegalStateException killed = new IllegalStateException("killed");
		R2dbcException verdict = new R2dbcTimeoutException("too late");
		this.statement.subscribe(this.caller);
		active().fail(verdict);
		assertThat(this.caller.isTerminated()).isFalse();
		this.driver.error(killed);
		assertThat(this.caller.expectTerminalError()).isSameAs(verdict).hasSuppressedException(killed);
	}

	@Test
	void aVerdictIsToldInsteadOfTheEnd() {
		this.statement.subscribe(this.caller);
		active().fail(VERDICT);
		this.driver.complete();
		assertThat(this.caller.expectTerminalError()).isSameAs(VERDICT);
	}

	@Test
	void aVerdictIsToldInsteadOfAResultWhichIsReadAndDropped() {
		TestPublisher<Result.Segment> rows = TestPublisher.create();
		this.statement.subscribe(this.caller);
		this.caller.request(1);
		active().fail(VERDICT);
		this.driver.next(new SegmentResult(rows));
		assertThat(this.caller.expectTerminalError()).isSameAs(VERDICT);
		rows.assertMinRequested(Long.MAX_VALUE);
		this.driver.assertNotCancelled().assertMinRequested(Long.MAX_VALUE - 1);
		rows.complete();
		this.driver.error(new IllegalStateException("killed"));
		assertThat(this.caller.getProtocolErrors()).isEmpty();
		assertThat(this.line.active()).isNull();
	}

	@Test
	void aVerdictIsToldInsteadOfAnotherValue() {
		TestPublisher<String> source = TestPublisher.create();
		TestSubscriber<String> asker = TestSubscriber.create();
		Exchange.command(this.line, source).subscribe(asker);
		active().fail(VERDICT);
		source.next("late").complete();
		assertThat(asker.getReceivedOnNext()).isEmpty();
		assertThat(asker.expectTerminalError()).isSameAs(VERDICT);
	}

	@Test
	void aVerdictReachesAllResultsThatAreNotOver() {
		List<TestPublisher<Result.Segment>> rows = new ArrayList<>();
		this.statement.subscribe(this.caller);
		this.caller.request(4);
		for (int i = 0; i < 4; i++) {
			TestPublisher<Result.Segment> source = TestPublisher.create();
			rows.add(source);
			this.driver.next(new SegmentResult(source));
		}
		// The first is untouched, the second under way, the third over, the last
		// untouched.
		TestSubscriber<Integer> second = TestSubscriber.create();
		map(this.caller.getReceivedOnNext().get(1)).subscribe(second);
		map(this.caller.getReceivedOnNext().get(2)).subscribe();
		rows.get(2).complete();
		active().fail(VERDICT);
		rows.get(0).assertWasSubscribed();
		rows.get(3).assertWasSubscribed();
		rows.get(1).next(new SegmentResult.Counted(1));
		assertThat(second.expectTerminalError()).isSameAs(VERDICT);
		StepVerifier.create(map(this.caller.getReceivedOnNext().get(0)))
			.expectErrorSatisfies((ex) -> assertThat(ex).isSameAs(VERDICT))
			.verify(LIMIT);
	}

	@Test
	void theResultsOfALongBatchAreNotKept() {
		this.statement.subscribe(this.caller);
		this.caller.request(Long.MAX_VALUE);
		List<TestPublisher<Result.Segment>> rows = new ArrayList<>();
		for (int i = 0; i < 10; i++) {
			TestPublisher<Result.Segment> source = TestPublisher.create();
			rows.add(source);
			this.driver.next(new SegmentResult(source));
			map(this.caller.getReceivedOnNext().get(i)).subscribe();
			if (i > 0) {
				rows.get(i - 1).complete();
			}
		}
		assertThat(active()).extracting("last.previous.previous.previous").isNull();
	}

	@Test
	void statementsWhoseResultsNobodyConsumesAreNotAllKept() {
		ExchangeLine unread = new ExchangeLine(
				new TransactionGuard(() -> false, () -> false, new ConnectionListeners()));
		for (int i = 0; i < 2_000; i++) {
			Exchange
				.statement(unread, unread.lease(), Flux.just(new SegmentResult(Flux.empty())), TransactionText.PLAIN,
						() -> null)
				.then()
				.block(LIMIT);
		}
		unread.endLease();
		assertThat(unread.takeLeftovers()).hasSize(256);
	}

	@Test
	void theResultsOfALongSeriesThatNobodyConsumesCostNoSquare() {
		ExchangeLine unread = new ExchangeLine(
				new TransactionGuard(() -> false, () -> false, new ConnectionListeners()));
		Flux<Result> results = Flux.range(0, 200_000).map((index) -> new SegmentResult(Flux.empty()));
		StepVerifier.create(Exchange.series(unread, unread.lease(), results, TransactionText.PLAIN, () -> null).then())
			.expectComplete()
			.verify(LIMIT);
	}

	@Test
	void cancelAndTurnThatMeetStartItOrNot() {
		for (int i = 0; i < ROUNDS; i++) {
			ExchangeLine raced = new ExchangeLine(
					new TransactionGuard(() -> false, () -> false, new ConnectionListeners()));
			Sinks.Empty<String> before = Sinks.empty();
			Exchange.command(raced, before.asMono()).subscribe();
			TestPublisher<Result> source = TestPublisher.create();
			TestSubscriber<Result> gone = TestSubscriber.builder().initialRequest(1).build();
			Exchange.statement(raced, raced.lease(), source, TransactionText.PLAIN, () -> null).subscribe(gone);
			RaceTestUtils.race(before::tryEmitEmpty, gone::cancel);
			source.assertNotCancelled();
			if (source.wasSubscribed()) {
				source.assertMinRequested(Long.MAX_VALUE);
				source.complete();
			}
			assertThat(raced.active()).isNull();
			assertThat(raced.isBlocked()).isFalse();
		}
	}

	@Test
	void cancelAndResultThatMeetLeaveNoneThatIsNeitherTakenNorDropped() {
		for (int i = 0; i < ROUNDS; i++) {
			ExchangeLine raced = new ExchangeLine(
					new TransactionGuard(() -> false, () -> false, new ConnectionListeners()));
			TestPublisher<Result> source = TestPublisher.create();
			TestSubscriber<Result> gone = TestSubscriber.create();
			AtomicBoolean dropped = new AtomicBoolean();
			Exchange.statement(raced, raced.lease(), source, TransactionText.PLAIN, () -> null).subscribe(gone);
			Result result = new SegmentResult(Flux.<Result.Segment>empty().doOnSubscribe((s) -> dropped.set(true)));
			RaceTestUtils.race(() -> source.next(result), gone::cancel);
			assertThat(dropped.get()).isNotEqualTo(!gone.getReceivedOnNext().isEmpty());
			source.assertNotCancelled();
		}
	}

	@Test
	void cancelAndEndThatMeetLetTheLineMoveOnOnce() {
		for (int i = 0; i < ROUNDS; i++) {
			ExchangeLine raced = new ExchangeLine(
					new TransactionGuard(() -> false, () -> false, new ConnectionListeners()));
			TestPublisher<Result> source = TestPublisher.create();
			TestPublisher<String> next = TestPublisher.create();
			TestSubscriber<Result> gone = TestSubscriber.create();
			Exchange.statement(raced, raced.lease(), source, TransactionText.PLAIN, () -> null).subscribe(gone);
			Exchange.command(raced, next).subscribe();
			RaceTestUtils.race(source::complete, gone::cancel);
			next.assertWasSubscribed();
			assertThat(raced.active()).isNotNull();
			source.assertNotCancelled();
			assertThat(gone.getProtocolErrors()).isEmpty();
		}
	}

	@Test
	void verdictAndResultThatMeetAreToldOnce() {
		for (int i = 0; i < ROUNDS; i++) {
			ExchangeLine raced = new ExchangeLine(
					new TransactionGuard(() -> false, () -> false, new ConnectionListeners()));
			TestPublisher<Result> source = TestPublisher.create();
			AtomicReference<Throwable> statementHears = new AtomicReference<>();
			List<Throwable> resultsHear = new ArrayList<>();
			Exchange.statement(raced, raced.lease(), source, TransactionText.PLAIN, () -> null)
				.flatMap((result) -> map(result).doOnError(resultsHear::add))
				.subscribe(null, (ex) -> statementHears.accumulateAndGet(ex,
						(before, now) -> (before != null) ? new IllegalStateException("told twice") : now));
			Exchange<?> exchange = raced.active();
			assertThat(exchange).isNotNull();
			TestPublisher<Result.Segment> rows = TestPublisher.create();
			RaceTestUtils.race(() -> source.next(new SegmentResult(rows)), () -> exchange.fail(VERDICT));
			rows.next(new SegmentResult.Counted(1));
			rows.complete();
			source.complete();
			assertThat(statementHears).hasValue(VERDICT);
			assertThat(resultsHear).hasSizeLessThanOrEqualTo(1);
			assertThat(raced.active()).isNull();
		}
	}

	private static Flux<Integer> map(Result result) {
		return Flux.from(result.map((row) -> row.get(0, Integer.class)));
	}

	private static Result result() {
		return new SegmentResult(Flux.empty());
	}

	private Exchange<?> active() {
		Exchange<?> active = this.line.active();
		assertThat(active).isNotNull();
		return active;
	}

}
