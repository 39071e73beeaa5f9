package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.connection.Server;
import dev.asyncmysql.web.AbortedResponses;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication.Type;
import org.springframework.context.annotation.Bean;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;

/**
 * Auto-configuration of what gives a connection back whose rows were to become a response
 * that nobody waits for any more.
 */
@AutoConfiguration(after = AsyncMySqlAutoConfiguration.class)
@ConditionalOnClass(HttpHandlerDecoratorFactory.class)
@ConditionalOnWebApplication(type = Type.REACTIVE)
@ConditionalOnBean(Server.class)
public final class AbortedResponseAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	AbortedResponses asyncMySqlAbortedResponses() {
		return new AbortedResponses();
	}

}
