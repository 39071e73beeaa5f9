package dev.asyncmysql.observability;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.ConnectionFailure;
import dev.asyncmysql.connection.PoolUsage;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.connection.ServerProbe;
import dev.asyncmysql.connection.ServerProbe.Reachability;
import dev.asyncmysql.connection.ServerProbe.Sign;
import dev.asyncmysql.connection.ServerState;
import dev.asyncmysql.connection.ServerVersion;
import dev.asyncmysql.connection.SqlDigest;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.ReactiveHealthIndicator;
import org.springframework.boot.health.contributor.Status;

/**
 * Tells whether the server can be reached, what it is, and how the pool stands. It
 * answers within a limit of time; an outage is logged when it begins and when it ends,
 * not at each probe.
 */
public final class MySqlHealthIndicator implements ReactiveHealthIndicator {

	/**
	 * The server lives, but all connections of the pool are lent. Boot's aggregation
	 * knows no such status and passes over it: the instance stays in rotation, with HTTP
	 * status 200.
	 */
	public static final Status SATURATED = new Status("SATURATED",
			"The server lives, but all connections of the pool are lent");

	private static final Log logger = LogFactory.getLog(MySqlHealthIndicator.class);

	private final Server server;

	private final ServerProbe probe;

	private final Function<Throwable, Optional<ConnectionFailure>> failures;

	private final long interval;

	private final Status saturated;

	private volatile @Nullable Finding last;

	/**
	 * Create an indicator.
	 * @param server the server
	 * @param probe what finds out about the server
	 * @param settings how often the server is asked, and what a saturated pool means
	 * @param failures what tells the reason of a failure to connect
	 */
	public MySqlHealthIndicator(Server server, ServerProbe probe, ConnectionSettings.Health settings,
			Function<Throwable, Optional<ConnectionFailure>> failures) {
		this.server = server;
		this.probe = probe;
		this.failures = failures;
		this.interval = settings.interval().toNanos();
		this.saturated = settings.outOfServiceWhenSaturated() ? Status.OUT_OF_SERVICE : SATURATED;
	}

	@Override
	public Mono<Health> health() {
		return Mono.defer(() -> {
			Finding recent = this.last;
			if (recent != null && System.nanoTime() - recent.time() < this.interval) {
				return Mono.just(tell(recent));
			}
			long start = System.nanoTime();
			return this.probe.probe()
				.map((sign) -> new Finding(sign, null, start, System.nanoTime()))
				.onErrorResume((ex) -> Mono.just(new Finding(null, ex, start, System.nanoTime())))
				.map(this::remember)
				.map(this::tell);
		});
	}

	// Of probes at the same time, the one that began later knows more, whichever is done
	// first.
	private synchronized Finding remember(Finding finding) {
		Finding before = this.last;
		if (before != null && finding.start() - before.start() < 0) {
			return before;
		}
		this.last = finding;
		boolean wasAway = before != null && before.reason() != null;
		Throwable reason = finding.reason();
		if (reason == null && wasAway) {
			logger.info("The server answers again");
		}
		if (reason != null && !wasAway) {
			logger.warn("The server does not answer: " + text(reason));
		}
		return finding;
	}

	private String text(Throwable ex) {
		return this.failures.apply(ex)
			.map(ConnectionFailure::toString)
			.orElseGet(() -> SqlDigest.oneLine(String.valueOf(ex.getMessage())));
	}

	private Health tell(Finding finding) {
		Throwable reason = finding.reason();
		return (reason != null) ? unreachable(reason) : reachable(finding.sign());
	}

	private Health reachable(@Nullable Sign sign) {
		boolean full = sign != null && sign.reachability() == Reachability.SATURATED;
		Health.Builder health = describe(Health.status(full ? this.saturated : Status.UP));
		ServerState state = (sign != null) ? sign.state() : null;
		if (state != null) {
			describe(health, state);
		}
		return health.build();
	}

	private Health unreachable(Throwable ex) {
		logger.debug("The server does not answer", ex);
		Health.Builder health = describe(Health.down());
		this.failures.apply(ex)
			.ifPresentOrElse((failure) -> health.withDetail("error", failure.description())
				.withDetail("advice", failure.action()), () -> health.withException(ex));
		return health.build();
	}

	private Health.Builder describe(Health.Builder health) {
		ServerVersion version = this.server.version();
		health.withDetail("database", (version != null) ? version.product() : "MySQL");
		if (version != null) {
			health.withDetail("version", version.version());
		}
		this.probe.usage().ifPresent((usage) -> health.withDetail("pool", figures(usage)));
		return health;
	}

	private static void describe(Health.Builder health, ServerState state) {
		if (state.readOnly() != null) {
			health.withDetail("readOnly", state.readOnly());
		}
		health.withDetail("tls", (state.tlsVersion() != null && state.tlsCipher() != null)
				? state.tlsVersion() + " " + state.tlsCipher() : "none");
		health.withDetail("roundTripMillis", state.roundTrip().toNanos() / 10_000 / 100.0);
	}

	private static Map<String, Integer> figures(PoolUsage usage) {
		Map<String, Integer> figures = new LinkedHashMap<>();
		figures.put("acquired", usage.acquired());
		figures.put("idle", usage.idle());
		figures.put("pending", usage.pending());
		figures.put("maximum", usage.maximum());
		return figures;
	}

	/**
	 * What was found out, and when.
	 *
	 * @param sign the server's sign of life, or {@code null} where there is none
	 * @param reason why there is none, or {@code null} where there is one
	 * @param start when the question began, as of {@link System#nanoTime()}
	 * @param time when the answer came
	 */
	private record Finding(@Nullable Sign sign, @Nullable Throwable reason, long start, long time) {

	}

}
