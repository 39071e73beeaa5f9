package dev.asyncmysql;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.testcontainers.DockerClientFactory;

/**
 * Runs a test class on a real MySQL where Docker answers, and reports it as skipped with
 * the reason where it does not.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresMySql.Condition.class)
public @interface RequiresMySql {

	/** Asks for Docker. */
	class Condition implements ExecutionCondition {

		@Override
		public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
			return DockerClientFactory.instance().isDockerAvailable()
					? ConditionEvaluationResult.enabled("Docker answers") : ConditionEvaluationResult
						.disabled("Docker does not answer, so there is no real MySQL to test on");
		}

	}

}
