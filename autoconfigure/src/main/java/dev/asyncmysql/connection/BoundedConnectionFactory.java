package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.concurrent.TimeoutException;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Wrapped;
import reactor.core.publisher.Mono;

/**
 * Opens connections within a limit of time, says what to do about a failure, and tells
 * the {@link Server} what came of it.
 */
final class BoundedConnectionFactory implements ConnectionFactory, Wrapped<ConnectionFactory> {

	private final ConnectionFactory delegate;

	private final Server server;

	BoundedConnectionFactory(ConnectionFactory delegate, Server server) {
		this.delegate = delegate;
		this.server = server;
	}

	@Override
	public Mono<Connection> create() {
		Duration limit = this.server.settings().pool().maxCreateConnectionTime();
		return TimeLimit.within(Mono.from(this.delegate.create()), limit)
			.onErrorMap(TimeoutException.class,
					(ex) -> new R2dbcTimeoutException("%s within %d ms (%s.pool.max-create-connection-time)"
						.formatted(ConnectionFailure.NOT_LET_IN, limit.toMillis(), this.server.prefix()), ex))
			.doOnError((ex) -> ConnectionFailure.mark(ex, this.server.settings(), this.server.prefix()))
			.doOnNext(this.server::opened)
			.doOnError(this.server::failed);
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
