package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

import dev.asyncmysql.connection.ConnectionListener.AcquireOutcome;
import io.r2dbc.spi.Connection;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Schedulers;
import reactor.pool.PoolAcquirePendingLimitException;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Hands one connection of the pool to one caller, or none within the limit. r2dbc-pool
 * releases a connection when its caller goes while it is being prepared or after it was
 * handed over, and hands it over nevertheless where both meet: it is released twice then,
 * the second time while another caller has it. So the pool is cancelled only while the
 * caller waits in its queue; what comes later is given back here, once. It is asked once
 * as well: reactor-pool takes another connection, for nobody, each time that there is
 * demand.
 */
final class Handover extends WaitLimit.Waiting implements CoreSubscriber<Connection>, Subscription {

	private static final Log logger = LogFactory.getLog(Handover.class);

	private static final AtomicIntegerFieldUpdater<Handover> STATE = AtomicIntegerFieldUpdater
		.newUpdater(Handover.class, "state");

	@SuppressWarnings("rawtypes")
	private static final AtomicReferenceFieldUpdater<Handover, @Nullable Subscription> UPSTREAM = AtomicReferenceFieldUpdater
		.newUpdater(Handover.class, Subscription.class, "upstream");

	/** Nothing is asked of the pool yet. */
	private static final int NEW = 0;

	/** In the pool's queue, or behind the opening of a connection. */
	private static final int QUEUED = 1;

	/** The pool has chosen a connection and makes it ready. */
	private static final int PREPARING = 2;

	/** The caller has gone while the pool makes a connection ready. */
	private static final int UNWANTED = 3;

	/** Handed over, failed, or the caller has gone. */
	private static final int OVER = 4;

	private final Mono<Connection> pool;

	private final Terms terms;

	private final WaitLimit limit;

	private final CoreSubscriber<? super Connection> actual;

	private final Context context;

	private volatile int state;

	private volatile @Nullable Subscription upstream;

	private @Nullable Subscription asked;

	private volatile @Nullable GuardedConnection chosen;

	private int attempts;

	private long since;

	private Handover(Mono<Connection> pool, Terms terms, WaitLimit limit, CoreSubscriber<? super Connection> actual) {
		this.pool = pool;
		this.terms = terms;
		this.limit = limit;
		this.actual = actual;
		this.context = actual.currentContext().put(Handover.class, this);
	}

	/**
	 * Make callers wait for a connection on terms.
	 * @param pool what the pool gives
	 * @param terms the terms
	 * @return a mono of a connection, which is the caller's from the time that it is
	 * emitted: to cancel after that has no effect
	 */
	static Mono<Connection> of(Mono<Connection> pool, Terms terms) {
		WaitLimit limit = new WaitLimit(terms.limit(), Schedulers.parallel());
		return new Mono<>() {

			@Override
			public void subscribe(CoreSubscriber<? super Connection> actual) {
				actual.onSubscribe(new Handover(pool, terms, limit, actual));
			}

		};
	}

	/**
	 * Note that the pool has chosen a connection.
	 * @param context the context of the caller
	 * @param connection the connection
	 * @return {@code false} where the caller has gone, so that the pool takes the
	 * connection back as it is, and nothing must be done with it
	 */
	static boolean begin(ContextView context, GuardedConnection connection) {
		Handover handover = context.getOrDefault(Handover.class, null);
		if (handover == null) {
			return true;
		}
		handover.chosen = connection;
		if (STATE.compareAndSet(handover, QUEUED, PREPARING)) {
			return true;
		}
		handover.cancelAgain();
		return false;
	}

	// Where a cancel meets the pool's choice, the flatMap between them may lose it, and
	// the pool would wait for ever for the connection to be ready. More than one does no
	// harm.
	private void cancelAgain() {
		Subscription asked = this.asked;
		if (asked != null) {
			asked.cancel();
		}
	}

	@Override
	public Context currentContext() {
		return this.context;
	}

	@Override
	public void request(long n) {
		if (Operators.validate(n) && STATE.compareAndSet(this, NEW, QUEUED)) {
			this.since = this.terms.listeners().isEmpty() ? 0 : System.nanoTime();
			this.pool.subscribe(this);
			// Where a connection is free, it is the caller's by now.
			if (this.state < UNWANTED) {
				this.limit.add(this);
				if (this.state >= UNWANTED) {
					this.limit.remove(this);
				}
			}
		}
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		this.asked = subscription;
		if (Operators.replace(UPSTREAM, this, subscription)) {
			subscription.request(Long.MAX_VALUE);
		}
	}

	@Override
	public void onNext(Connection connection) {
		if (STATE.getAndSet(this, OVER) >= UNWANTED) {
			Mono.from(connection.close())
				.subscribe(null, (ex) -> logger.warn("A connection that came too late could not be closed", ex));
			return;
		}
		this.limit.remove(this);
		if (this.since != 0) {
			tellSuccess(connection);
		}
		this.actual.onNext(connection);
		this.actual.onComplete();
	}

	@Override
	public void onError(Throwable ex) {
		int before = this.state;
		if (before < UNWANTED && this.attempts < this.terms.retries() && this.terms.worthRetry().test(ex)
				&& STATE.compareAndSet(this, before, QUEUED)) {
			this.attempts++;
			this.pool.subscribe(this);
			return;
		}
		fail(ex);
	}

	@Override
	public void onComplete() {
		if (STATE.getAndSet(this, OVER) < UNWANTED) {
			this.limit.remove(this);
			this.actual.onComplete();
		}
	}

	private void tellSuccess(Connection connection) {
		long now = System.nanoTime();
		if (connection instanceof LentConnection lent) {
			lent.handedOver(now, now - this.since);
		}
		tell(AcquireOutcome.SUCCESS, now);
	}

	private void tell(AcquireOutcome outcome, long now) {
		if (this.since != 0) {
			this.terms.listeners().tell((listener) -> listener.acquired(outcome, now - this.since));
		}
	}

	private void fail(Throwable ex) {
		if (STATE.getAndSet(this, OVER) < UNWANTED) {
			this.limit.remove(this);
			tell((ex instanceof PoolAcquirePendingLimitException) ? AcquireOutcome.REJECTED : AcquireOutcome.ERROR,
					System.nanoTime());
			this.actual.onError(this.terms.explain().apply(ex));
		}
		else {
			logger.debug("The end of a wait for a connection whose caller has gone", ex);
		}
	}

	@Override
	void timeOut() {
		if (leave()) {
			tell(AcquireOutcome.TIMEOUT, System.nanoTime());
			this.actual.onError(this.terms.explain()
				.apply(new TimeoutException("No connection within " + this.terms.limit().toMillis() + " ms")));
		}
	}

	@Override
	public void cancel() {
		if (leave()) {
			this.limit.remove(this);
			tell(AcquireOutcome.CANCELLED, System.nanoTime());
		}
	}

	private boolean leave() {
		int before = STATE.getAndUpdate(this, (current) -> (current < PREPARING) ? OVER : Math.max(UNWANTED, current));
		if (before < PREPARING) {
			Operators.terminate(UPSTREAM, this);
		}
		else if (before == PREPARING) {
			Schedulers.parallel().schedule(this::giveUp, this.terms.limit().toNanos(), TimeUnit.NANOSECONDS);
		}
		return before < UNWANTED;
	}

	// A user's step that never ends would keep the connection for ever.
	private void giveUp() {
		GuardedConnection connection = this.chosen;
		if (STATE.compareAndSet(this, UNWANTED, OVER)) {
			if (connection != null) {
				connection.cut();
			}
			Operators.terminate(UPSTREAM, this);
		}
	}

	/**
	 * What a caller can expect.
	 *
	 * @param limit how long it waits, whatever the attempts
	 * @param retries how often another attempt is made after a failure
	 * @param worthRetry tells whether another attempt may change the outcome
	 * @param explain says what to do about a failure, which is a {@link TimeoutException}
	 * at the limit
	 * @param listeners who is told how it has ended
	 */
	record Terms(Duration limit, int retries, Predicate<Throwable> worthRetry, UnaryOperator<Throwable> explain,
			ConnectionListeners listeners) {

	}

}
