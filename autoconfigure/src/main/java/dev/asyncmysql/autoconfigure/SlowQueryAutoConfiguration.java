package dev.asyncmysql.autoconfigure;

import java.util.function.Function;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.observability.ObservedOrigin;
import dev.asyncmysql.observability.SlowQueryLog;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.context.annotation.Bean;
import org.springframework.util.ClassUtils;

/**
 * Auto-configuration of the log of slow statements.
 */
@AutoConfiguration(after = AsyncMySqlAutoConfiguration.class)
@ConditionalOnBean(value = { Server.class, ConnectionSettings.class }, search = SearchStrategy.CURRENT)
public final class SlowQueryAutoConfiguration {

	private static final boolean OBSERVATIONS = ClassUtils.isPresent("io.micrometer.observation.ObservationView",
			SlowQueryAutoConfiguration.class.getClassLoader());

	@Bean
	@ConditionalOnMissingBean
	SlowQueryLog asyncMySqlSlowQueryLog(Server server, ConnectionSettings settings) {
		Function<ContextView, @Nullable String> origin = OBSERVATIONS ? new ObservedOrigin() : (context) -> null;
		SlowQueryLog log = new SlowQueryLog(settings.slowQuery(), origin, server);
		if (!settings.slowQuery().threshold().isNegative()) {
			server.addListener(log);
		}
		return log;
	}

}
