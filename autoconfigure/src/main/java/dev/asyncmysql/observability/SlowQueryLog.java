package dev.asyncmysql.observability;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;

import dev.asyncmysql.ConnectionSettings.SlowQuery;
import dev.asyncmysql.connection.ConnectionListener;
import dev.asyncmysql.connection.ExecutedStatement;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.connection.SqlDigest;
import io.r2dbc.spi.R2dbcException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * Logs statements that took longer than a threshold, a line each and no more than some in
 * a minute. Safe for use by many threads.
 */
public final class SlowQueryLog implements ConnectionListener {

	private static final Log logger = LogFactory.getLog(SlowQueryLog.class);

	private static final long MINUTE = Duration.ofMinutes(1).toNanos();

	private final long threshold;

	private final boolean showValues;

	private final int maxPerMinute;

	private final Function<ContextView, @Nullable String> origin;

	private final @Nullable SlowQueryPlans plans;

	private final LongSupplier clock;

	private long minuteSince;

	private int lines;

	private int withheld;

	/**
	 * Create a log.
	 * @param settings what is logged; its threshold is not negative
	 * @param origin what tells from a caller's context where the statement came from, or
	 * {@code null} where that is not known
	 * @param server the server, which is asked for plans where the settings say so
	 */
	public SlowQueryLog(SlowQuery settings, Function<ContextView, @Nullable String> origin, Server server) {
		this(settings, origin, settings.explain() ? new SlowQueryPlans(server) : null, System::nanoTime);
	}

	SlowQueryLog(SlowQuery settings, Function<ContextView, @Nullable String> origin, @Nullable SlowQueryPlans plans,
			LongSupplier clock) {
		this.threshold = settings.threshold().toNanos();
		this.showValues = settings.showValues();
		this.maxPerMinute = settings.maxPerMinute();
		this.origin = origin;
		this.plans = plans;
		this.clock = clock;
		this.minuteSince = clock.getAsLong();
	}

	@Override
	public boolean needsValues() {
		return this.plans != null;
	}

	@Override
	public void executed(ExecutedStatement statement) {
		if (statement.nanos() < this.threshold) {
			return;
		}
		int before = admit(this.clock.getAsLong());
		if (before >= 0) {
			logger.warn(line(statement)
					+ ((before > 0) ? " (" + before + " more were not logged, by slow-query.max-per-minute)" : ""));
			if (this.plans != null) {
				this.plans.explain(statement);
			}
		}
	}

	// How many were withheld since the last line, or a negative number to withhold this.
	private synchronized int admit(long now) {
		if (now - this.minuteSince >= MINUTE) {
			this.minuteSince = now;
			this.lines = 0;
		}
		if (this.lines >= this.maxPerMinute) {
			this.withheld++;
			return -1;
		}
		this.lines++;
		int before = this.withheld;
		this.withheld = 0;
		return before;
	}

	private String line(ExecutedStatement statement) {
		StringBuilder line = new StringBuilder("Slow query: ").append(millis(statement.nanos()))
			.append(" ms, ")
			.append(millis(statement.waited()))
			.append(" ms of waiting for its connection before, ")
			.append(statement.rows())
			.append((statement.rows() == 1) ? " row" : " rows");
		switch (statement.outcome()) {
			case CANCELLED -> line.append(", cancelled by its caller");
			case ERROR -> line.append(", failed").append(code(statement.failure()));
			case SUCCESS -> {
			}
		}
		String from = this.origin.apply(statement.context());
		if (from != null) {
			line.append(", ").append(from);
		}
		if (statement.transaction() != null) {
			line.append(", in transaction ").append(statement.transaction());
		}
		return SqlDigest.oneLine(line.append(": ")
			.append(this.showValues ? statement.sql().strip() : SqlDigest.of(statement.sql()))
			.toString());
	}

	private static String code(@Nullable Throwable failure) {
		return (failure instanceof R2dbcException known && known.getErrorCode() != 0) ? " with " + known.getErrorCode()
				: "";
	}

	private static long millis(long nanos) {
		return TimeUnit.NANOSECONDS.toMillis(nanos);
	}

}
