package dev.asyncmysql.observability;

import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

import dev.asyncmysql.connection.ConnectionInfo;
import dev.asyncmysql.connection.PoolUsage;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.connection.ServerVersion;
import io.r2dbc.spi.ConnectionFactory;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;

/**
 * Endpoint {@code asyncmysql}: the connections to a server in full. It answers within
 * some seconds, whatever the server does, and shows no secret.
 */
@Endpoint(id = "asyncmysql")
public final class AsyncMySqlEndpoint {

	private static final Log logger = LogFactory.getLog(AsyncMySqlEndpoint.class);

	private static final Duration LIMIT = Duration.ofSeconds(2);

	private static final int TOP = 20;

	private final String name;

	private final Server server;

	private final ConnectionFactory connections;

	private final TopStatements statements;

	private final Supplier<Map<String, EffectiveSetting>> settings;

	private final @Nullable Advisor advisor;

	/**
	 * Create the endpoint.
	 * @param name name of the connection factory's bean
	 * @param server the server
	 * @param connections the connections to it, pooled or not
	 * @param statements what adds up the statements' time
	 * @param settings what tells the settings in force
	 * @param advisor what tells what to change, or {@code null} where nothing does
	 */
	public AsyncMySqlEndpoint(String name, Server server, ConnectionFactory connections, TopStatements statements,
			Supplier<Map<String, EffectiveSetting>> settings, @Nullable Advisor advisor) {
		this.name = name;
		this.server = server;
		this.connections = connections;
		this.statements = statements;
		this.settings = settings;
		this.advisor = advisor;
	}

	/**
	 * Tell all.
	 * @return a mono of one entry for each connection factory, by its bean's name
	 */
	@ReadOperation
	public Mono<Map<String, Description>> connections() {
		// Reads all settings and sorts all statements: nothing for the event loop that
		// has brought the answer.
		return variables().publishOn(Schedulers.boundedElastic())
			.map((variables) -> Map.of(this.name, describe(variables)));
	}

	private Mono<Map<String, String>> variables() {
		return this.server.variables(LIMIT).onErrorResume((ex) -> {
			logger.debug("The server does not tell its variables", ex);
			return Mono.just(Map.of("error",
					(ex instanceof TimeoutException) ? "The server gave no answer within " + LIMIT.toMillis() + " ms"
							: String.valueOf(ex.getMessage())));
		});
	}

	private Description describe(Map<String, String> variables) {
		ServerVersion version = this.server.version();
		List<Connected> open = this.server.connectionInfos()
			.stream()
			.sorted(Comparator.comparing(ConnectionInfo::age).reversed())
			.map(Connected::of)
			.toList();
		return new Description((version != null) ? version.product() + " " + version.version() : null,
				PoolUsage.of(this.connections).orElse(null),
				(this.advisor != null) ? this.advisor.advise(variables) : List.of(), open, variables,
				this.statements.top(TOP), new LinkedHashMap<>(this.settings.get()));
	}

	/**
	 * Do something.
	 * @param operation what to do
	 * @return what was done
	 */
	@WriteOperation
	public Map<String, Object> run(@Selector Operation operation) {
		return switch (operation) {
			case REPLACE -> replace();
			case LOG -> log();
		};
	}

	private Map<String, Object> replace() {
		int open = this.server.connectionInfos().size();
		this.server.replaceConnections();
		logger.info("All connections are replaced, as was asked for: those in use when they are given back");
		return Map.of("replaced", open);
	}

	private Map<String, Object> log() {
		StringBuilder summary = new StringBuilder("Connections of ").append(this.name).append(':');
		PoolUsage.of(this.connections).ifPresent((usage) -> summary.append(' ').append(usage));
		this.server.connectionInfos().forEach((info) -> summary.append(System.lineSeparator()).append(info));
		this.statements.top(TOP).forEach((figures) -> summary.append(System.lineSeparator()).append(figures));
		logger.info(summary.toString());
		return Map.of("logged", true);
	}

	/**
	 * What can be done.
	 */
	public enum Operation {

		/** Replace all connections: those in use when they are given back. */
		REPLACE,

		/** Log a summary. */
		LOG

	}

	/**
	 * The connections to one server.
	 *
	 * @param server product and version, or {@code null} before the first connection
	 * @param pool how the pool stands, or {@code null} where there is none
	 * @param advice what to change
	 * @param connections the connections, the oldest first
	 * @param variables the server's variables that matter, or why they are not known
	 * @param topStatements the statements that took the most time together
	 * @param settings the settings in force by their properties
	 */
	public record Description(@Nullable String server, @Nullable PoolUsage pool, List<Advice> advice,
			List<Connected> connections, Map<String, String> variables, List<TopStatements.Figures> topStatements,
			Map<String, EffectiveSetting> settings) {

	}

	/**
	 * One connection.
	 *
	 * @param id the server's identifier, or {@code null} where it is not known
	 * @param state what it is doing
	 * @param sinceMillis how long it has been lent, or not lent
	 * @param ageMillis how long it has been open
	 * @param eventLoop the event loop that serves it, or {@code null} where it is not
	 * known
	 */
	public record Connected(@Nullable Long id, ConnectionInfo.State state, long sinceMillis, long ageMillis,
			@Nullable String eventLoop) {

		static Connected of(ConnectionInfo info) {
			return new Connected(info.id(), info.state(), info.since().toMillis(), info.age().toMillis(),
					info.eventLoop());
		}

	}

}
