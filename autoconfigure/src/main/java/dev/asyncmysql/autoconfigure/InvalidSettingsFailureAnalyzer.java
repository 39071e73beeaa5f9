package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.InvalidSettingsException;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Says which property is wrong and what to write.
 */
class InvalidSettingsFailureAnalyzer extends AbstractFailureAnalyzer<InvalidSettingsException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, InvalidSettingsException cause) {
		return new FailureAnalysis("The connection to MySQL cannot be configured: " + cause.getMessage(),
				cause.getAction(), cause);
	}

}
