package dev.asyncmysql.autoconfigure;

import java.lang.reflect.Method;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.annotation.BeanFactoryAnnotationUtils;
import org.springframework.core.KotlinDetector;
import org.springframework.core.ReactiveAdapter;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.transaction.TransactionManager;
import org.springframework.transaction.interceptor.DefaultTransactionAttribute;
import org.springframework.transaction.interceptor.TransactionAttribute;
import org.springframework.transaction.interceptor.TransactionAttributeSource;
import org.springframework.util.StringUtils;

/**
 * Names a transaction manager where {@code @Transactional} names none and there are two,
 * a reactive and a blocking one: the return type tells which is meant. Spring would call
 * the choice ambiguous and fail, also for methods that had worked before a reactive
 * manager came. A {@code @Primary} manager decides, as everywhere.
 */
class ManagerByReturnType implements TransactionAttributeSource {

	private final TransactionAttributeSource delegate;

	private final ListableBeanFactory beans;

	private volatile @Nullable Choice choice;

	ManagerByReturnType(TransactionAttributeSource delegate, ListableBeanFactory beans) {
		this.delegate = delegate;
		this.beans = beans;
	}

	@Override
	public boolean isCandidateClass(Class<?> targetClass) {
		return this.delegate.isCandidateClass(targetClass);
	}

	@Override
	public boolean hasTransactionAttribute(Method method, @Nullable Class<?> targetClass) {
		return this.delegate.hasTransactionAttribute(method, targetClass);
	}

	@Override
	public @Nullable TransactionAttribute getTransactionAttribute(Method method, @Nullable Class<?> targetClass) {
		TransactionAttribute attribute = this.delegate.getTransactionAttribute(method, targetClass);
		// The delegate keeps one attribute for each method, so this happens once.
		if (attribute instanceof DefaultTransactionAttribute unnamed && !StringUtils.hasText(unnamed.getQualifier())
				&& choice().isOpen() && (targetClass == null
						|| !StringUtils.hasText(BeanFactoryAnnotationUtils.getQualifierValue(targetClass)))) {
			unnamed.setQualifier(isReactive(method) ? choice().reactive() : choice().blocking());
		}
		return attribute;
	}

	private Choice choice() {
		Choice known = this.choice;
		if (known == null) {
			known = Choice.of(this.beans);
			this.choice = known;
		}
		return known;
	}

	private static boolean isReactive(Method method) {
		ReactiveAdapter adapter = ReactiveAdapterRegistry.getSharedInstance().getAdapter(method.getReturnType());
		// A CompletableFuture has an adapter as well, but what makes it runs at once.
		return (adapter != null && adapter.getDescriptor().isDeferred()) || KotlinDetector.isSuspendingFunction(method);
	}

	/**
	 * Names of the two managers, empty where the choice is not ours.
	 */
	private record Choice(String reactive, String blocking) {

		static Choice of(ListableBeanFactory beans) {
			String[] reactive = beans.getBeanNamesForType(ReactiveTransactionManager.class);
			String[] blocking = beans.getBeanNamesForType(PlatformTransactionManager.class);
			boolean open = reactive.length == 1 && blocking.length == 1
					&& beans.getBeanProvider(TransactionManager.class).getIfUnique() == null;
			return open ? new Choice(reactive[0], blocking[0]) : new Choice("", "");
		}

		boolean isOpen() {
			return !this.reactive.isEmpty();
		}

	}

}
