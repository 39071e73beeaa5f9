package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.EmbeddedDatabaseException;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Says why the development database did not start and what to do.
 */
class EmbeddedDatabaseFailureAnalyzer extends AbstractFailureAnalyzer<EmbeddedDatabaseException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, EmbeddedDatabaseException cause) {
		return new FailureAnalysis(description(cause), cause.getAction(), cause);
	}

	private static String description(EmbeddedDatabaseException failure) {
		String output = String.join("\n\t", failure.getOutput());
		return output.isEmpty() ? failure.getDescription()
				: failure.getDescription() + "\nIts last lines were:\n\t" + output;
	}

}
