package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.concurrent.Callable;

import dev.asyncmysql.connection.ConnectionListener.EndReason;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ValidationDepth;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;

/**
 * Decides which connections leave the pool: those that are dead, idle for too long, too
 * old, or older than a death. The pool asks before it lends a connection, when one is
 * returned, and in the background, so that a caller never gets a connection whose socket
 * is known to be closed: the next one is taken until a live one is found or a new one is
 * opened.
 */
final class Eviction {

	private static final Log logger = LogFactory.getLog(Eviction.class);

	private static final int JITTER_STEPS = 1 << 10;

	private final long maxIdleMillis;

	private final long maxLifeMillis;

	private final double jitter;

	Eviction(Duration maxIdleTime, Duration maxLifeTime, double jitter) {
		this.maxIdleMillis = limit(maxIdleTime);
		this.maxLifeMillis = limit(maxLifeTime);
		this.jitter = jitter;
	}

	private static long limit(Duration time) {
		return time.isNegative() ? Long.MAX_VALUE : time.toMillis();
	}

	/**
	 * Decide about a connection, and note with it why it has to go.
	 * @param connection the connection
	 * @param idleMillis how long it has been idle, in milliseconds
	 * @param lifeMillis how long it has been open, in milliseconds
	 * @return whether it has to go
	 */
	boolean isOver(Connection connection, long idleMillis, long lifeMillis) {
		EndReason reason = reason(connection, idleMillis, lifeMillis);
		if (reason != null && connection instanceof GuardedConnection guarded) {
			guarded.endsBecause(reason);
		}
		return reason != null;
	}

	private @Nullable EndReason reason(Connection connection, long idleMillis, long lifeMillis) {
		if (idleMillis >= this.maxIdleMillis) {
			return EndReason.IDLE;
		}
		if (lifeMillis >= lifeTimeOf(connection)) {
			return EndReason.LIFE_TIME;
		}
		EndReason over = (connection instanceof GuardedConnection guarded) ? guarded.tenure().over() : null;
		return (over == null && !isOpen(connection)) ? EndReason.LOST : over;
	}

	// The share that is taken off comes from the object's identity: it differs between
	// connections and stays the same for each, without a place to keep it.
	private long lifeTimeOf(Connection connection) {
		if (this.maxLifeMillis == Long.MAX_VALUE) {
			return Long.MAX_VALUE;
		}
		int spread = (System.identityHashCode(connection) * 0x9E3779B9) >>> 22;
		return this.maxLifeMillis - (long) (this.maxLifeMillis * this.jitter * spread / JITTER_STEPS);
	}

	// The driver answers at once from what Netty knows; a connection that does not gets
	// the
	// benefit of the doubt, as validation follows. Nothing may be thrown into the pool's
	// loop, which would never run again: what a decorator throws here ends its
	// connection.
	private static boolean isOpen(Connection connection) {
		try {
			Publisher<Boolean> answer = connection.validate(ValidationDepth.LOCAL);
			Object open = (answer instanceof Callable<?> known) ? known.call()
					: Mono.from(answer).defaultIfEmpty(false).toFuture().getNow(true);
			if (Boolean.FALSE.equals(open) && connection instanceof GuardedConnection guarded) {
				guarded.tenure().foundDead();
			}
			return Boolean.TRUE.equals(open);
		}
		catch (Throwable ex) {
			Exceptions.throwIfJvmFatal(ex);
			logger.debug("A connection could not be asked whether it is open, and is closed", ex);
			return false;
		}
	}

}
