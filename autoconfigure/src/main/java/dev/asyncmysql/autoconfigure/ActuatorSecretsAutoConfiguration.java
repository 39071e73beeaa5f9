package dev.asyncmysql.autoconfigure;

import org.springframework.boot.actuate.endpoint.SanitizableData;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration that keeps the secrets of a connection out of Boot's endpoints where
 * these are told to show values. It holds wherever the properties are set, whether or not
 * the starter makes the connection.
 */
@AutoConfiguration
@ConditionalOnClass(SanitizingFunction.class)
public final class ActuatorSecretsAutoConfiguration {

	@Bean
	SanitizingFunction asyncMySqlSanitizingFunction() {
		return (data) -> {
			Object shown = ShownValue.of(data.getKey(), data.getValue(), SanitizableData.SANITIZED_VALUE);
			return (shown != data.getValue()) ? data.withValue(shown) : data;
		};
	}

}
