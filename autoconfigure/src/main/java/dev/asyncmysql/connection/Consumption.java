package dev.asyncmysql.connection;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Result.Message;
import io.r2dbc.spi.Result.Segment;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;
import reactor.util.context.Context;

/**
 * What becomes of one result: it hands the driver's signals on, and where its consumer
 * cancels or fails, asks for the rest and drops it.
 */
final class Consumption implements CoreSubscriber<Object>, Subscription {

	private static final Log logger = LogFactory.getLog(Consumption.class);

	private static final AtomicIntegerFieldUpdater<Consumption> STATE = AtomicIntegerFieldUpdater
		.newUpdater(Consumption.class, "state");

	private static final AtomicLongFieldUpdater<Consumption> REQUESTED = AtomicLongFieldUpdater
		.newUpdater(Consumption.class, "requested");

	private static final AtomicLongFieldUpdater<Consumption> PRODUCED = AtomicLongFieldUpdater
		.newUpdater(Consumption.class, "produced");

	private static final AtomicIntegerFieldUpdater<Consumption> INNER = AtomicIntegerFieldUpdater
		.newUpdater(Consumption.class, "inner");

	/** Handed over, not subscribed to. */
	private static final int UNTOUCHED = 0;

	private static final int UNDER_WAY = 1;

	/** Its statement has failed; the consumer hears of it with the next signal. */
	private static final int FAILED = 2;

	/** Nobody wants the rest. */
	private static final int DROPPED = 3;

	private static final int ENDED = 4;

	private final Result result;

	private final Exchange<?> exchange;

	private volatile @Nullable Consumption previous;

	private volatile int state;

	private volatile long requested;

	private volatile long produced;

	private volatile int inner;

	private volatile @Nullable Failure filterFailure;

	private volatile Sinks.@Nullable Empty<Void> over;

	private @Nullable CoreSubscriber<? super Object> consumer;

	private @Nullable Subscription upstream;

	private volatile boolean subscribed;

	private boolean counts;

	private volatile long changed;

	/** Whether a row came that nobody wanted. */
	private boolean missed;

	/**
	 * Create the state of a result.
	 * @param result what the driver has published
	 * @param exchange the exchange that it belongs to
	 * @param previous the result before this one, or {@code null} for none
	 */
	Consumption(Result result, Exchange<?> exchange, @Nullable Consumption previous) {
		this.result = result;
		this.exchange = exchange;
		this.previous = previous;
	}

	/**
	 * Return the one before this that is not over, and forget those in between.
	 * @return another result of the exchange, or {@code null} for none
	 */
	@Nullable Consumption previous() {
		Consumption before = this.previous;
		while (before != null && before.state >= DROPPED) {
			before = before.previous;
		}
		this.previous = before;
		return before;
	}

	/**
	 * Let a consumer have the number of rows that the statement has changed.
	 * @param source the number, as the driver publishes it
	 * @param actual the consumer
	 */
	void count(Publisher<Long> source, CoreSubscriber<? super Long> actual) {
		this.counts = true;
		start(source, actual);
	}

	@SuppressWarnings("unchecked")
	void start(Publisher<?> source, CoreSubscriber<?> actual) {
		if (STATE.compareAndSet(this, UNTOUCHED, UNDER_WAY)) {
			this.consumer = (CoreSubscriber<? super Object>) actual;
			source.subscribe(this);
			return;
		}
		R2dbcException verdict = this.exchange.verdict();
		Operators.error(actual, (verdict != null) ? verdict : new IllegalStateException((this.consumer != null)
				? "A result can be consumed once only"
				: "The result was dropped, as nobody had consumed it when its connection was given back or needed for the next statement, or within the response limit. "
						+ "Consume each result where it is published, as by flatMap((result) -> result.map(…))"));
	}

	/**
	 * Read what nobody has subscribed to, and drop it.
	 * @return {@code false} where somebody has
	 */
	boolean discard() {
		if (!STATE.compareAndSet(this, UNTOUCHED, DROPPED)) {
			return false;
		}
		this.exchange.closed(0);
		Flux.from(this.result.filter(this::isNothing).getRowsUpdated())
			.subscribe(null, this::onError, this::onComplete);
		return true;
	}

	// What the server undoes matters to the transaction, whoever hears of it.
	private boolean isNothing(Segment segment) {
		translated(segment);
		return false;
	}

	/**
	 * Return what a consumer is to see of a segment.
	 * @param segment what the driver has published
	 * @return the same, or an error as Spring knows it
	 */
	Segment translated(Segment segment) {
		return (segment instanceof Message message && !(segment instanceof Translated)
				&& this.exchange.failed(message.exception()) instanceof R2dbcException failure)
						? new Translated(message, failure) : segment;
	}

	/**
	 * Let the consumer hear of the failure of its statement with the next signal.
	 */
	void fail() {
		if (!discard() && STATE.compareAndSet(this, UNDER_WAY, FAILED) && this.subscribed) {
			hurry();
		}
	}

	// Without demand, or behind a publisher of the consumer, no signal would come.
	private void hurry() {
		Sinks.Empty<Void> end = this.over;
		if (end != null) {
			end.tryEmitEmpty();
		}
		Subscription source = this.upstream;
		if (source != null) {
			source.request(Long.MAX_VALUE);
		}
	}

	boolean isEnded() {
		return this.state == ENDED;
	}

	boolean isUntouched() {
		return this.state == UNTOUCHED;
	}

	/**
	 * Return whether the functions of the consumer are to be called no more.
	 * @return {@code true} once nobody wants the rest, or the consumer is to hear of a
	 * failure
	 */
	boolean isOver() {
		return this.state > UNDER_WAY || this.filterFailure != null;
	}

	boolean isDropped() {
		return this.state >= DROPPED;
	}

	/**
	 * Return whether it is the server that is waited for, rather than a consumer.
	 * @return {@code false} where there is no demand, or a consumer's own publisher works
	 */
	boolean isWaitingForServer() {
		return switch (this.state) {
			case UNTOUCHED -> false;
			case UNDER_WAY -> this.requested > this.produced && this.inner == 0;
			default -> true;
		};
	}

	long produced() {
		return this.produced;
	}

	void filterFailed(Failure failure) {
		this.filterFailure = failure;
	}

	/**
	 * Prepare for publishers of the consumer, which have to end with it.
	 */
	void expectInner() {
		this.over = Sinks.empty();
	}

	Publisher<?> inner(@Nullable Publisher<?> publisher) {
		Sinks.Empty<Void> end = this.over;
		if (publisher == null || end == null) {
			return Mono.just(Failure.noValue());
		}
		INNER.incrementAndGet(this);
		return Flux.<Object>from(publisher)
			.takeUntilOther(end.asMono())
			.onErrorResume((ex) -> Mono.just(new Failure(ex)))
			.doFinally((signal) -> INNER.decrementAndGet(this));
	}

	@Override
	public Context currentContext() {
		CoreSubscriber<? super Object> actual = this.consumer;
		return (actual != null) ? actual.currentContext() : Context.empty();
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		this.upstream = subscription;
		consumer().onSubscribe(this);
		this.subscribed = true;
		if (this.state == FAILED) {
			hurry();
		}
	}

	private CoreSubscriber<? super Object> consumer() {
		CoreSubscriber<? super Object> actual = this.consumer;
		if (actual == null) {
			throw new IllegalStateException("No consumer yet");
		}
		return actual;
	}

	@Override
	public void onNext(Object value) {
		Failure failure = (value instanceof Failure own && own != Failure.SKIPPED) ? own : this.filterFailure;
		if (this.state == UNDER_WAY && failure == null) {
			PRODUCED.lazySet(this, this.produced + 1);
			if (this.counts && value instanceof Long number) {
				this.changed = this.changed + number;
			}
			consumer().onNext(value);
		}
		else if (this.state >= DROPPED) {
			this.missed = true;
			if (!(value instanceof Failure)) {
				Operators.onDiscard(value, currentContext());
			}
		}
		else {
			Throwable reason = reason(failure);
			if (drop()) {
				consumer().onError((reason != null) ? reason : new IllegalStateException("No reason"));
			}
		}
	}

	@Override
	public void onError(Throwable thrown) {
		Throwable ex = this.exchange.failed(thrown);
		if (end(false)) {
			Throwable reason = reason(this.filterFailure);
			consumer().onError((reason != null) ? Exceptions.addSuppressed(reason, ex) : ex);
		}
		else {
			logger.debug("The end of a result that nobody waits for", ex);
		}
	}

	@Override
	public void onComplete() {
		Throwable reason = (this.state == FAILED || this.filterFailure != null) ? reason(this.filterFailure) : null;
		if (end(reason == null)) {
			if (reason != null) {
				consumer().onError(reason);
			}
			else {
				consumer().onComplete();
			}
		}
		else if (!this.missed && this.produced > 0) {
			this.exchange.satisfied();
		}
	}

	private @Nullable Throwable reason(@Nullable Failure failure) {
		Throwable verdict = this.exchange.verdict();
		return (verdict == null && failure != null) ? failure.reason : verdict;
	}

	private boolean end(boolean normally) {
		if (STATE.getAndSet(this, ENDED) >= DROPPED) {
			return false;
		}
		if (normally) {
			this.exchange.served();
		}
		this.exchange.closed(this.changed + (this.counts ? 0 : this.produced));
		return true;
	}

	private boolean drop() {
		int before = STATE.getAndUpdate(this, (current) -> (current == ENDED) ? ENDED : DROPPED);
		if (before >= DROPPED) {
			return false;
		}
		this.exchange.disturbed();
		this.exchange.closed(this.changed + (this.counts ? 0 : this.produced));
		hurry();
		return true;
	}

	@Override
	public void request(long n) {
		Subscription source = this.upstream;
		if (Operators.validate(n) && source != null) {
			if (this.requested != Long.MAX_VALUE) {
				Operators.addCap(REQUESTED, this, n);
			}
			source.request(n);
		}
	}

	@Override
	public void cancel() {
		drop();
	}

	/**
	 * An error of the server, as Spring knows it.
	 *
	 * @param original what the driver has published
	 * @param exception the exception for the caller
	 */
	private record Translated(Message original, R2dbcException exception) implements Message {

		@Override
		public int errorCode() {
			return this.original.errorCode();
		}

		@Override
		public @Nullable String sqlState() {
			return this.original.sqlState();
		}

		@Override
		public String message() {
			return this.original.message();
		}

	}

	/**
	 * What stands in the place of a row where a function of the consumer has failed.
	 */
	static final class Failure {

		/** For a row that nobody wants. */
		static final Failure SKIPPED = new Failure(null);

		private final @Nullable Throwable reason;

		Failure(@Nullable Throwable reason) {
			this.reason = reason;
		}

		static Failure noValue() {
			return new Failure(new NullPointerException(
					"The mapping function returned null, which a reactive stream cannot carry. "
							+ "Return an Optional, or leave such rows out by SQL"));
		}

	}

}
