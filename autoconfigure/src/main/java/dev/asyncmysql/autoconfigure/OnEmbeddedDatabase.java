package dev.asyncmysql.autoconfigure;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.aot.AbstractAotProcessor;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Matches where no property says where a server is, and neither the starter nor its
 * development database is switched off. An application that is processed ahead of time is
 * one to be packaged, without a database.
 */
class OnEmbeddedDatabase extends SpringBootCondition {

	@Override
	public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
		ConditionMessage.Builder message = ConditionMessage.forCondition("Embedded MariaDB");
		Environment environment = context.getEnvironment();
		for (String property : new String[] { "async-mysql.enabled", "async-mysql.embedded.enabled" }) {
			if (!environment.getProperty(property, Boolean.class, true)) {
				return ConditionOutcome.noMatch(message.because(property + " is false"));
			}
		}
		if (environment.getProperty(AbstractAotProcessor.AOT_PROCESSING, Boolean.class, false)) {
			return ConditionOutcome.noMatch(message.because("what is processed ahead of time is for production"));
		}
		return new SettingsResolver(environment).hasLocation()
				? ConditionOutcome.noMatch(message.because("a server is configured"))
				: ConditionOutcome.match(message.because("no server is configured"));
	}

}
