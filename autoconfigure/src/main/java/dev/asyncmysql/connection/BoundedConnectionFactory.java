package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.concurrent.TimeoutException;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Wrapped;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Opens connections within a limit of time and remembers why the last attempt failed, for
 * the callers who are told of nothing but their own wait.
 */
final class BoundedConnectionFactory implements ConnectionFactory, Wrapped<ConnectionFactory> {

	private final ConnectionFactory delegate;

	private final Duration limit;

	private final String property;

	private volatile @Nullable Throwable lastFailure;

	BoundedConnectionFactory(ConnectionFactory delegate, Duration limit, String property) {
		this.delegate = delegate;
		this.limit = limit;
		this.property = property;
	}

	@Override
	public Mono<Connection> create() {
		return TimeLimit.within(Mono.from(this.delegate.create()), this.limit)
			.onErrorMap(TimeoutException.class,
					(ex) -> new R2dbcTimeoutException("The server did not let a connection in within %d ms (%s)"
						.formatted(this.limit.toMillis(), this.property), ex))
			.doOnSuccess((connection) -> this.lastFailure = null)
			.doOnError((ex) -> this.lastFailure = ex);
	}

	/**
	 * Return why the last attempt failed.
	 * @return the failure, or {@code null} after a success
	 */
	@Nullable Throwable lastFailure() {
		return this.lastFailure;
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
