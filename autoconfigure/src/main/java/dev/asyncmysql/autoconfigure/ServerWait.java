package dev.asyncmysql.autoconfigure;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import dev.asyncmysql.ConnectionSettings;
import io.r2dbc.spi.R2dbcTimeoutException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.util.retry.Retry;

/**
 * One wait for a server that is away: tries again, less and less often, and tells of it
 * from time to time.
 */
final class ServerWait {

	private static final Log logger = LogFactory.getLog(ServerWait.class);

	private static final Duration FIRST_PAUSE = Duration.ofMillis(100);

	/** Short against the time that a server takes to start, and no load for one. */
	private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

	private static final Duration BETWEEN_LINES = Duration.ofSeconds(10);

	private final ConnectionSettings settings;

	private final ConnectionFailures failures;

	private final long start = now();

	private volatile long lastLine;

	private volatile @Nullable Throwable lastFailure;

	ServerWait(ConnectionSettings settings, ConnectionFailures failures) {
		this.settings = settings;
		this.failures = failures;
	}

	/**
	 * Repeat an attempt until it succeeds, fails for good, or the limit is over.
	 * @param attempt the attempt
	 * @param <T> the type of what it gives
	 * @return a mono that fails with what the last attempt failed with
	 */
	<T> Mono<T> until(Mono<T> attempt) {
		Duration limit = this.settings.startupTimeout();
		return attempt
			.retryWhen(Retry.backoff(Long.MAX_VALUE, FIRST_PAUSE)
				.maxBackoff(LONGEST_PAUSE)
				.filter((ex) -> !this.failures.isPermanent(ex))
				.doBeforeRetry((signal) -> failed(signal.failure(), limit)))
			.timeout(limit)
			.doOnNext((success) -> succeeded())
			.onErrorMap(TimeoutException.class, (ex) -> {
				Throwable failure = this.lastFailure;
				return (failure != null) ? failure
						: new R2dbcTimeoutException("no answer within " + ConnectionStartup.text(limit));
			});
	}

	private void failed(Throwable failure, Duration limit) {
		long now = now();
		if (this.lastFailure == null) {
			logger.warn("The start waits up to " + ConnectionStartup.text(limit)
					+ " for the server (async-mysql.startup-timeout). " + this.failures.text(failure));
			this.lastLine = now;
		}
		else if (now - this.lastLine >= BETWEEN_LINES.toNanos()) {
			logger.info("The start has waited for " + waited() + ". " + this.failures.text(failure));
			this.lastLine = now;
		}
		this.lastFailure = failure;
		logger.debug("No connection yet", failure);
	}

	private void succeeded() {
		if (this.lastFailure != null) {
			logger.info("The server is there, the start has waited for " + waited());
		}
	}

	private static long now() {
		return Schedulers.parallel().now(TimeUnit.NANOSECONDS);
	}

	private String waited() {
		return Duration.ofNanos(now() - this.start).toSeconds() + " s";
	}

}
