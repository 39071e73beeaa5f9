package dev.asyncmysql.connection;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
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

	private final @Nullable Consumption previous;

	private volatile int state;

	private volatile long requested;

	private long produced;

	private volatile int inner;

	private volatile @Nullable Failure filterFailure;

	private volatile Sinks.@Nullable Empty<Void> over;

	private @Nullable CoreSubscriber<? super Object> consumer;

	private @Nullable Subscription upstream;

	/**
	 * Create the state of a result.
	 * @param result what the driver has published
	 * @param exchange the exchange that it belongs to
	 * @param previous another result of the exchange that may be unconsumed as well
	 */
	Consumption(Result result, Exchange<?> exchange, @Nullable Consumption previous) {
		this.result = result;
		this.exchange = exchange;
		this.previous = previous;
	}

	@Nullable Consumption previous() {
		return this.previous;
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
				: "The result was dropped, as nobody had consumed it when its connection was given back or needed for the next statement. "
						+ "Consume each result where it is published, as by flatMap((result) -> result.map(…))"));
	}

	/**
	 * Read what nobody has subscribed to, and drop it.
	 */
	void discard() {
		if (STATE.compareAndSet(this, UNTOUCHED, DROPPED)) {
			this.exchange.closed();
			Flux.from(this.result.filter((segment) -> false).getRowsUpdated())
				.subscribe(null, (ex) -> logger.debug("The end of a result that nobody consumed", ex));
		}
	}

	/**
	 * Let the consumer hear of the failure of its statement with the next signal.
	 */
	void fail() {
		if (!STATE.compareAndSet(this, UNDER_WAY, FAILED)) {
			discard();
		}
	}

	boolean isUntouched() {
		return this.state == UNTOUCHED;
	}

	/**
	 * Return whether the functions of the consumer are to be called no more.
	 * @return {@code true} once nobody wants the rest
	 */
	boolean isOver() {
		return this.state > UNDER_WAY;
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
		if (this.state == UNDER_WAY && !(value instanceof Failure)) {
			this.produced++;
			consumer().onNext(value);
		}
		else if (this.state >= DROPPED) {
			if (!(value instanceof Failure)) {
				Operators.onDiscard(value, currentContext());
			}
		}
		else {
			Throwable verdict = this.exchange.verdict();
			Throwable reason = (verdict == null && value instanceof Failure failure) ? failure.reason : verdict;
			if (drop()) {
				consumer().onError((reason != null) ? reason : new IllegalStateException("No reason"));
			}
		}
	}

	@Override
	public void onError(Throwable ex) {
		if (end()) {
			Throwable verdict = this.exchange.verdict();
			if (verdict != null) {
				verdict.addSuppressed(ex);
			}
			consumer().onError((verdict != null) ? verdict : ex);
		}
		else {
			logger.debug("The end of a result that nobody waits for", ex);
		}
	}

	@Override
	public void onComplete() {
		boolean failed = this.state == FAILED;
		if (end()) {
			Failure failure = this.filterFailure;
			Throwable verdict = failed ? this.exchange.verdict() : null;
			Throwable reason = (verdict == null && failure != null) ? failure.reason : verdict;
			if (reason != null) {
				consumer().onError(reason);
			}
			else {
				consumer().onComplete();
			}
		}
	}

	private boolean end() {
		int before = STATE.getAndUpdate(this, (current) -> (current == DROPPED) ? DROPPED : ENDED);
		if (before >= DROPPED) {
			return false;
		}
		this.exchange.closed();
		return true;
	}

	private boolean drop() {
		int before = STATE.getAndUpdate(this, (current) -> (current == ENDED) ? ENDED : DROPPED);
		if (before >= DROPPED) {
			return false;
		}
		Sinks.Empty<Void> end = this.over;
		if (end != null) {
			end.tryEmitEmpty();
		}
		this.exchange.closed();
		Subscription source = this.upstream;
		if (source != null) {
			source.request(Long.MAX_VALUE);
		}
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
