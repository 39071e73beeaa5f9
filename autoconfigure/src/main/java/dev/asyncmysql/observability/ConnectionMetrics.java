package dev.asyncmysql.observability;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import dev.asyncmysql.ConnectionSettings.RetryOn;
import dev.asyncmysql.ConnectionSettings.SlowQuery;
import dev.asyncmysql.connection.ConnectionListener;
import dev.asyncmysql.connection.EventLoops;
import dev.asyncmysql.connection.ExecutedStatement;
import dev.asyncmysql.connection.ExecutedStatement.Outcome;
import dev.asyncmysql.connection.Server;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.r2dbc.spi.R2dbcException;
import org.jspecify.annotations.Nullable;

/**
 * Metrics of the connections to one server, beside Boot's {@code r2dbc.pool.*}, with the
 * same tag {@code name}. {@link ConnectionMeter} lists them. Recording is safe for use by
 * many threads, and does not block.
 */
public final class ConnectionMetrics implements MeterBinder {

	private final Server server;

	private final SlowQuery slowQuery;

	private final String name;

	/**
	 * Create the metrics.
	 * @param server the server
	 * @param slowQuery what a slow statement is; none is where the threshold is negative
	 * @param name name of the connection factory's bean, as Boot tags the pool's gauges
	 */
	public ConnectionMetrics(Server server, SlowQuery slowQuery, String name) {
		this.server = server;
		this.slowQuery = slowQuery;
		this.name = name;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		EventLoops loops = this.server.eventLoops();
		loops.forEach((loop) -> Gauge
			.builder(ConnectionMeter.EVENT_LOOP.getName(), loops, (counted) -> counted.connections(loop))
			.description(ConnectionMeter.EVENT_LOOP.description())
			.baseUnit("connections")
			.tag("name", this.name)
			.tag("event.loop", loop)
			.register(registry));
		FunctionCounter.builder(ConnectionMeter.LEAKED.getName(), this.server, Server::leaks)
			.description(ConnectionMeter.LEAKED.description())
			.tag("name", this.name)
			.register(registry);
		this.server.addListener(new Recorder(registry, this.slowQuery.threshold(), this.name));
	}

	/**
	 * Records what happens in one registry.
	 */
	private static final class Recorder implements ConnectionListener {

		/** A lock could not be had because of a deadlock. From the MySQL manual. */
		private static final int DEADLOCK = 1213;

		private static final int LOCK_WAIT_TIMEOUT = 1205;

		private static final int LOCK_NOWAIT = 3572;

		/** A name that is made up for each use would fill the registry. */
		private static final int MOST_TRANSACTIONS = 200;

		private static final String UNNAMED = "unnamed";

		private final MeterRegistry registry;

		private final long threshold;

		private final String name;

		private final Map<AcquireOutcome, Timer> acquired;

		private final Map<EndReason, Counter> ended;

		private final Map<String, Map<TransactionOutcome, Timer>> transactions = new ConcurrentHashMap<>();

		private final Map<RetryOn, Map<RetryOutcome, Counter>> retries;

		private final Timer opened;

		private final Timer notOpened;

		private final Timer used;

		private final Counter timeouts;

		private final Counter kills;

		private final Counter refusedKills;

		private final Counter losses;

		private final Counter cancelled;

		private final Counter slow;

		private final Counter deadlocks;

		private final Counter lockWaitTimeouts;

		Recorder(MeterRegistry registry, Duration slow, String name) {
			this.registry = registry;
			this.threshold = slow.isNegative() ? Long.MAX_VALUE : slow.toNanos();
			this.name = name;
			this.acquired = each(AcquireOutcome.class,
					(outcome) -> timer(ConnectionMeter.ACQUIRE, "outcome", tag(outcome)));
			this.ended = each(EndReason.class, (reason) -> counter(ConnectionMeter.ENDED, "reason", tag(reason)));
			transactions(UNNAMED);
			this.retries = each(RetryOn.class, (reason) -> each(RetryOutcome.class,
					(outcome) -> counter(ConnectionMeter.RETRIES, "reason", tag(reason), "outcome", tag(outcome))));
			this.opened = timer(ConnectionMeter.CREATE, "outcome", "success");
			this.notOpened = timer(ConnectionMeter.CREATE, "outcome", "error");
			this.used = timer(ConnectionMeter.USE);
			this.timeouts = counter(ConnectionMeter.ACQUIRE_TIMEOUTS);
			this.kills = counter(ConnectionMeter.KILLS, "outcome", "success");
			this.refusedKills = counter(ConnectionMeter.KILLS, "outcome", "error");
			this.losses = counter(ConnectionMeter.RECONNECTS);
			this.cancelled = counter(ConnectionMeter.CANCELLED);
			this.slow = counter(ConnectionMeter.SLOW);
			this.deadlocks = counter(ConnectionMeter.DEADLOCKS);
			this.lockWaitTimeouts = counter(ConnectionMeter.LOCK_WAIT_TIMEOUTS);
		}

		private static <E extends Enum<E>, M> Map<E, M> each(Class<E> type, Function<E, M> meter) {
			Map<E, M> meters = new EnumMap<>(type);
			for (E constant : type.getEnumConstants()) {
				meters.put(constant, meter.apply(constant));
			}
			return meters;
		}

		static String tag(Enum<?> constant) {
			return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
		}

		private Timer timer(ConnectionMeter meter, String... tags) {
			return Timer.builder(meter.getName())
				.description(meter.description())
				.tag("name", this.name)
				.tags(tags)
				.serviceLevelObjectives(meter.buckets().toArray(Duration[]::new))
				.register(this.registry);
		}

		private Counter counter(ConnectionMeter meter, String... tags) {
			return Counter.builder(meter.getName())
				.description(meter.description())
				.tag("name", this.name)
				.tags(tags)
				.register(this.registry);
		}

		@Override
		public void acquired(AcquireOutcome outcome, long nanos) {
			record(this.acquired.get(outcome), nanos);
			if (outcome == AcquireOutcome.TIMEOUT) {
				this.timeouts.increment();
			}
		}

		@Override
		public void opened(long nanos) {
			record(this.opened, nanos);
		}

		@Override
		public void notOpened(long nanos) {
			record(this.notOpened, nanos);
		}

		@Override
		public void used(long nanos) {
			record(this.used, nanos);
		}

		@Override
		public void ended(EndReason reason) {
			Counter counter = this.ended.get(reason);
			if (counter != null) {
				counter.increment();
			}
		}

		private Map<TransactionOutcome, Timer> transactions(String name) {
			return this.transactions.computeIfAbsent(name, (added) -> each(TransactionOutcome.class,
					(outcome) -> timer(ConnectionMeter.TRANSACTIONS, "transaction", added, "outcome", tag(outcome))));
		}

		@Override
		public void transactionEnded(@Nullable String transaction, TransactionOutcome outcome, long nanos) {
			String named = (transaction != null) ? transaction : UNNAMED;
			Map<TransactionOutcome, Timer> timers = this.transactions.get(named);
			record(((timers != null) ? timers
					: transactions((this.transactions.size() < MOST_TRANSACTIONS) ? named : "other"))
				.get(outcome), nanos);
		}

		@Override
		public void retried(RetryOn reason, RetryOutcome outcome) {
			Map<RetryOutcome, Counter> counters = this.retries.get(reason);
			Counter counter = (counters != null) ? counters.get(outcome) : null;
			if (counter != null) {
				counter.increment();
			}
		}

		@Override
		public void killed(boolean acknowledged) {
			(acknowledged ? this.kills : this.refusedKills).increment();
		}

		@Override
		public void serverLost() {
			this.losses.increment();
		}

		@Override
		public void executed(ExecutedStatement statement) {
			if (statement.nanos() >= this.threshold) {
				this.slow.increment();
			}
			if (statement.outcome() == Outcome.CANCELLED) {
				this.cancelled.increment();
			}
			else if (statement.failure() instanceof R2dbcException failure) {
				failed(failure.getErrorCode());
			}
		}

		private void failed(int code) {
			if (code == DEADLOCK) {
				this.deadlocks.increment();
			}
			else if (code == LOCK_WAIT_TIMEOUT || code == LOCK_NOWAIT) {
				this.lockWaitTimeouts.increment();
			}
		}

		private static void record(@Nullable Timer timer, long nanos) {
			if (timer != null) {
				timer.record(nanos, TimeUnit.NANOSECONDS);
			}
		}

	}

}
