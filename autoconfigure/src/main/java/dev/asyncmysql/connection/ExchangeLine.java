package dev.asyncmysql.connection;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The line in which the exchanges of one connection wait: one at a time reaches the
 * driver, so that what is true of the one under way, such as that it may be killed,
 * cannot become true of another. Safe for use by many threads; the lock is held for some
 * instructions only, and nobody is called under it.
 */
final class ExchangeLine {

	/**
	 * How many may have results that nobody has subscribed to, before the oldest lose
	 * them.
	 */
	private static final int LEFTOVERS = 256;

	private final Queue<Exchange<?>> waiting = new ArrayDeque<>();

	private final List<Listener> listeners = new ArrayList<>();

	private final Deque<Exchange<?>> leftovers = new ArrayDeque<>();

	private final TransactionGuard transaction;

	private @Nullable Exchange<?> active;

	private volatile int lease;

	private volatile boolean failed;

	private boolean held;

	private boolean advancing;

	/**
	 * Create the line of a connection.
	 * @param transaction the guard of its transactions
	 */
	ExchangeLine(TransactionGuard transaction) {
		this.transaction = transaction;
	}

	TransactionGuard transaction() {
		return this.transaction;
	}

	/**
	 * Start an exchange, or let it wait for its turn.
	 * @param exchange the exchange
	 * @return {@code false} where the connection was given back since it was asked for
	 */
	boolean enter(Exchange<?> exchange) {
		synchronized (this) {
			if (exchange.lease() != this.lease) {
				return false;
			}
			if (this.active != null || this.held || !this.waiting.isEmpty()) {
				this.waiting.add(exchange);
				return true;
			}
			this.active = exchange;
		}
		exchange.start();
		return true;
	}

	/**
	 * Return the number of the present use of the connection.
	 * @return a number that changes when the connection is given back
	 */
	int lease() {
		return this.lease;
	}

	/**
	 * Let in no more of those who have used the connection until now.
	 * @return whether nothing of theirs is under way, waits, or is held back
	 */
	synchronized boolean endLease() {
		this.lease = this.lease + 1;
		return this.active == null && !this.held && this.waiting.isEmpty();
	}

	/**
	 * Take an exchange out that still waits.
	 * @param exchange the exchange
	 * @return whether it waited, and will not be started
	 */
	synchronized boolean withdraw(Exchange<?> exchange) {
		return this.waiting.remove(exchange);
	}

	/**
	 * Take all out that wait.
	 * @return the exchanges, which will not be started
	 */
	synchronized List<Exchange<?>> withdrawAll() {
		List<Exchange<?>> all = List.copyOf(this.waiting);
		this.waiting.clear();
		return all;
	}

	/**
	 * Let the next one go, as the exchange under way has ended.
	 * @param exchange the exchange
	 */
	void leave(Exchange<?> exchange) {
		Exchange<?> oldest = null;
		synchronized (this) {
			this.active = null;
			if (exchange.hasUntouched()) {
				this.leftovers.add(exchange);
				oldest = (this.leftovers.size() > LEFTOVERS) ? this.leftovers.poll() : null;
			}
		}
		if (oldest != null) {
			oldest.discardUntouched();
		}
		advance();
	}

	/**
	 * Note that a command ended with an error. The server tells nothing of the session
	 * with it, such as whether a procedure has left a transaction open.
	 */
	void failed() {
		this.failed = true;
	}

	boolean hasFailed() {
		return this.failed;
	}

	/**
	 * Return whether a command has ended with an error since the last call.
	 * @return {@code true} where the server has to be asked for the state of the session
	 */
	boolean takeFailure() {
		boolean before = this.failed;
		this.failed = false;
		return before;
	}

	/**
	 * Start no further exchange until {@link #resume()}, so that what is done about the
	 * one under way cannot meet the next one.
	 * @param exchange the exchange that is under way
	 * @return {@code false} where it has ended in the meantime, and nothing is held
	 */
	synchronized boolean hold(Exchange<?> exchange) {
		if (this.active != exchange) {
			return false;
		}
		this.held = true;
		return true;
	}

	/**
	 * Let exchanges go on.
	 */
	void resume() {
		synchronized (this) {
			this.held = false;
		}
		advance();
	}

	// One that ends while it is being started comes back here: a loop, lest a thousand in
	// line of a dead connection become a thousand frames on the stack.
	private void advance() {
		synchronized (this) {
			if (this.advancing) {
				return;
			}
			this.advancing = true;
		}
		List<Listener> ended;
		while (true) {
			Exchange<?> next;
			synchronized (this) {
				next = (this.active == null && !this.held) ? this.waiting.poll() : null;
				if (next == null) {
					this.advancing = false;
					ended = (this.active == null)
							? this.listeners.stream().filter((listener) -> !this.held || listener.evenIfHeld).toList()
							: List.of();
					this.listeners.removeAll(ended);
					break;
				}
				this.active = next;
			}
			next.start();
		}
		ended.forEach((listener) -> listener.sink.tryEmitEmpty());
	}

	/**
	 * Consume the results of this use of the connection that nobody had subscribed to
	 * when they were complete.
	 */
	void discardLeftovers() {
		List<Exchange<?>> own;
		synchronized (this) {
			if (this.leftovers.isEmpty()) {
				return;
			}
			own = this.leftovers.stream().filter((exchange) -> exchange.lease() == this.lease).toList();
			this.leftovers.removeAll(own);
		}
		own.forEach(Exchange::discardUntouched);
	}

	/**
	 * Take out those of former uses of the connection that have ended and whose results
	 * nobody had subscribed to by then.
	 * @return the exchanges
	 */
	synchronized List<Exchange<?>> takeLeftovers() {
		if (this.leftovers.isEmpty()) {
			return List.of();
		}
		List<Exchange<?>> former = new ArrayList<>();
		while (!this.leftovers.isEmpty() && this.leftovers.element().lease() != this.lease) {
			former.add(this.leftovers.remove());
		}
		return former;
	}

	/**
	 * Return the exchange that is with the driver.
	 * @return the exchange, or {@code null} for none
	 */
	synchronized @Nullable Exchange<?> active() {
		return this.active;
	}

	/**
	 * Return whether another exchange waits for the one under way.
	 * @return {@code true} where somebody is held up
	 */
	synchronized boolean isBlocked() {
		return !this.waiting.isEmpty();
	}

	/**
	 * Wait until none is with the driver and nothing is held back.
	 * @return a mono that completes then
	 */
	Mono<Void> idle() {
		return Mono.defer(() -> await(false));
	}

	/**
	 * Wait until none is with the driver.
	 * @return a mono that completes then
	 */
	Mono<Void> left() {
		return Mono.defer(() -> await(true));
	}

	private synchronized Mono<Void> await(boolean evenIfHeld) {
		if (this.active == null && (evenIfHeld || !this.held)) {
			return Mono.empty();
		}
		Listener listener = new Listener(Sinks.empty(), evenIfHeld);
		this.listeners.add(listener);
		return listener.sink.asMono();
	}

	/**
	 * Who waits for the end of an exchange.
	 */
	private record Listener(Sinks.Empty<Void> sink, boolean evenIfHeld) {

	}

}
