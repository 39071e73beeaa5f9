package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Wrapped;
import reactor.core.publisher.Mono;

/**
 * Opens guarded connections within a limit of time, says what to do about a failure, and
 * tells the {@link Server} what came of it.
 */
final class BoundedConnectionFactory implements ConnectionFactory, Wrapped<ConnectionFactory> {

	private final ConnectionFactory delegate;

	private final Server server;

	BoundedConnectionFactory(ConnectionFactory delegate, Server server) {
		this.delegate = delegate;
		this.server = server;
	}

	/**
	 * Open a connection for the application.
	 * @return a mono of the connection; {@link Server#recentFailure} tells of its failure
	 */
	@Override
	public Mono<Connection> create() {
		return this.server.openConnections().admit(Mono.defer(() -> {
			long start = System.nanoTime();
			return open().doOnNext((opened) -> this.server.admitted(opened, System.nanoTime() - start))
				.doOnError((ex) -> this.server.failed(ex, System.nanoTime() - start))
				.cast(Connection.class);
		}));
	}

	/**
	 * Open a connection. What is not open within the limit, or is no longer wanted, is
	 * cut.
	 * @return a mono of the connection
	 */
	Mono<GuardedConnection> open() {
		return Mono.defer(() -> {
			Wire wire = new Wire();
			AtomicBoolean open = new AtomicBoolean();
			Duration limit = this.server.settings().pool().maxCreateConnectionTime();
			Mono<GuardedConnection> connection = Mono.from(this.delegate.create())
				.contextWrite((context) -> context.put(Wire.class, wire))
				.flatMap((opened) -> Session.read(GuardedConnection.driver(opened))
					.map((session) -> new GuardedConnection(opened, wire, this.server, session)));
			return TimeLimit.within(connection, limit)
				.onErrorMap(TimeoutException.class,
						(ex) -> new R2dbcTimeoutException("%s within %d ms (%s.pool.max-create-connection-time)"
							.formatted(ConnectionFailure.NOT_LET_IN, limit.toMillis(), this.server.prefix()), ex))
				.doOnNext(this.server::opened)
				.doOnNext((opened) -> open.set(true))
				.doFinally((signal) -> {
					if (!open.get()) {
						wire.cut();
					}
				})
				.doOnError((ex) -> ConnectionFailure.mark(ex, this.server.settings(), this.server.prefix()));
		});
	}

	@Override
	public ConnectionFactoryMetadata getMetadata() {
		return this.delegate.getMetadata();
	}

	@Override
	public ConnectionFactory unwrap() {
		return this.delegate;
	}

}
