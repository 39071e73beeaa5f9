package dev.asyncmysql.autoconfigure;

import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.ConnectionSettings.Startup;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.observability.Advisor;
import dev.asyncmysql.observability.Surroundings;
import dev.asyncmysql.transaction.MySqlTransactionManager;
import io.micrometer.tracing.Tracer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.web.context.reactive.ReactiveWebApplicationContext;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.util.ClassUtils;

/**
 * Auto-configuration of the advice that is given at start and in the endpoint.
 */
@AutoConfiguration(after = AsyncMySqlAutoConfiguration.class)
@ConditionalOnBean(value = { Server.class, ConnectionSettings.class }, search = SearchStrategy.CURRENT)
public final class AdviceAutoConfiguration {

	private static final Log logger = LogFactory.getLog(AdviceAutoConfiguration.class);

	private static final Duration LIMIT = Duration.ofSeconds(5);

	/** What reaches a database by blocking calls. */
	private static final List<String> BLOCKING = List.of("javax.sql.DataSource",
			"org.springframework.jdbc.core.JdbcOperations", "jakarta.persistence.EntityManagerFactory");

	@Bean
	Advisor asyncMySqlAdvisor(Server server, ConnectionSettings settings, ApplicationContext context) {
		return new Advisor(server, settings, SettingsResolver.PREFIX, surroundings(context), ZoneId.systemDefault());
	}

	// In the background: nobody waits for advice. A child context tells its parent's
	// listeners as well.
	@Bean
	ApplicationListener<ApplicationReadyEvent> asyncMySqlAdvice(Advisor advisor, Server server,
			ConnectionSettings settings, ApplicationContext context) {
		return (event) -> {
			if (event.getApplicationContext() == context) {
				variables(server, settings).subscribe((variables) -> advisor.advise(variables)
					.forEach((advice) -> logger.warn(advice.text() + " (" + SettingsResolver.PREFIX + ".advice.silence="
							+ advice.name() + " hides this)")));
			}
		};
	}

	private static Mono<Map<String, String>> variables(Server server, ConnectionSettings settings) {
		if (settings.startup() == Startup.LAZY) {
			return Mono.just(Map.of());
		}
		return server.variables(LIMIT).onErrorResume((ex) -> {
			logger.debug("The server does not tell its variables", ex);
			return Mono.just(Map.of());
		});
	}

	private static Surroundings surroundings(ApplicationContext context) {
		ClassLoader classes = context.getClassLoader();
		boolean web = ClassUtils
			.isPresent("org.springframework.boot.web.context.reactive.ReactiveWebApplicationContext", classes);
		List<String> blocking = new ArrayList<>();
		BLOCKING.forEach((type) -> blocking.addAll(beans(context, type)));
		boolean transactions = ClassUtils.isPresent("org.springframework.r2dbc.connection.R2dbcTransactionManager",
				classes);
		return new Surroundings(web && Web.isReactive(context), blocking,
				transactions ? Transactions.otherManagers(context) : List.of(),
				ClassUtils.isPresent("io.micrometer.tracing.Tracer", classes) && Tracing.isOn(context),
				ClassUtils.isPresent("io.r2dbc.proxy.ProxyConnectionFactory", classes),
				LoopResources.hasNativeSupport(), System.getProperty("os.name", ""), httpServer(context));
	}

	private static @Nullable String httpServer(ApplicationContext context) {
		String server = "reactor.netty.http.server.HttpServer";
		boolean serves = !beans(context, "org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory")
			.isEmpty();
		return (serves && ClassUtils.isPresent(server, context.getClassLoader()))
				? ClassUtils.resolveClassName(server, context.getClassLoader()).getPackage().getImplementationVersion()
				: null;
	}

	private static List<String> beans(ApplicationContext context, String type) {
		ClassLoader classes = context.getClassLoader();
		return ClassUtils.isPresent(type, classes)
				? Arrays.asList(context.getBeanNamesForType(ClassUtils.resolveClassName(type, classes), true, false))
				: List.of();
	}

	/**
	 * Knows Micrometer's tracing.
	 */
	private static final class Tracing {

		// Boot has one that does nothing where there is no other.
		static boolean isOn(ApplicationContext context) {
			return context.getBeanProvider(Tracer.class).stream().anyMatch((tracer) -> tracer != Tracer.NOOP);
		}

	}

	/**
	 * Knows transaction managers.
	 */
	private static final class Transactions {

		static List<String> otherManagers(ApplicationContext context) {
			boolean ours = context.getBeanNamesForType(MySqlTransactionManager.class, true, false).length > 0;
			return ours ? List.of()
					: Arrays.asList(context.getBeanNamesForType(ReactiveTransactionManager.class, true, false));
		}

	}

	/**
	 * Knows Boot's web contexts.
	 */
	private static final class Web {

		static boolean isReactive(ApplicationContext context) {
			return context instanceof ReactiveWebApplicationContext;
		}

	}

}
