package dev.asyncmysql.autoconfigure;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Matches unless the pool is switched off, by either prefix.
 */
class OnPool extends SpringBootCondition {

	@Override
	public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
		boolean enabled = new SettingsResolver(context.getEnvironment()).isPoolEnabled();
		return new ConditionOutcome(enabled,
				ConditionMessage.forCondition("MySQL connection pool").because(enabled ? "enabled" : "switched off"));
	}

}
