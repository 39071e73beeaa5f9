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
 * Opens connections within a limit of time and tells their {@link Server} what came of
 * it.
 */
final class BoundedConnectionFactory implements ConnectionFactory, Wrapped<ConnectionFactory> {

	private final ConnectionFactory delegate;

	private final Duration limit;

	private final String property;

	private final Server server;

	BoundedConnectionFactory(ConnectionFactory delegate, Duration limit, String property, Server server) {
		this.delegate = delegate;
		this.limit = limit;
		this.property = property;
		this.server = server;
	}

	@Override
	public Mono<Connection> create() {
		return TimeLimit.within(Mono.from(this.delegate.create()), this.limit)
			.onErrorMap(TimeoutException.class,
					(ex) -> new R2dbcTimeoutException("The server did not let a connection in within %d ms (%s)"
						.formatted(this.limit.toMillis(), this.property), ex))
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
