package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Result.Segment;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.subscriber.TestSubscriber;
import reactor.test.util.RaceTestUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link GuardedResult} and its {@link Consumption}.
 */
class GuardedResultTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private static final int ROUNDS = 5_000;

	private static final IllegalStateException BROKEN = new IllegalStateException("broken");

	private static final R2dbcException VERDICT = new R2dbcTimeoutException("too late");

	private final ExchangeLine line = new ExchangeLine(
			new TransactionGuard(() -> false, () -> false, new ConnectionListeners()));

	private final TestPublisher<Result> driver = TestPublisher.create();

	private final TestPublisher<Segment> segments = TestPublisher.create();

	private final TestSubscriber<Result> caller = TestSubscriber.create();

	private final TestSubscriber<Object> consumer = TestSubscriber.builder().initialRequest(0).build();

	private final List<SegmentResult.Counted> rows = new ArrayList<>();

	private final AtomicInteger calls = new AtomicInteger();

	@BeforeEach
	void handOver() {
		Exchange.statement(this.line, this.line.lease(), this.driver, TransactionText.PLAIN, () -> null)
			.subscribe(this.caller);
		this.driver.next(new SegmentResult(this.segments));
	}

	@ParameterizedTest
	@EnumSource
	void valuesAndTheEndPass(Way way) {
		consume(way, this::value);
		this.consumer.request(10);
		send(2);
		this.segments.complete();
		assertThat(this.consumer.getReceivedOnNext()).containsExactly(1, 2);
		assertThat(this.consumer.isTerminatedComplete()).isTrue();
		assertReleased();
	}

	@ParameterizedTest
	@EnumSource(names = "FLAT_MAP", mode = EnumSource.Mode.EXCLUDE)
	void demandPassesAsItIs(Way way) {
		consume(way, this::value);
		this.segments.assertMaxRequested(0);
		this.consumer.request(2);
		this.segments.assertMinRequested(2).assertMaxRequested(2);
		send(2);
		this.consumer.request(1);
		this.segments.assertMinRequested(1).assertMaxRequested(1);
	}

	@Test
	void aRequestForNothingIsIgnored() {
		consume(Way.MAP, this::value);
		this.consumer.request(0);
		this.consumer.request(-1);
		this.segments.assertMaxRequested(0);
	}

	@ParameterizedTest
	@EnumSource
	void anErrorOfTheDriverPasses(Way way) {
		consume(way, this::value);
		this.segments.error(BROKEN);
		assertThat(this.consumer.expectTerminalError()).isSameAs(BROKEN).hasNoSuppressedExceptions();
	}

	@ParameterizedTest
	@EnumSource
	void cancelledItIsReadToTheEndWithoutTheFunctions(Way way) {
		consume(way, this::value);
		this.consumer.request(1);
		send(1);
		assertThat(this.calls).hasValue(1);
		this.consumer.cancel();
		this.segments.assertNotCancelled().assertMinRequested(10);
		send(3);
		this.segments.complete();
		assertThat(this.calls).hasValue(1);
		assertThat(this.consumer.getReceivedOnNext()).containsExactly(1);
		assertThat(this.consumer.isTerminated()).isFalse();
		assertReleased();
	}

	@ParameterizedTest
	@EnumSource
	void cancelledBeforeTheFirstRowItIsReadToTheEnd(Way way) {
		consume(way, this::value);
		this.consumer.cancel();
		send(2);
		this.segments.assertNotCancelled();
		this.segments.error(BROKEN);
		assertThat(this.calls).hasValue(0);
		assertThat(this.consumer.isTerminated()).isFalse();
		assertReleased();
	}

	@Test
	void cancelledAfterTheEndNothingHappens() {
		consume(Way.MAP, this::value);
		this.segments.complete();
		this.consumer.cancel();
		this.segments.assertNotCancelled();
		assertThat(this.consumer.getProtocolErrors()).isEmpty();
	}

	@ParameterizedTest
	@EnumSource
	void anExceptionOfAFunctionIsToldOnceAndTheRestIsRead(Way way) {
		consume(way, (row) -> {
			value(row);
			throw BROKEN;
		});
		this.consumer.request(1);
		send(1);
		assertThat(this.consumer.expectTerminalError()).isSameAs(BROKEN);
		send(3);
		this.segments.complete();
		assertThat(this.calls).hasValue(1);
		assertThat(this.consumer.getProtocolErrors()).isEmpty();
		this.segments.assertNotCancelled();
		assertReleased();
	}

	@ParameterizedTest
	@EnumSource(names = "FILTER", mode = EnumSource.Mode.EXCLUDE)
	@SuppressWarnings("NullAway") // What a caller may do nevertheless.
	void aFunctionThatGivesNullIsAClearError(Way way) {
		consume(way, (row) -> null);
		this.consumer.request(1);
		send(2);
		this.segments.complete();
		assertThat(this.consumer.expectTerminalError()).isInstanceOf(NullPointerException.class)
			.hasMessage("The mapping function returned null, which a reactive stream cannot carry. "
					+ "Return an Optional, or leave such rows out by SQL");
		this.segments.assertNotCancelled();
		assertReleased();
	}

	@Test
	void anExceptionOfAFilterIsToldInsteadOfTheNumberOfRows() {
		StepVerifier.create(result().filter((segment) -> {
			throw BROKEN;
		}).getRowsUpdated())
			.then(() -> this.segments.next(new SegmentResult.Updated(3)))
			.then(this.segments::complete)
			.expectErrorSatisfies((ex) -> assertThat(ex).isSameAs(BROKEN))
			.verify(LIMIT);
	}

	@Test
	void anExceptionOfTheFirstOfTwoFiltersIsToldAtOnceAndTheSecondIsNotCalled() {
		Flux.<Object>from(result().filter((segment) -> {
			throw BROKEN;
		}).filter((segment) -> {
			this.calls.incrementAndGet();
			return false;
		}).map(this::value)).subscribe(this.consumer);
		this.consumer.request(1);
		send(1);
		assertThat(this.consumer.expectTerminalError()).isSameAs(BROKEN);
		assertThat(this.calls).hasValue(0);
		assertReleased();
	}

	@Test
	void anExceptionOfAFilterIsToldThoughTheDriverFailsWithTheSame() {
		Flux.<Object>from(result().filter((segment) -> {
			throw BROKEN;
		}).map(this::value)).subscribe(this.consumer);
		this.consumer.request(1);
		this.segments.next(new SegmentResult.Updated(1));
		this.segments.error(BROKEN);
		assertThat(this.consumer.expectTerminalError()).isSameAs(BROKEN);
	}

	@Test
	void aFilterLetsThroughWhatItIsAskedTo() {
		Flux.<Object>from(result().filter((segment) -> ((Result.RowSegment) segment).row().get(0, Integer.class) > 1)
			.map(this::value)).subscribe(this.consumer);
		this.consumer.request(10);
		send(3);
		assertThat(this.consumer.getReceivedOnNext()).containsExactly(2, 3);
		assertReleased();
	}

	@Test
	void theNumberOfRowsPassesThroughAMono() {
		StepVerifier.create(result().getRowsUpdated()).then(() -> {
			this.segments.next(new SegmentResult.Updated(3));
			this.segments.next(new SegmentResult.Updated(4));
			send(1);
			this.segments.complete();
		}).expectNext(7L).expectComplete().verify(LIMIT);
		assertReleased();
	}

	@Test
	void theNumberOfRowsCanBeCancelled() {
		StepVerifier.create(result().getRowsUpdated()).thenCancel().verify(LIMIT);
		this.segments.assertNotCancelled();
		send(1);
		this.segments.complete();
		assertReleased();
		this.caller.cancel();
		assertThat(active().isAbandoned()).isTrue();
	}

	@Test
	void theSecondRowOfAMapThatTakesMetadataIsRead() {
		Flux.<Object>from(result().map((row, metadata) -> value(row))).take(2).subscribe(this.consumer);
		this.consumer.request(10);
		send(3);
		this.segments.assertNotCancelled();
		assertThat(this.consumer.getReceivedOnNext()).containsExactly(1, 2);
		assertThat(this.calls).hasValue(2);
		assertReleased();
	}

	@Test
	void anErrorOfAPublisherOfTheConsumerIsToldOnceAndTheRestIsRead() {
		TestPublisher<Object> inner = TestPublisher.create();
		flatMap(inner);
		this.consumer.request(10);
		send(2);
		inner.error(BROKEN);
		assertThat(this.consumer.expectTerminalError()).isSameAs(BROKEN);
		send(2);
		this.segments.complete();
		assertThat(this.consumer.getProtocolErrors()).isEmpty();
		assertThat(this.calls).hasValue(2);
		this.segments.assertNotCancelled();
		assertReleased();
	}

	@Test
	void thePublishersOfTheConsumerAreCancelledWithIt() {
		TestPublisher<Object> inner = TestPublisher.create();
		flatMap(inner);
		this.consumer.request(10);
		send(2);
		assertThat(active().isWaitingForServer()).as("the consumer's own publishers work").isFalse();
		this.consumer.cancel();
		inner.assertCancelled(2);
		assertThat(active().isWaitingForServer()).isTrue();
		this.segments.assertNotCancelled();
		send(1);
		this.segments.complete();
		inner.assertCancelled(2);
		assertReleased();
	}

	@Test
	void demandHoldsBackThePublishersOfTheConsumer() {
		TestPublisher<Object> inner = TestPublisher.create();
		flatMap(inner);
		this.consumer.request(1);
		send(1);
		inner.next("a", "b");
		assertThat(this.consumer.getReceivedOnNext()).containsExactly("a");
		this.consumer.request(1);
		assertThat(this.consumer.getReceivedOnNext()).containsExactly("a", "b");
		inner.complete();
		this.segments.complete();
		assertThat(this.consumer.isTerminatedComplete()).isTrue();
		assertReleased();
	}

	@Test
	void whatComesOutOfAFunctionAfterTheCancelIsDiscarded() {
		List<Object> discarded = new ArrayList<>();
		Flux.<Object>from(result().map((row) -> {
			this.consumer.cancel();
			return "late";
		})).contextWrite((context) -> Operators.enableOnDiscard(context, discarded::add)).subscribe(this.consumer);
		this.consumer.request(10);
		send(2);
		assertThat(this.consumer.getReceivedOnNext()).isEmpty();
		assertThat(discarded).containsExactly("late");
		assertReleased();
	}

	@Test
	void theContextOfTheConsumerReachesItsPublishers() {
		Flux.<Object>from(
				result().flatMap((segment) -> Mono.deferContextual((context) -> Mono.just(context.get("who")))))
			.contextWrite((context) -> context.put("who", "consumer"))
			.subscribe(this.consumer);
		this.consumer.request(1);
		send(1);
		assertThat(this.consumer.getReceivedOnNext()).containsExactly("consumer");
	}

	@Test
	void aSecondSubscriptionIsAClearError() {
		Publisher<Object> mapped = result().map(this::value);
		Flux.from(mapped).subscribe(this.consumer);
		StepVerifier.create(mapped).expectErrorMessage("A result can be consumed once only").verify(LIMIT);
		StepVerifier.create(result().getRowsUpdated()).expectError(IllegalStateException.class).verify(LIMIT);
		this.segments.complete();
		assertThat(this.consumer.isTerminatedComplete()).isTrue();
	}

	@Test
	void aSubscriptionThatComesTooLateIsAClearErrorAndTheResultWasRead() {
		active().discardUntouched();
		send(2);
		this.segments.complete();
		assertReleased();
		StepVerifier.create(result().map(this::value))
			.expectErrorMessage("The result was dropped, as nobody had consumed it when its connection was given back "
					+ "or needed for the next statement, or within the response limit. Consume each result where it is published, "
					+ "as by flatMap((result) -> result.map(…))")
			.verify(LIMIT);
		assertThat(this.calls).hasValue(0);
	}

	@Test
	void aDiscardedResultWhoseEndIsAnErrorIsOver() {
		active().discardUntouched();
		active().discardUntouched();
		this.segments.assertWasSubscribed();
		this.segments.error(BROKEN);
		this.caller.cancel();
		assertThat(active().isAbandoned()).isTrue();
	}

	@ParameterizedTest
	@EnumSource
	void aVerdictIsToldWithTheNextRowWithoutTheFunctions(Way way) {
		consume(way, this::value);
		this.consumer.request(1);
		active().fail(VERDICT);
		assertThat(this.consumer.isTerminated()).isFalse();
		send(1);
		assertThat(this.consumer.expectTerminalError()).isSameAs(VERDICT);
		send(1);
		this.segments.error(BROKEN);
		assertThat(this.calls).hasValue(0);
		assertThat(this.consumer.getProtocolErrors()).isEmpty();
		assertReleased();
	}

	@ParameterizedTest
	@EnumSource
	void aVerdictIsToldInsteadOfTheEnd(Way way) {
		consume(way, this::value);
		active().fail(VERDICT);
		this.segments.complete();
		assertThat(this.consumer.expectTerminalError()).isSameAs(VERDICT);
	}

	@ParameterizedTest
	@EnumSource
	void aVerdictIsToldInsteadOfTheDriversError(Way way) {
		R2dbcException verdict = new R2dbcTimeoutException("too late");
		consume(way, this::value);
		active().fail(verdict);
		this.segments.error(BROKEN);
		assertThat(this.consumer.expectTerminalError()).isSameAs(verdict).hasSuppressedException(BROKEN);
	}

	@Test
	void aVerdictIsToldToAConsumerWithoutDemand() {
		consume(Way.MAP, this::value);
		active().fail(VERDICT);
		this.segments.assertMinRequested(10);
		send(1);
		assertThat(this.consumer.expectTerminalError()).isSameAs(VERDICT);
	}

	@Test
	void aVerdictIsToldToAConsumerWhosePublisherNeverEnds() {
		TestPublisher<Object> inner = TestPublisher.create();
		flatMap(inner);
		this.consumer.request(1);
		send(1);
		active().fail(VERDICT);
		inner.assertCancelled();
		this.segments.complete();
		assertThat(this.consumer.expectTerminalError()).isSameAs(VERDICT);
		assertReleased();
	}

	@Test
	void cancelAndRowsThatMeetLoseNoRow() {
		for (int i = 0; i < ROUNDS; i++) {
			Raced raced = new Raced().subscribed(10);
			SegmentResult.Counted second = new SegmentResult.Counted(2);
			RaceTestUtils.race(() -> {
				raced.row();
				raced.segments.next(second);
			}, raced.consumer::cancel);
			raced.segments.assertNotCancelled().assertMinRequested(10);
			raced.segments.complete();
			assertThat(raced.consumer.isTerminated()).isFalse();
			assertThat(raced.consumer.getReceivedOnNext().size() + raced.discarded.size()).isEqualTo(raced.calls.get());
			assertThat(second.refCnt()).isZero();
			assertThat(raced.exchange.isAbandoned()).isTrue();
		}
	}

	@Test
	void cancelAndEndThatMeetCloseTheResultOnce() {
		for (int i = 0; i < ROUNDS; i++) {
			Raced raced = new Raced().subscribed(1);
			RaceTestUtils.race(raced.segments::complete, raced.consumer::cancel);
			assertThat(raced.exchange.isAbandoned()).isTrue();
			assertThat(raced.consumer.getProtocolErrors()).isEmpty();
			raced.segments.assertNotCancelled();
		}
	}

	@Test
	void verdictAndRowThatMeetAreToldOnce() {
		for (int i = 0; i < ROUNDS; i++) {
			Raced raced = new Raced().subscribed(1);
			RaceTestUtils.race(raced::row, () -> raced.exchange.fail(VERDICT));
			raced.row();
			assertThat(raced.consumer.expectTerminalError()).isSameAs(VERDICT);
			raced.segments.complete();
			assertThat(raced.consumer.getProtocolErrors()).isEmpty();
			assertThat(raced.exchange.isAbandoned()).isTrue();
		}
	}

	@Test
	void verdictAndSubscriptionThatMeetAreToldOnceAndTheRestIsRead() {
		for (int i = 0; i < ROUNDS; i++) {
			Raced raced = new Raced();
			RaceTestUtils.race(raced::subscribe, () -> raced.exchange.fail(VERDICT));
			raced.segments.assertWasSubscribed();
			raced.segments.assertMinRequested(10);
			assertThat(raced.row().refCnt()).isZero();
			raced.segments.complete();
			assertThat(raced.consumer.expectTerminalError()).isSameAs(VERDICT);
			assertThat(raced.consumer.getProtocolErrors()).isEmpty();
		}
	}

	@Test
	void discardAndSubscriptionThatMeetLeaveOneReader() {
		for (int i = 0; i < ROUNDS; i++) {
			Raced raced = new Raced();
			RaceTestUtils.race(raced::subscribe, raced.exchange::discardUntouched);
			assertThat(raced.segments.subscribeCount()).isOne();
			raced.segments.complete();
			assertThat(raced.consumer.isTerminated()).isTrue();
			assertThat(raced.exchange.isAbandoned()).isTrue();
		}
	}

	@Test
	void cancelAndAPublisherOfTheConsumerThatMeetLeaveNothingBehind() {
		for (int i = 0; i < ROUNDS; i++) {
			ExchangeLine raced = new ExchangeLine(
					new TransactionGuard(() -> false, () -> false, new ConnectionListeners()));
			TestPublisher<Segment> source = TestPublisher.create();
			TestSubscriber<Object> gone = TestSubscriber.create();
			TestPublisher<Object> inner = TestPublisher.create();
			Exchange
				.statement(raced, raced.lease(), Mono.just(new SegmentResult(source)).concatWith(Flux.never()),
						TransactionText.PLAIN, () -> null)
				.take(1)
				.flatMap((result) -> result.<Object>flatMap((segment) -> inner))
				.subscribe(gone);
			SegmentResult.Updated segment = new SegmentResult.Updated(1);
			RaceTestUtils.race(() -> source.next(segment), gone::cancel);
			assertThat(inner.wasSubscribed()).isEqualTo(inner.wasCancelled());
			source.assertNotCancelled();
			Exchange<?> exchange = raced.active();
			assertThat(exchange).isNotNull();
			assertThat(exchange.isWaitingForServer()).isTrue();
			assertThat(exchange.isAbandoned()).isTrue();
		}
	}

	private void consume(Way way, Function<Readable, Object> function) {
		Flux.<Object>from(way.values(result(), function)).subscribe(this.consumer);
	}

	private void flatMap(TestPublisher<Object> inner) {
		Flux.<Object>from(result().flatMap((segment) -> {
			this.calls.incrementAndGet();
			return inner;
		})).subscribe(this.consumer);
	}

	private Object value(Readable row) {
		this.calls.incrementAndGet();
		return row.get(0, Integer.class);
	}

	private Result result() {
		return this.caller.getReceivedOnNext().get(0);
	}

	private void send(int count) {
		for (int i = 0; i < count; i++) {
			SegmentResult.Counted row = new SegmentResult.Counted(this.rows.size() + 1);
			this.rows.add(row);
			this.segments.next(row);
		}
	}

	private void assertReleased() {
		assertThat(this.rows).extracting(SegmentResult.Counted::refCnt).containsOnly(0);
	}

	private Exchange<?> active() {
		Exchange<?> active = this.line.active();
		assertThat(active).isNotNull();
		return active;
	}

	/**
	 * A way to consume the rows of a result by a function.
	 */
	enum Way {

		MAP {
			@Override
			Publisher<Object> values(Result result, Function<Readable, Object> function) {
				return result.map(function);
			}
		},

		MAP_WITH_METADATA {
			@Override
			Publisher<Object> values(Result result, Function<Readable, Object> function) {
				return result.map((row, metadata) -> function.apply(row));
			}
		},

		FILTER {
			@Override
			Publisher<Object> values(Result result, Function<Readable, Object> function) {
				return result.filter((segment) -> {
					function.apply(((Result.RowSegment) segment).row());
					return true;
				}).map((row) -> row.get(0, Integer.class));
			}
		},

		FLAT_MAP {
			@Override
			Publisher<Object> values(Result result, Function<Readable, Object> function) {
				return result.flatMap((segment) -> {
					Object value = function.apply(((Result.RowSegment) segment).row());
					return (value != null) ? Mono.just(value) : null;
				});
			}
		};

		abstract Publisher<Object> values(Result result, Function<Readable, Object> function);

	}

	/**
	 * A result whose statement is cancelled.
	 */
	private static final class Raced {

		private final TestPublisher<Segment> segments = TestPublisher.create();

		private final TestSubscriber<Object> consumer = TestSubscriber.builder().initialRequest(0).build();

		private final List<Object> discarded = new ArrayList<>();

		private final AtomicInteger calls = new AtomicInteger();

		private final Exchange<?> exchange;

		private final Result result;

		Raced() {
			ExchangeLine line = new ExchangeLine(
					new TransactionGuard(() -> false, () -> false, new ConnectionListeners()));
			TestPublisher<Result> driver = TestPublisher.create();
			TestSubscriber<Result> caller = TestSubscriber.create();
			Exchange.statement(line, line.lease(), driver, TransactionText.PLAIN, () -> null).subscribe(caller);
			driver.next(new SegmentResult(this.segments));
			caller.cancel();
			this.result = caller.getReceivedOnNext().get(0);
			Exchange<?> active = line.active();
			assertThat(active).isNotNull();
			this.exchange = active;
		}

		Raced subscribed(long demand) {
			subscribe();
			this.consumer.request(demand);
			return this;
		}

		void subscribe() {
			Flux.<Object>from(this.result.map((row) -> this.calls.incrementAndGet()))
				.contextWrite((context) -> Operators.enableOnDiscard(context, this.discarded::add))
				.subscribe(this.consumer);
		}

		SegmentResult.Counted row() {
			SegmentResult.Counted row = new SegmentResult.Counted(1);
			this.segments.next(row);
			return row;
		}

	}

}
