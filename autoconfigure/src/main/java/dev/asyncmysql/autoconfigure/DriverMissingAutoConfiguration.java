package dev.asyncmysql.autoconfigure;

import java.util.Map;

import dev.asyncmysql.InvalidSettingsException;
import io.r2dbc.spi.ConnectionFactory;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Auto-configuration that fails with advice where a connection is configured and the
 * driver is not there. Boot would say that no URL is.
 */
@AutoConfiguration(before = R2dbcAutoConfiguration.class)
@ConditionalOnMissingClass("io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider")
@ConditionalOnMissingBean(ConnectionFactory.class)
@Conditional(DriverMissingAutoConfiguration.OnProperties.class)
public final class DriverMissingAutoConfiguration {

	@Bean
	ConnectionFactory connectionFactory() {
		throw new InvalidSettingsException("async-mysql", "the driver is not on the class path",
				"Add the dependency io.asyncer:r2dbc-mysql, which the starter brings, or set async-mysql.enabled=false.");
	}

	/**
	 * Matches where {@code async-mysql} says anything and is not switched off.
	 */
	static class OnProperties extends SpringBootCondition {

		@Override
		public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
			Map<String, Object> properties = Binder.get(context.getEnvironment())
				.bind("async-mysql", Bindable.mapOf(String.class, Object.class))
				.orElse(Map.of());
			boolean configured = !properties.isEmpty() && !"false".equals(String.valueOf(properties.get("enabled")));
			return new ConditionOutcome(configured,
					ConditionMessage.of(configured ? "async-mysql is configured" : "async-mysql says nothing"));
		}

	}

}
