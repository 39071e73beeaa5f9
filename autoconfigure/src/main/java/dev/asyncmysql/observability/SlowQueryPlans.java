package dev.asyncmysql.observability;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

import dev.asyncmysql.connection.ExecutedStatement;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.connection.SqlDigest;
import io.r2dbc.spi.R2dbcException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Logs how the server would execute slow statements, by {@code EXPLAIN} on a connection
 * of its own, one at a time. Safe for use by many threads.
 */
final class SlowQueryPlans {

	/** As the slow lines, so that one logger shows both. */
	private static final Log logger = LogFactory.getLog(SlowQueryLog.class);

	private static final Duration LIMIT = Duration.ofSeconds(10);

	/** Explainable statements, from the MySQL reference manual. */
	private static final Set<String> EXPLAINABLE = Set.of("DELETE", "INSERT", "REPLACE", "SELECT", "TABLE", "UPDATE",
			"WITH");

	private final Server server;

	private final AtomicBoolean busy = new AtomicBoolean();

	SlowQueryPlans(Server server) {
		this.server = server;
	}

	/**
	 * Explain a statement in the background. Nothing is done for what cannot be
	 * explained, or while another one is.
	 * @param statement the statement
	 */
	void explain(ExecutedStatement statement) {
		String digest = SqlDigest.of(statement.sql());
		if (!EXPLAINABLE.contains(SqlDigest.operation(digest)) || SqlDigest.isSeveral(statement.sql())
				|| statement.values() == null || !this.busy.compareAndSet(false, true)) {
			return;
		}
		this.server.explain(statement, LIMIT)
			.doFinally((signal) -> this.busy.set(false))
			.subscribe((plan) -> log(digest, plan),
					(ex) -> logger.warn("The plan of a slow query is not known, " + reason(ex) + ": " + digest));
	}

	// The server's messages may hold values.
	private static String reason(Throwable ex) {
		return (ex instanceof R2dbcException error && error.getErrorCode() != 0) ? "error " + error.getErrorCode()
				: ex.getClass().getSimpleName();
	}

	private static void log(String digest, List<String> plan) {
		logger.warn("Plan of the slow query: " + digest + System.lineSeparator() + "  "
				+ plan.stream().map(SqlDigest::oneLine).collect(Collectors.joining(System.lineSeparator() + "  ")));
	}

}
