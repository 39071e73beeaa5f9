package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.ConnectionSettings;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.r2dbc.EmbeddedDatabaseConnection;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcConnectionDetails;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.ConfigurationCondition;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Matches unless the application turns the starter off, names another database, or names
 * none and has another one embedded. Where nothing is configured at all it matches too,
 * so that the application is told what to write.
 */
class OnMySqlConnection extends SpringBootCondition implements ConfigurationCondition {

	@Override
	public ConfigurationPhase getConfigurationPhase() {
		return ConfigurationPhase.REGISTER_BEAN;
	}

	@Override
	public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
		ConditionMessage.Builder message = ConditionMessage.forCondition("MySQL connection");
		if (!context.getEnvironment().getProperty("async-mysql.enabled", Boolean.class, true)) {
			return ConditionOutcome.noMatch(message.because("async-mysql.enabled is false"));
		}
		SettingsResolver resolver = new SettingsResolver(context.getEnvironment());
		if (resolver.hasOwnConnection()) {
			return ConditionOutcome.match(message.because("async-mysql names a connection"));
		}
		if (hasBean(context, ConnectionSettings.class)) {
			return ConditionOutcome.match(message.because("there are settings"));
		}
		if (resolver.hasForeignUrl()) {
			return ConditionOutcome.noMatch(message.because("spring.r2dbc.url names another database"));
		}
		if (resolver.hasLocation()) {
			return ConditionOutcome.match(message.because("spring.r2dbc.url names MySQL"));
		}
		if (hasBean(context, R2dbcConnectionDetails.class)) {
			return ConditionOutcome.match(message.because("there are connection details"));
		}
		EmbeddedDatabaseConnection other = EmbeddedDatabaseConnection.get(context.getClassLoader());
		if (other != EmbeddedDatabaseConnection.NONE) {
			return ConditionOutcome.noMatch(message.because("nothing is configured and " + other + " is embedded"));
		}
		return ConditionOutcome.match(message.because("nothing is configured"));
	}

	private static boolean hasBean(ConditionContext context, Class<?> type) {
		return context.getBeanFactory() != null
				&& context.getBeanFactory().getBeanNamesForType(type, true, false).length > 0;
	}

}
