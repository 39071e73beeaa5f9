package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.function.Consumer;

import io.r2dbc.spi.Connection;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * Bounds the wait for a connection, and closes one that comes after its caller was given
 * up.
 */
final class TimeLimit {

	private static final Log logger = LogFactory.getLog(TimeLimit.class);

	/**
	 * Key of Reactor's hook for a value that arrives too late, as r2dbc-pool uses it as
	 * well.
	 */
	private static final String ON_NEXT_DROPPED = "reactor.onNextDropped.local";

	private TimeLimit() {
	}

	/**
	 * Bound a wait.
	 * @param source the source of a connection
	 * @param limit the time to wait
	 * @param <C> the type of the connection
	 * @return a mono that fails with {@link java.util.concurrent.TimeoutException} after
	 * that time
	 */
	static <C extends Connection> Mono<C> within(Mono<C> source, Duration limit) {
		return source.timeout(limit).contextWrite(TimeLimit::closeDropped);
	}

	private static Context closeDropped(Context context) {
		Consumer<Object> close = (dropped) -> {
			if (dropped instanceof Connection connection) {
				Mono.from(connection.close())
					.subscribe(null, (ex) -> logger.warn("A connection that came too late could not be closed", ex));
			}
		};
		Consumer<Object> next = context.<Consumer<Object>>getOrEmpty(ON_NEXT_DROPPED).map(close::andThen).orElse(close);
		return context.put(ON_NEXT_DROPPED, next);
	}

}
