package dev.asyncmysql.bulk;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.r2dbc.connection.ConnectionFactoryUtils;
import org.springframework.r2dbc.connection.ConnectionHolder;
import org.springframework.transaction.IllegalTransactionStateException;
import org.springframework.transaction.NoTransactionException;
import org.springframework.transaction.reactive.TransactionSynchronizationManager;

/**
 * The connections that are written to, and what their server allows. It is asked once,
 * and again after a connection has failed, as its successor may be another server.
 */
final class Connections {

	private static final Log logger = LogFactory.getLog(Connections.class);

	private final ConnectionFactory factory;

	// Whichever writer has joined.
	private static final Set<Connection> joined = ConcurrentHashMap.newKeySet();

	private volatile @Nullable Limits limits;

	Connections(ConnectionFactory factory) {
		this.factory = factory;
	}

	/**
	 * Return whether a transaction of the caller's is under way on these connections.
	 * @return a mono of whether one is
	 */
	Mono<Boolean> isInTransaction() {
		return TransactionSynchronizationManager.forCurrentTransaction()
			.map((manager) -> manager.isActualTransactionActive()
					&& manager.getResource(this.factory) instanceof ConnectionHolder)
			.onErrorResume(NoTransactionException.class, (ex) -> Mono.just(false));
	}

	/**
	 * Use the connection of the caller's transaction, one at a time: the savepoint of one
	 * write would undo what another has written since.
	 * @param use what to do with it
	 * @param <T> the type of what comes of it
	 * @return a flux of what comes of it
	 */
	<T> Flux<T> useCallers(Function<Connection, ? extends Publisher<T>> use) {
		return ConnectionFactoryUtils.getConnection(this.factory)
			.flatMapMany((connection) -> joined.add(connection) ? Flux.using(() -> connection, use, joined::remove)
					: alreadyJoined());
	}

	private static <T> Flux<T> alreadyJoined() {
		return Flux.error(() -> new IllegalTransactionStateException(
				"Another bulk write is under way in this transaction: let one follow the other, as by concatWith() or then(), "
						+ "or write each in a transaction of its own"));
	}

	/**
	 * Use a connection that is given back afterwards, whatever happens.
	 * @param use what to do with it
	 * @param <T> the type of what comes of it
	 * @return a flux of what comes of it
	 */
	<T> Flux<T> use(Function<Connection, ? extends Publisher<T>> use) {
		return Flux.usingWhen(
				Mono.<Connection>from(this.factory.create()).onErrorMap(R2dbcException.class, Connections::translate),
				use, Connections::close, (connection, ex) -> close(connection), Connections::close);
	}

	// Spring's own exception, as from ConnectionFactoryUtils, which would bind the
	// connection to what scope there is.
	private static Throwable translate(R2dbcException ex) {
		return new DataAccessResourceFailureException("Failed to obtain R2DBC Connection", ex);
	}

	// What goes wrong with it would hide why it is closed, or that all was written.
	private static Mono<Void> close(Connection connection) {
		return Mono.from(connection.close()).onErrorResume((ex) -> {
			logger.debug("A connection could not be closed after a bulk write", ex);
			return Mono.empty();
		});
	}

	Mono<Limits> limits(Connection connection) {
		Limits known = this.limits;
		if (known != null) {
			return Mono.just(known);
		}
		Dialect dialect = Dialect.of(connection.getMetadata().getDatabaseVersion());
		return OwnSql.maxAllowedPacket(connection)
			.map((packet) -> new Limits(dialect, packet))
			.doOnNext((found) -> this.limits = found);
	}

	/**
	 * Ask the server again the next time: the connection is lost, and the next one may
	 * lead to another server, or to one that allows less by now.
	 */
	void forget() {
		this.limits = null;
	}

	/**
	 * What a server allows.
	 *
	 * @param dialect how it names values
	 * @param maxPacket how large a packet it takes, in bytes
	 */
	record Limits(Dialect dialect, long maxPacket) {

	}

}
