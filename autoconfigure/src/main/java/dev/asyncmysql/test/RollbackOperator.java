package dev.asyncmysql.test;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.transaction.reactive.TransactionalOperator;

/**
 * Runs a reactive flow of a test in a transaction and rolls it back at the end, whatever
 * the end is: what {@code @Transactional} on a test does for blocking code and cannot do
 * for reactive code. What the flow writes it can read, and nobody else. To be used as an
 * operator:
 *
 * <pre>
 * flow.as(RollbackOperator.create(transactionManager)::mono)
 * </pre>
 *
 * What begins a transaction of its own ({@code REQUIRES_NEW}) commits it, and listeners
 * of a commit are not called. Keys of {@code AUTO_INCREMENT} are used up, and DDL
 * commits.
 */
public final class RollbackOperator {

	private final TransactionalOperator operator;

	private RollbackOperator(TransactionalOperator operator) {
		this.operator = operator;
	}

	/**
	 * Create an operator.
	 * @param transactionManager what begins the transaction
	 * @return the operator, which can be used any number of times
	 */
	public static RollbackOperator create(ReactiveTransactionManager transactionManager) {
		return new RollbackOperator(TransactionalOperator.create(transactionManager));
	}

	/**
	 * Roll back what a flow does.
	 * @param flow the flow
	 * @param <T> the type of its outcome
	 * @return a mono of the outcome, which comes after the roll-back
	 */
	public <T> Mono<T> mono(Mono<T> flow) {
		return flux(flow.flux()).collectList().flatMap((values) -> Mono.justOrEmpty(values.stream().findFirst()));
	}

	/**
	 * Roll back what a flow does.
	 * @param flow the flow
	 * @param <T> the type of its elements
	 * @return a flux of the elements, whose end comes after the roll-back
	 */
	public <T> Flux<T> flux(Flux<T> flow) {
		return this.operator.execute((transaction) -> {
			transaction.setRollbackOnly();
			return flow;
		});
	}

}
