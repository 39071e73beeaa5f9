package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

import javax.net.ssl.SSLSession;

import io.asyncer.r2dbc.mysql.api.MySqlConnection;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What the application asks a server on its own account: how it stands, how it would
 * execute a statement, to end another session's statement. Decorators need not know of
 * it, and it counts as no statement of a caller's.
 */
final class Inquiries {

	/** There is no such session, or no longer. From the MySQL error message reference. */
	private static final int NO_SUCH_THREAD = 1094;

	/** The shortest that MySQL knows. */
	private static final Duration LOCK_WAIT = Duration.ofSeconds(1);

	/**
	 * What a server that takes writes says of {@code read_only}; there are many others.
	 */
	private static final Set<String> WRITABLE = Set.of("0", "OFF");

	private final Connection driver;

	private final ExchangeLine line;

	private final Session session;

	private final Wire wire;

	/**
	 * Create the questions of a connection.
	 * @param driver the driver's connection
	 * @param line where its commands wait for their turn
	 * @param session the session that the connection has
	 * @param wire the way to the server
	 */
	Inquiries(Connection driver, ExchangeLine line, Session session, Wire wire) {
		this.driver = driver;
		this.line = line;
		this.session = session;
		this.wire = wire;
	}

	/**
	 * End the statement of another session of the same server.
	 * @param other the session
	 * @return a mono that completes when the server has acknowledged, also where the
	 * other has ended; it fails where the server refuses or is another one
	 */
	Mono<Void> kill(Session other) {
		Long id = other.id();
		if (id == null || !Objects.equals(this.session.serverId(), other.serverId())) {
			return Mono.error(() -> new R2dbcNonTransientResourceException(
					"The statement runs on another server than the side connection reaches"));
		}
		return OwnSql.killQuery(this.driver, id)
			.flatMap(Result::getRowsUpdated)
			.then()
			.onErrorResume((ex) -> ex instanceof R2dbcException failure && failure.getErrorCode() == NO_SUCH_THREAD,
					(ex) -> Mono.empty());
	}

	/**
	 * Ask the server for the variables that matter to its clients.
	 * @return a mono of names and values
	 */
	Mono<Map<String, String>> variables() {
		return OwnSql.variables(this.driver)
			.flatMap((result) -> result.map((row, metadata) -> OwnSql.values(row, metadata)))
			.last();
	}

	/**
	 * Ask the server how it would execute a statement. Some wait for locks to be
	 * explained: where they change rows, MySQL reads the one of a unique key meanwhile.
	 * @param statement the statement, with its values
	 * @return a mono of a line for each step, without values
	 */
	Mono<List<String>> explain(ExecutedStatement statement) {
		return Flux
			.defer(() -> new GuardedStatement(Explain.statement(this.driver, statement), this.line,
					TransactionText.PLAIN, (values) -> null, null)
				.execute())
			.concatMap((result) -> result.map((row, metadata) -> Explain.line(row, metadata)))
			.collectList()
			.delaySubscription(this.driver.setLockWaitTimeout(LOCK_WAIT));
	}

	/**
	 * Ask the server how it stands.
	 * @return a mono of the answer; it fails where there is none
	 */
	Mono<ServerState> look() {
		return Mono.defer(() -> {
			long start = System.nanoTime();
			Mono<Optional<Boolean>> question = (this.driver instanceof MySqlConnection) ? readOnly()
					: Server.validate(this.driver).thenReturn(Optional.empty());
			return Exchange.probe(this.line, question).map((readOnly) -> {
				SSLSession tls = this.wire.tls();
				return new ServerState(readOnly.orElse(null), (tls != null) ? tls.getProtocol() : null,
						(tls != null) ? tls.getCipherSuite() : null, Duration.ofNanos(System.nanoTime() - start));
			});
		});
	}

	static boolean isReadOnly(String variables) {
		return Stream.of(variables.strip().split("\\s+"))
			.anyMatch((value) -> !WRITABLE.contains(value.toUpperCase(Locale.ROOT)));
	}

	// A proxy may not know the variables; its refusal is an answer nevertheless. Read to
	// its end: the connection would be lent again while the driver still reads.
	private Mono<Optional<Boolean>> readOnly() {
		return OwnSql.readOnly(this.driver)
			.flatMap((result) -> result
				.map((Readable row) -> Optional.ofNullable(row.get(0, String.class)).map(Inquiries::isReadOnly)))
			.last()
			.onErrorResume((ex) -> ex instanceof R2dbcException failure && failure.getErrorCode() > 0,
					(ex) -> Mono.just(Optional.empty()));
	}

}
