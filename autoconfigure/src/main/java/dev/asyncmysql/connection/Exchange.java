package dev.asyncmysql.connection;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
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
import reactor.util.context.Context;

/**
 * One command to the server and its answer, from its turn in the {@link ExchangeLine} to
 * the server's last word. The driver is never cancelled, because it loses its place in
 * the protocol then (asyncer-io/r2dbc-mysql#347, #349): what a caller no longer wants is
 * read and dropped.
 *
 * @param <T> the type of what the driver publishes
 */
final class Exchange<T> extends Operators.DeferredSubscription implements CoreSubscriber<T> {

	private static final Log logger = LogFactory.getLog(Exchange.class);

	@SuppressWarnings("rawtypes")
	private static final AtomicIntegerFieldUpdater<Exchange> CANCELLED = AtomicIntegerFieldUpdater
		.newUpdater(Exchange.class, "cancelled");

	@SuppressWarnings("rawtypes")
	private static final AtomicIntegerFieldUpdater<Exchange> OPEN = AtomicIntegerFieldUpdater.newUpdater(Exchange.class,
			"open");

	@SuppressWarnings("rawtypes")
	private static final AtomicLongFieldUpdater<Exchange> DEMAND = AtomicLongFieldUpdater.newUpdater(Exchange.class,
			"demand");

	private static final int FIRST_PRUNE = 64;

	private static final Supplier<@Nullable Execution> NOT_MEASURED = () -> null;

	private final ExchangeLine line;

	private final Publisher<? extends T> source;

	private final CoreSubscriber<? super T> actual;

	private final Kind kind;

	private final int lease;

	private final @Nullable TransactionText text;

	private final @Nullable Execution execution;

	private int epoch;

	private volatile int cancelled;

	private volatile int open;

	private volatile long demand;

	private volatile boolean ended;

	private volatile @Nullable R2dbcException verdict;

	private volatile @Nullable Consumption last;

	private volatile boolean served;

	private volatile boolean disturbed;

	private volatile boolean satisfied;

	private volatile @Nullable Throwable error;

	private int results;

	private int prune = FIRST_PRUNE;

	private Exchange(ExchangeLine line, Publisher<? extends T> source, CoreSubscriber<? super T> actual, Kind kind,
			@Nullable TransactionText text, int lease, @Nullable Execution execution) {
		this.line = line;
		this.source = source;
		this.actual = actual;
		this.kind = kind;
		this.text = text;
		this.lease = lease;
		this.execution = execution;
	}

	/**
	 * Make a statement wait for its turn.
	 * @param line the line of the connection
	 * @param lease the use of the connection that the statement was made in
	 * @param source what the driver publishes
	 * @param text what its text does
	 * @param measured what makes something to measure each of its executions by, if
	 * anything
	 * @return a flux that enters the line each time that it is subscribed to
	 */
	static Flux<Result> statement(ExchangeLine line, int lease, Publisher<? extends Result> source,
			TransactionText text, Supplier<? extends @Nullable Execution> measured) {
		return results(line, lease, source, text.kind(), text, measured);
	}

	/**
	 * Make several statements, of which those that are not begun must not be once the
	 * caller has gone, wait for their turn together.
	 * @param line the line of the connection
	 * @param lease the use of the connection that they were made in
	 * @param source what the driver publishes
	 * @param text what their texts do
	 * @param measured what makes something to measure each of their executions by, if
	 * anything
	 * @return a flux that enters the line each time that it is subscribed to
	 */
	static Flux<Result> series(ExchangeLine line, int lease, Publisher<? extends Result> source, TransactionText text,
			Supplier<? extends @Nullable Execution> measured) {
		return results(line, lease, source, (text.kind() == Kind.COMMIT) ? Kind.COMMIT : Kind.SERIES, text, measured);
	}

	private static Flux<Result> results(ExchangeLine line, int lease, Publisher<? extends Result> source, Kind kind,
			TransactionText text, Supplier<? extends @Nullable Execution> measured) {
		return new Flux<>() {

			@Override
			public void subscribe(CoreSubscriber<? super Result> actual) {
				enter(new Exchange<>(line, source, actual, kind, text, lease, measured.get()));
			}

		};
	}

	/**
	 * Make a command that concerns the session wait for its turn. It is never killed, as
	 * it would be unknown what has become of it.
	 * @param line the line of the connection
	 * @param source what the driver publishes
	 * @param <T> the type of the answer
	 * @return a mono that enters the line each time that it is subscribed to
	 */
	static <T> Mono<T> command(ExchangeLine line, Publisher<? extends T> source) {
		return answer(line, source, Kind.COMMAND, NOT_MEASURED);
	}

	/**
	 * Make a command that begins or ends a transaction, or undoes a part of it, wait for
	 * its turn. It is never killed.
	 * @param line the line of the connection
	 * @param source what the driver publishes
	 * @param kind what it is
	 * @param measured what makes something to measure each of its executions by, if
	 * anything
	 * @param <T> the type of the answer
	 * @return a mono that enters the line each time that it is subscribed to
	 */
	static <T> Mono<T> command(ExchangeLine line, Publisher<? extends T> source, Kind kind,
			Supplier<? extends @Nullable Execution> measured) {
		return answer(line, source, kind, measured);
	}

	/**
	 * Make a question that changes nothing wait for its turn.
	 * @param line the line of the connection
	 * @param source what the driver publishes
	 * @param <T> the type of the answer
	 * @return a mono that enters the line each time that it is subscribed to
	 */
	static <T> Mono<T> probe(ExchangeLine line, Publisher<? extends T> source) {
		return answer(line, source, Kind.PROBE, NOT_MEASURED);
	}

	private static <T> Mono<T> answer(ExchangeLine line, Publisher<? extends T> source, Kind kind,
			Supplier<? extends @Nullable Execution> measured) {
		int lease = line.lease();
		return new Mono<>() {

			@Override
			public void subscribe(CoreSubscriber<? super T> actual) {
				enter(new Exchange<>(line, source, actual, kind, null, lease, measured.get()));
			}

		};
	}

	private static <T> void enter(Exchange<T> exchange) {
		exchange.actual.onSubscribe(exchange);
		if (!exchange.line.enter(exchange)) {
			exchange.refuse(Watchdog.givenBack());
		}
	}

	/**
	 * Give the command to the driver.
	 */
	void start() {
		if (this.cancelled != 0) {
			this.line.leave(this);
			return;
		}
		TransactionGuard transaction = this.line.transaction();
		if (this.kind != Kind.PROBE && (this.kind == Kind.COMMIT || !transaction.isIdle())) {
			// An error that nobody has looked at decides as well.
			this.line.discardLeftovers();
		}
		R2dbcException refusal = transaction.refusal(this.kind);
		if (refusal != null) {
			this.line.leave(this);
			refuse(refusal);
			return;
		}
		this.epoch = transaction.epoch();
		if (this.text != null) {
			transaction.started(this.text);
		}
		if (this.execution != null) {
			this.execution.start();
		}
		this.source.subscribe(this);
	}

	/**
	 * Fail an exchange that was taken out of the line.
	 * @param ex the reason
	 */
	void refuse(R2dbcException ex) {
		if (CANCELLED.compareAndSet(this, 0, 1)) {
			try {
				this.actual.onError(ex);
			}
			catch (Throwable thrown) {
				// Others wait behind it, and have to be told as well.
				Exceptions.throwIfJvmFatal(thrown);
				logger.warn("A subscriber has thrown an exception where it was told of a failure", thrown);
			}
		}
	}

	/**
	 * Decide that the exchange fails, whatever the server says from now on. Callers hear
	 * of it with the next signal of the driver, which is to be brought about.
	 * @param ex what to tell them
	 */
	void fail(R2dbcException ex) {
		this.verdict = ex;
		note(ex);
		forEachOpen(Consumption::fail);
	}

	int lease() {
		return this.lease;
	}

	@Nullable R2dbcException verdict() {
		return this.verdict;
	}

	Kind kind() {
		return this.kind;
	}

	/**
	 * Return whether the command may be killed at the server.
	 * @return {@code false} for one that ends a transaction
	 */
	boolean isKillable() {
		return this.kind == Kind.STATEMENT || this.kind == Kind.SERIES;
	}

	/**
	 * Return whether a question to the server has no answer, and nobody waits for it any
	 * more.
	 * @return {@code true} where the connection can be ended without a loss
	 */
	boolean isProbeInVain() {
		return this.kind == Kind.PROBE && isAbandoned();
	}

	/**
	 * Return whether the command consists of several, one after the other.
	 * @return {@code true} for a batch and for more than one set of bindings
	 */
	boolean isSeries() {
		return this.kind == Kind.SERIES;
	}

	/**
	 * Return whether nobody waits for the rest of the answer.
	 * @return {@code true} after all subscribers have gone
	 */
	boolean isAbandoned() {
		return this.cancelled != 0 && this.open == 0;
	}

	/**
	 * Return whether the caller took only a part of the results, and consumed those to
	 * their end, as {@code Mono.from(execute())} does. What a procedure does after the
	 * first of its results is to be done then.
	 * @return {@code false} where the caller has gone in the middle
	 */
	boolean isServed() {
		return this.kind == Kind.STATEMENT && this.served && !this.disturbed && isAbandoned();
	}

	/**
	 * Return whether a result was handed over that nobody has subscribed to, after the
	 * subscriber of the statement has gone.
	 * @return {@code true} where the result will hardly be consumed any more
	 */
	boolean isForgotten() {
		Consumption result = (this.cancelled != 0) ? this.last : null;
		while (result != null && !result.isUntouched()) {
			result = result.previous();
		}
		return result != null;
	}

	/**
	 * Return whether a result was handed over that nobody has subscribed to yet.
	 * @return {@code true} where it may hold memory of the driver
	 */
	boolean hasUntouched() {
		Consumption result = this.last;
		return result != null && (result.isUntouched() || result.previous() != null);
	}

	/**
	 * Consume the results that nobody has subscribed to.
	 * @return whether there was one
	 */
	boolean discardUntouched() {
		boolean found = false;
		for (Consumption result = this.last; result != null; result = result.previous()) {
			found |= result.discard();
		}
		return found;
	}

	private void forEachOpen(Consumer<Consumption> action) {
		Consumption result = this.last;
		while (result != null) {
			action.accept(result);
			result = result.previous();
		}
	}

	/**
	 * Return whether it is the server that is waited for, rather than a consumer.
	 * @return {@code false} where rows or results wait for demand
	 */
	boolean isWaitingForServer() {
		Consumption result = this.last;
		if (result == null || result.isEnded()) {
			return this.demand > 0;
		}
		return result.isUntouched() ? this.cancelled == 0 && this.demand > 0 && !isConsumedBefore(result)
				: result.isWaitingForServer();
	}

	// Where operators fetch results ahead, the last one waits for those before it.
	private static boolean isConsumedBefore(Consumption result) {
		Consumption before = result.previous();
		while (before != null && before.isUntouched()) {
			before = before.previous();
		}
		return before != null;
	}

	/**
	 * Return how much was handed over so far, to tell whether there is progress.
	 * @return number of rows of the last result
	 */
	long progress() {
		Consumption result = this.last;
		return (result != null) ? result.produced() : 0;
	}

	/**
	 * Note that a result is over, whoever has read it.
	 * @param rows how many rows of it were handed over, or changed
	 */
	void closed(long rows) {
		OPEN.decrementAndGet(this);
		if (this.execution != null) {
			this.execution.add(rows);
			tell();
		}
	}

	// Rows may be consumed after the server's last word.
	private void tell() {
		if (this.execution != null && this.ended && this.open == 0) {
			boolean all = isServed() || (this.satisfied && this.kind == Kind.STATEMENT && this.results == 1);
			this.execution.tell(this.cancelled != 0 && !all, currentContext());
		}
	}

	private void note(Throwable ex) {
		if (this.execution != null && !isAbandoned()) {
			this.execution.fail(ex);
		}
	}

	/**
	 * Note that a consumer has seen the end of a result.
	 */
	void served() {
		this.served = true;
	}

	/**
	 * Note that a consumer has left a result before its end, and had all rows of it, as
	 * who asks for the first one of a single row.
	 */
	void satisfied() {
		this.satisfied = true;
	}

	/**
	 * Note that a consumer has left a result before its end.
	 */
	void disturbed() {
		this.disturbed = true;
	}

	/**
	 * Note that the server, or the driver, has ended the command with an error.
	 * @param ex the error
	 * @return what to tell the caller
	 */
	Throwable failed(Throwable ex) {
		Throwable translated = this.line.transaction().failed(ex, this.kind, this.epoch);
		if (this.lease == this.line.lease()) {
			this.line.failed();
		}
		this.error = translated;
		note(translated);
		return translated;
	}

	@Override
	public Context currentContext() {
		return this.actual.currentContext();
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		set(subscription);
	}

	@Override
	@SuppressWarnings("unchecked")
	public void onNext(T value) {
		if (value instanceof Result result) {
			T guarded = (T) admit(result);
			if (guarded != null) {
				this.actual.onNext(guarded);
			}
		}
		else if (this.cancelled != 0 || this.verdict != null) {
			Operators.onDiscard(value, currentContext());
		}
		else {
			this.actual.onNext(value);
		}
	}

	private @Nullable GuardedResult admit(Result result) {
		Operators.produced(DEMAND, this, 1);
		// The results of a long batch are not kept for longer than they are consumed.
		if (++this.results >= this.prune) {
			prune();
		}
		Consumption before = this.last;
		if (before != null) {
			before.previous();
		}
		Consumption consumption = new Consumption(result, this, before);
		OPEN.incrementAndGet(this);
		this.last = consumption;
		R2dbcException failure = this.verdict;
		if (failure != null && CANCELLED.compareAndSet(this, 0, 1)) {
			request(Long.MAX_VALUE);
			this.actual.onError(failure);
		}
		if (this.cancelled != 0) {
			consumption.discard();
			return null;
		}
		return new GuardedResult(result, consumption);
	}

	private void prune() {
		int left = 0;
		for (Consumption result = this.last; result != null; result = result.previous()) {
			left++;
		}
		this.results = left;
		this.prune = Math.max(FIRST_PRUNE, 2 * left);
	}

	@Override
	public void onError(Throwable thrown) {
		Throwable ex = failed(thrown);
		if (end()) {
			R2dbcException failure = this.verdict;
			this.actual.onError((failure != null) ? Exceptions.addSuppressed(failure, ex) : ex);
		}
		else {
			logger.debug("The end of a statement that nobody waits for", ex);
		}
	}

	@Override
	public void onComplete() {
		if (end()) {
			R2dbcException failure = this.verdict;
			if (failure != null && this.last == null) {
				this.actual.onError(failure);
			}
			else {
				this.actual.onComplete();
			}
		}
	}

	// The line moves on first, so that what the subscriber does next finds it free.
	private boolean end() {
		if (this.ended) {
			return false;
		}
		if (this.execution != null) {
			this.execution.answered();
		}
		this.ended = true;
		TransactionText text = this.text;
		if (text != null) {
			this.line.transaction().statementEnded(text, this.error, this.epoch);
		}
		else if (this.kind == Kind.COMMIT || this.kind == Kind.ROLLBACK) {
			this.line.transaction().ended(this.kind, this.error != null);
		}
		this.line.leave(this);
		tell();
		return this.cancelled == 0;
	}

	@Override
	public void request(long n) {
		if (Operators.validate(n)) {
			Operators.addCap(DEMAND, this, n);
			super.request(n);
		}
	}

	@Override
	public void cancel() {
		if (CANCELLED.compareAndSet(this, 0, 1) && !this.line.withdraw(this)) {
			request(Long.MAX_VALUE);
		}
	}

	/**
	 * What a command is, to those who would stop or refuse it.
	 */
	enum Kind {

		STATEMENT,

		SERIES,

		/** It concerns the session, and is never killed. */
		COMMAND,

		/** Once it is sent, only its answer tells whether there was an effect. */
		COMMIT,

		/** It undoes all of the transaction. */
		ROLLBACK,

		/** It undoes what came after a savepoint. */
		UNDO,

		/** It asks for a sign of life, which KILL QUERY does not reach. */
		PROBE

	}

}
