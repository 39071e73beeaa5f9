package dev.asyncmysql.transaction;

import java.util.Set;

import dev.asyncmysql.ConnectionLostException;
import dev.asyncmysql.ConnectionSettings.RetryOn;
import dev.asyncmysql.ConnectionSettings.TransactionSettings.Retry;
import dev.asyncmysql.DeadlockException;
import dev.asyncmysql.LockWaitException;
import dev.asyncmysql.ReadOnlyServerException;
import dev.asyncmysql.UnknownOutcomeException;
import dev.asyncmysql.connection.ConnectionListener.RetryOutcome;
import dev.asyncmysql.connection.Server;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

import org.springframework.core.retry.RetryPolicy;
import org.springframework.dao.NonTransientDataAccessException;
import org.springframework.dao.NonTransientDataAccessResourceException;
import org.springframework.transaction.NoTransactionException;
import org.springframework.transaction.reactive.TransactionSynchronizationManager;

/**
 * Runs a transaction again where the server asks for it: after a deadlock, a lock wait
 * that was too long, a connection that was lost before the commit was sent, or a server
 * that takes no writes any more. It never does so once something was committed or may
 * have been, or once an element of a {@link Flux} has reached the caller, nor inside
 * another transaction, of which the transaction is a part. By
 * {@code async-mysql.transaction.retry.enabled} it is done for methods that are
 * {@code @Transactional}; elsewhere it is an operator:
 *
 * <pre>
 * transfer.as(transactionalOperator::transactional).as(transactionRetry::mono)
 * </pre>
 *
 * What comes before the begin of the transaction in such a chain runs again as well. Safe
 * for use by many threads.
 */
public final class TransactionRetry {

	private final Server server;

	private final RetryPolicy policy;

	private final RetryBudget budget;

	/**
	 * Create the operator.
	 * @param server the server that the transactions run on, whose listeners are told
	 * @param settings when and how often to try again
	 */
	public TransactionRetry(Server server, Retry settings) {
		this.server = server;
		this.budget = new RetryBudget(settings.budgetShare(), settings.budgetPerSecond(), System::nanoTime);
		Set<RetryOn> reasons = settings.on();
		this.policy = RetryPolicy.builder()
			.maxRetries(settings.maxAttempts() - 1)
			.delay(settings.delay())
			.jitter(settings.jitter())
			.multiplier(settings.multiplier())
			.maxDelay(settings.maxDelay())
			.predicate((failure) -> reasons.contains(reason(failure)))
			.build();
	}

	/**
	 * Run a transaction again where that helps.
	 * @param transaction the whole transaction; it is subscribed to for each attempt
	 * @param <T> the type of its outcome
	 * @return a mono of the outcome of the last attempt
	 */
	public <T> Mono<T> mono(Mono<T> transaction) {
		return Mono.deferContextual((context) -> isPartOfAnother(context).flatMap((part) -> {
			if (part) {
				return transaction;
			}
			Attempts attempts = attempts();
			return transaction.retryWhen(strategy(attempts))
				.contextWrite((inner) -> inner.put(Attempts.class, attempts));
		}));
	}

	/**
	 * Run a transaction again where that helps, and as long as none of its elements has
	 * reached the caller.
	 * @param transaction the whole transaction; it is subscribed to for each attempt
	 * @param <T> the type of its elements
	 * @return a flux of the elements of the last attempt
	 */
	public <T> Flux<T> flux(Flux<T> transaction) {
		return Flux.deferContextual((context) -> isPartOfAnother(context).flatMapMany((part) -> {
			if (part) {
				return transaction;
			}
			Attempts attempts = attempts();
			return transaction.doOnNext((element) -> attempts.emitted())
				.retryWhen(strategy(attempts))
				.contextWrite((inner) -> inner.put(Attempts.class, attempts));
		}));
	}

	private Attempts attempts() {
		this.budget.run();
		return new Attempts(this, this.policy);
	}

	private static reactor.util.retry.Retry strategy(Attempts attempts) {
		return reactor.util.retry.Retry.from((signals) -> signals.concatMap(attempts::next));
	}

	private static Mono<Boolean> isPartOfAnother(ContextView context) {
		if (Attempts.of(context) != null) {
			return Mono.just(true);
		}
		return TransactionSynchronizationManager.forCurrentTransaction()
			.map(TransactionSynchronizationManager::isActualTransactionActive)
			.onErrorReturn(NoTransactionException.class, false);
	}

	RetryOutcome take() {
		return this.budget.take() ? RetryOutcome.RETRIED : RetryOutcome.REFUSED;
	}

	void tell(RetryOn reason, RetryOutcome outcome) {
		this.server.retried(reason, outcome);
	}

	// Who says that another attempt fails as well knows more than its cause, such as a
	// bulk write some of whose chunks are committed. That a resource has failed, a lost
	// connection or a server without writes, is of the same type in Spring.
	private static boolean isFinal(Throwable failure) {
		return failure instanceof NonTransientDataAccessException
				&& !(failure instanceof NonTransientDataAccessResourceException);
	}

	/**
	 * Return why a failure may be gone at the next attempt.
	 * @param failure what a transaction has failed with
	 * @return the reason, or {@code null} where there is none
	 */
	static @Nullable RetryOn reason(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof UnknownOutcomeException || isFinal(cause)) {
				return null;
			}
			if (cause instanceof DeadlockException) {
				return RetryOn.DEADLOCK;
			}
			if (cause instanceof LockWaitException) {
				return RetryOn.LOCK_WAIT;
			}
			if (cause instanceof ConnectionLostException) {
				return RetryOn.CONNECTION_LOST;
			}
			if (cause instanceof ReadOnlyServerException) {
				return RetryOn.READ_ONLY;
			}
		}
		return null;
	}

}
