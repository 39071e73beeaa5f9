package dev.asyncmysql.transaction;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

import io.r2dbc.spi.Connection;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoOperator;
import reactor.core.publisher.SynchronousSink;
import reactor.util.context.Context;

/**
 * The begin of a transaction, which does not lose its connection when the caller goes
 * away meanwhile. Until the connection is there a cancel ends the wait for it; from then
 * on the begin is let run to its end, and where nobody took the transaction over, it is
 * given back. Spring's own is cancelled with the connection in hand
 * (spring-projects/spring-framework#36344).
 */
final class Begin extends MonoOperator<Void, Void> {

	private final Supplier<Mono<Void>> giveBack;

	private final boolean takeOverIsTold;

	/**
	 * Create the operator.
	 * @param begin begins the transaction
	 * @param giveBack gives a transaction that was begun back
	 * @param takeOverIsTold whether {@link Attempt#takenOver()} will be called while the
	 * completion is passed on; otherwise a cancel before tells that nobody is there
	 */
	Begin(Mono<Void> begin, Supplier<Mono<Void>> giveBack, boolean takeOverIsTold) {
		super(begin);
		this.giveBack = giveBack;
		this.takeOverIsTold = takeOverIsTold;
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> actual) {
		this.source.subscribe(new Attempt(actual, this.giveBack, this.takeOverIsTold));
	}

	private enum State {

		/** There is no connection yet. */
		WAITING,

		/** There is a connection, and the caller wants the transaction. */
		WANTED,

		/** There is a connection, and the caller has gone. */
		UNWANTED,

		/** The caller has gone before there was a connection. */
		ENDED

	}

	/**
	 * One subscription. It travels in the context to where the connection is taken.
	 */
	static final class Attempt implements CoreSubscriber<Void>, Subscription {

		private static final Log logger = LogFactory.getLog(Begin.class);

		// What is between the end of a begin and the transaction's user runs within the
		// call that tells it.
		private static final ThreadLocal<@Nullable Attempt> COMPLETING = new ThreadLocal<>();

		private final CoreSubscriber<? super Void> actual;

		private final Supplier<Mono<Void>> giveBack;

		private final boolean takeOverIsTold;

		private final Context context;

		private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);

		private @Nullable Subscription upstream;

		private boolean takenOver;

		Attempt(CoreSubscriber<? super Void> actual, Supplier<Mono<Void>> giveBack, boolean takeOverIsTold) {
			this.actual = actual;
			this.giveBack = giveBack;
			this.takeOverIsTold = takeOverIsTold;
			this.context = actual.currentContext().put(Attempt.class, this);
		}

		/**
		 * Note that the transaction which this thread tells of has reached its user.
		 */
		static void takenOver() {
			Attempt attempt = COMPLETING.get();
			if (attempt != null) {
				attempt.takenOver = true;
			}
		}

		/**
		 * Take the connection for the transaction, or close it where nobody waits for it
		 * any more.
		 * @param connection the connection
		 * @param sink where it goes on
		 */
		void lent(Connection connection, SynchronousSink<Connection> sink) {
			if (this.state.compareAndSet(State.WAITING, State.WANTED)) {
				sink.next(connection);
			}
			else {
				inBackground(Mono.from(connection.close()));
			}
		}

		@Override
		public Context currentContext() {
			return this.context;
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			this.upstream = subscription;
			this.actual.onSubscribe(this);
		}

		@Override
		public void onNext(Void nothing) {
			// There is none.
		}

		@Override
		public void onError(Throwable ex) {
			this.actual.onError(ex);
		}

		@Override
		public void onComplete() {
			State ended = this.state.get();
			Attempt outer = COMPLETING.get();
			COMPLETING.set(this);
			try {
				this.actual.onComplete();
			}
			finally {
				COMPLETING.set(outer);
			}
			if (this.takeOverIsTold ? !this.takenOver : ended == State.UNWANTED) {
				inBackground(Mono.defer(this.giveBack));
			}
		}

		@Override
		public void request(long n) {
			if (this.upstream != null) {
				this.upstream.request(n);
			}
		}

		@Override
		public void cancel() {
			if (this.state.compareAndSet(State.WAITING, State.ENDED) && this.upstream != null) {
				this.upstream.cancel();
			}
			else {
				this.state.compareAndSet(State.WANTED, State.UNWANTED);
			}
		}

		private void inBackground(Mono<Void> end) {
			end.contextWrite(this.actual.currentContext())
				.subscribe(null, (ex) -> logger.debug("A transaction that nobody wanted could not be ended", ex));
		}

	}

}
