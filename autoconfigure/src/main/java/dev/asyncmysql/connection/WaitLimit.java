package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;
import reactor.core.scheduler.Scheduler;

/**
 * Ends waits that have lasted too long. All have the same limit, so that the one that
 * waits for the longest is the next whose time is over, and one timer serves all: with a
 * timer for each, most of the time of a short wait went into setting and clearing it.
 * Safe for use by many threads; the lock is held for some instructions only, and nobody
 * is called under it.
 */
final class WaitLimit {

	private static final Log logger = LogFactory.getLog(WaitLimit.class);

	private final long limit;

	private final Scheduler scheduler;

	private @Nullable Waiting first;

	private @Nullable Waiting last;

	private boolean scheduled;

	WaitLimit(Duration limit, Scheduler scheduler) {
		this.limit = limit.toNanos();
		this.scheduler = scheduler;
	}

	/**
	 * Begin to measure a wait.
	 * @param waiting who waits, for the first time
	 */
	void add(Waiting waiting) {
		synchronized (this) {
			waiting.deadline = this.scheduler.now(TimeUnit.NANOSECONDS) + this.limit;
			Waiting before = this.last;
			waiting.previous = before;
			if (before != null) {
				before.next = waiting;
			}
			else {
				this.first = waiting;
			}
			this.last = waiting;
			waiting.listed = true;
			if (this.scheduled) {
				return;
			}
			this.scheduled = true;
		}
		schedule(this.limit);
	}

	/**
	 * Forget a wait that has ended.
	 * @param waiting who has waited, maybe without being measured
	 */
	void remove(Waiting waiting) {
		if (waiting.listed) {
			synchronized (this) {
				unlink(waiting);
			}
		}
	}

	private void unlink(Waiting waiting) {
		if (!waiting.listed) {
			return;
		}
		waiting.listed = false;
		Waiting before = waiting.previous;
		Waiting after = waiting.next;
		if (before != null) {
			before.next = after;
		}
		else {
			this.first = after;
		}
		if (after != null) {
			after.previous = before;
		}
		else {
			this.last = before;
		}
		waiting.previous = null;
		waiting.next = null;
	}

	private void schedule(long delay) {
		this.scheduler.schedule(this::inspect, delay, TimeUnit.NANOSECONDS);
	}

	private void inspect() {
		List<Waiting> over = new ArrayList<>();
		long delay = 0;
		synchronized (this) {
			long now = this.scheduler.now(TimeUnit.NANOSECONDS);
			Waiting oldest = this.first;
			while (oldest != null && oldest.deadline - now <= 0) {
				unlink(oldest);
				over.add(oldest);
				oldest = this.first;
			}
			this.scheduled = oldest != null;
			if (oldest != null) {
				delay = oldest.deadline - now;
			}
		}
		if (delay > 0) {
			schedule(delay);
		}
		over.forEach(WaitLimit::timeOut);
	}

	// The others of this round are not listed any more, and would wait for ever.
	private static void timeOut(Waiting waiting) {
		try {
			waiting.timeOut();
		}
		catch (Throwable ex) {
			Exceptions.throwIfJvmFatal(ex);
			logger.warn("A subscriber has thrown an exception where it was told that its time is over", ex);
		}
	}

	/**
	 * Who waits. What is kept here belongs to the limit.
	 */
	abstract static class Waiting {

		private @Nullable Waiting previous;

		private @Nullable Waiting next;

		private long deadline;

		private volatile boolean listed;

		/**
		 * Learn that the time is over. Called once at most, by the scheduler.
		 */
		abstract void timeOut();

	}

}
