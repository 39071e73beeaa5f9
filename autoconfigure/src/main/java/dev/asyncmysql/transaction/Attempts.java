package dev.asyncmysql.transaction;

import java.time.Duration;

import dev.asyncmysql.ConnectionSettings.RetryOn;
import dev.asyncmysql.connection.ConnectionListener.RetryOutcome;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;
import reactor.util.retry.Retry;

import org.springframework.core.retry.RetryPolicy;
import org.springframework.util.backoff.BackOffExecution;

/**
 * The attempts at one transaction. It travels in the context to the transaction manager,
 * which tells what has become of the transaction: after anything was committed, to run it
 * again could do that twice.
 */
final class Attempts {

	private final TransactionRetry retry;

	private final RetryPolicy policy;

	private final BackOffExecution backOff;

	private volatile boolean begun;

	private volatile boolean committed;

	private volatile boolean emitted;

	Attempts(TransactionRetry retry, RetryPolicy policy) {
		this.retry = retry;
		this.policy = policy;
		this.backOff = policy.getBackOff().start();
	}

	/**
	 * Note that a transaction begins whose end will be told. Where the begin fails, as it
	 * does on a connection that is lost or leads to a server without writes, nothing was
	 * done yet.
	 */
	void begins() {
		this.begun = true;
	}

	/** Note that something was committed, or may have been. */
	void committed() {
		this.committed = true;
	}

	/**
	 * Commit. From then on nobody knows, until the server says that it did not.
	 * @param commit the commit
	 * @return the same
	 */
	Mono<Void> committing(Mono<Void> commit) {
		return Mono.defer(() -> {
			boolean before = this.committed;
			this.committed = true;
			return commit.doOnError((ex) -> this.committed = before || TransactionRetry.reason(ex) == null);
		});
	}

	/** Note that an element has reached the caller. */
	void emitted() {
		this.emitted = true;
	}

	/**
	 * Decide whether there is another attempt.
	 * @param signal the failure of the last one
	 * @return a publisher that emits when it is to begin, or fails where there is none
	 */
	Publisher<Long> next(Retry.RetrySignal signal) {
		Throwable failure = signal.failure();
		RetryOn reason = TransactionRetry.reason(failure);
		if (reason == null || !this.begun || this.committed || this.emitted || !this.policy.shouldRetry(failure)) {
			return Mono.error(failure);
		}
		long delay = this.backOff.nextBackOff();
		RetryOutcome outcome = (delay == BackOffExecution.STOP) ? RetryOutcome.EXHAUSTED : this.retry.take();
		this.retry.tell(reason, outcome);
		if (outcome != RetryOutcome.RETRIED) {
			return Mono.error(failure);
		}
		this.begun = false;
		return Mono.delay(Duration.ofMillis(delay));
	}

	static @Nullable Attempts of(ContextView context) {
		return context.getOrDefault(Attempts.class, null);
	}

}
