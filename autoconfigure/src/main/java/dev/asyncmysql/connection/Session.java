package dev.asyncmysql.connection;

import java.time.Duration;

import io.asyncer.r2dbc.mysql.api.MySqlConnection;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Readable;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * What the server told of a new session, to kill its statements and to restore it.
 *
 * @param id identifier for KILL, or {@code null} where it is not known
 * @param serverId what tells this server from others, or {@code null} where nothing does
 * @param waitTimeout time after which the server closes the session when it is idle, or
 * {@code null} where it is not known
 * @param lockWaitTimeout time that a statement waits for a row lock, or {@code null}
 * where it is not known
 * @param statementTimeout time after which the server ends a statement, zero for never,
 * or {@code null} where it is not known
 * @param isolationLevel isolation level of transactions that name none
 * @param autoCommit whether statements are committed one by one
 */
record Session(@Nullable Long id, @Nullable String serverId, @Nullable Duration waitTimeout,
		@Nullable Duration lockWaitTimeout, @Nullable Duration statementTimeout, IsolationLevel isolationLevel,
		boolean autoCommit) {

	private static final Log logger = LogFactory.getLog(Session.class);

	/**
	 * Ask a server for the session of a new connection.
	 * @param connection the driver's connection; of any other nothing is asked
	 * @return a mono of the session; what the server refuses to tell is {@code null} in
	 * it. It fails where the connection does.
	 */
	static Mono<Session> read(Connection connection) {
		if (!(connection instanceof MySqlConnection)) {
			return Mono.just(unknown(connection));
		}
		boolean mariaDb = ServerVersion.of(connection.getMetadata().getDatabaseVersion()).isMariaDb();
		return OwnSql.session(connection, mariaDb)
			.flatMap((result) -> result.map((Readable row) -> of(row, connection)))
			.collectList()
			.map((sessions) -> sessions.get(0))
			.onErrorResume(Session::isRefusal, (ex) -> {
				logger.debug("The server does not tell about its sessions: statements are not killed", ex);
				return Mono.just(unknown(connection));
			});
	}

	private static Session unknown(Connection connection) {
		return new Session(null, null, null, null, null, connection.getTransactionIsolationLevel(),
				connection.isAutoCommit());
	}

	private static boolean isRefusal(Throwable ex) {
		return ex instanceof R2dbcBadGrammarException
				|| (ex instanceof R2dbcException failure && failure.getErrorCode() > 0);
	}

	private static Session of(Readable row, Connection connection) {
		return new Session(row.get(0, Long.class), row.get(1, String.class), seconds(row.get(2, Long.class)),
				seconds(row.get(3, Long.class)), millis(row.get(4, Long.class)),
				connection.getTransactionIsolationLevel(), connection.isAutoCommit());
	}

	private static @Nullable Duration seconds(@Nullable Long value) {
		return (value != null) ? Duration.ofSeconds(value) : null;
	}

	private static @Nullable Duration millis(@Nullable Long value) {
		return (value != null) ? Duration.ofMillis(value) : null;
	}

}
