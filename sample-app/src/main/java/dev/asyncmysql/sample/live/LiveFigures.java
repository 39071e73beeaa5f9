package dev.asyncmysql.sample.live;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

import dev.asyncmysql.sample.transfer.Transfer;
import dev.asyncmysql.sample.transfer.TransferExecuted;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.PoolMetrics;
import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;
import org.springframework.transaction.event.TransactionalEventListener;

/**
 * What happens in the application, from one look at it to the next: how the pool stands,
 * what the starter's timers have measured, and which transfers were committed.
 */
@Component
class LiveFigures {

	/** A page that shows more than this shows nothing. */
	private static final int RECENT = 20;

	private final ConnectionPool pool;

	private final MeterRegistry meters;

	private final Deque<Transfer> recent = new ArrayDeque<>();

	private long transfers;

	private Timed waited = Timed.NOTHING;

	private Timed used = Timed.NOTHING;

	LiveFigures(ConnectionPool pool, MeterRegistry meters) {
		this.pool = pool;
		this.meters = meters;
	}

	@TransactionalEventListener
	synchronized void committed(TransferExecuted event) {
		this.transfers++;
		this.recent.addLast(event.transfer());
		if (this.recent.size() > RECENT) {
			this.recent.removeFirst();
		}
	}

	/**
	 * Look at what has happened since the last time.
	 * @return the figures
	 */
	synchronized Figures take() {
		Timed waits = Timed.of(this.meters.find("asyncmysql.connections.acquire").tag("outcome", "success").timer());
		Timed uses = Timed.of(this.meters.find("asyncmysql.connections.use").timer());
		PoolMetrics metrics = this.pool.getMetrics().orElseThrow();
		Figures figures = new Figures(metrics.acquiredSize(), metrics.getMaxAllocatedSize(),
				metrics.pendingAcquireSize(), waits.meanSince(this.waited), uses.meanSince(this.used), this.transfers,
				List.copyOf(this.recent));
		this.waited = waits;
		this.used = uses;
		this.transfers = 0;
		this.recent.clear();
		return figures;
	}

	/**
	 * What has happened since the last time.
	 *
	 * @param inUse connections that are lent at the moment
	 * @param max the most connections
	 * @param waiting callers that wait for one at the moment
	 * @param waitMillis milliseconds that callers have waited for a connection, in the
	 * mean
	 * @param useMillis milliseconds that callers have had one, in the mean
	 * @param committed number of transfers
	 * @param transfers the last of them
	 */
	record Figures(int inUse, int max, int waiting, double waitMillis, double useMillis, long committed,
			List<Transfer> transfers) {

	}

	/**
	 * What a timer has measured so far.
	 *
	 * @param count how often
	 * @param millis the sum
	 */
	private record Timed(long count, double millis) {

		static final Timed NOTHING = new Timed(0, 0);

		static Timed of(@Nullable Timer timer) {
			return (timer != null) ? new Timed(timer.count(), timer.totalTime(TimeUnit.MILLISECONDS)) : NOTHING;
		}

		double meanSince(Timed before) {
			long more = this.count - before.count;
			return (more > 0) ? (this.millis - before.millis) / more : 0;
		}

	}

}
