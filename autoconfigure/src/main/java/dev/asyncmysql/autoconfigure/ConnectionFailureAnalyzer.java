package dev.asyncmysql.autoconfigure;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.env.Environment;

/**
 * Says why the connection could not be opened and what to do, wherever in the start it
 * was needed. Failures of another connection factory stay with others.
 */
class ConnectionFailureAnalyzer implements FailureAnalyzer {

	private final ConnectionFailures failures;

	ConnectionFailureAnalyzer(Environment environment, BeanFactory beanFactory) {
		this.failures = new ConnectionFailures(environment, beanFactory);
	}

	@Override
	public @Nullable FailureAnalysis analyze(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof ConnectionStartupException startup) {
				return new FailureAnalysis(startup.getMessage(), startup.getAction(), failure);
			}
		}
		return this.failures.find(failure)
			.map((reason) -> new FailureAnalysis(reason.description(), reason.action(), failure))
			.orElse(null);
	}

}
