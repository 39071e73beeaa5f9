package dev.asyncmysql.transaction;

import java.lang.reflect.Method;
import java.util.function.Supplier;

import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.aop.ProxyMethodInvocation;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.StaticMethodMatcherPointcut;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.interceptor.TransactionAttribute;
import org.springframework.transaction.interceptor.TransactionAttributeSource;

/**
 * Invokes a {@code @Transactional} method that returns a {@link Mono} or a {@link Flux}
 * once more where its transaction has to be run again. The method itself is invoked, as
 * what it does before it returns belongs to the transaction. The label
 * {@value MySqlTransactionManager#NO_RETRY} leaves a method out.
 */
public final class RetryInterceptor {

	private RetryInterceptor() {
	}

	/**
	 * Return an advisor for methods that return a {@link Mono}.
	 * @param attributes tells which methods are transactional
	 * @param retry runs transactions again; it is asked for with the first invocation
	 * @return the advisor, to be applied outside that of the transactions
	 */
	public static DefaultPointcutAdvisor mono(TransactionAttributeSource attributes, Supplier<TransactionRetry> retry) {
		MethodInterceptor interceptor = (invocation) -> retry.get()
			.mono(Mono.defer(() -> Mono.from(proceed(invocation))));
		return new DefaultPointcutAdvisor(new Pointcut(attributes, Mono.class), interceptor);
	}

	/**
	 * Return an advisor for methods that return a {@link Flux}.
	 * @param attributes tells which methods are transactional
	 * @param retry runs transactions again; it is asked for with the first invocation
	 * @return the advisor, to be applied outside that of the transactions
	 */
	public static DefaultPointcutAdvisor flux(TransactionAttributeSource attributes, Supplier<TransactionRetry> retry) {
		MethodInterceptor interceptor = (invocation) -> retry.get().flux(Flux.defer(() -> proceed(invocation)));
		return new DefaultPointcutAdvisor(new Pointcut(attributes, Flux.class), interceptor);
	}

	// A clone knows where in the chain of interceptors it is, and can go on from there
	// each time.
	@SuppressWarnings("unchecked")
	private static Publisher<Object> proceed(MethodInvocation invocation) {
		try {
			Object result = ((ProxyMethodInvocation) invocation).invocableClone().proceed();
			return (result instanceof Publisher<?> publisher) ? (Publisher<Object>) publisher : Mono.error(
					new IllegalStateException("A transactional method has returned null rather than a Mono or a Flux"));
		}
		catch (Throwable ex) {
			return Mono.error(ex);
		}
	}

	/**
	 * Transactional methods of one return type.
	 */
	private static final class Pointcut extends StaticMethodMatcherPointcut {

		private final TransactionAttributeSource attributes;

		private final Class<?> returned;

		Pointcut(TransactionAttributeSource attributes, Class<?> returned) {
			this.attributes = attributes;
			this.returned = returned;
		}

		@Override
		public boolean matches(Method method, Class<?> targetClass) {
			if (method.getReturnType() != this.returned) {
				return false;
			}
			TransactionAttribute attribute = this.attributes.getTransactionAttribute(method, targetClass);
			return attribute != null && begins(attribute.getPropagationBehavior())
					&& !attribute.getLabels().contains(MySqlTransactionManager.NO_RETRY);
		}

		private static boolean begins(int propagation) {
			return propagation == TransactionDefinition.PROPAGATION_REQUIRED
					|| propagation == TransactionDefinition.PROPAGATION_REQUIRES_NEW
					|| propagation == TransactionDefinition.PROPAGATION_NESTED;
		}

	}

}
