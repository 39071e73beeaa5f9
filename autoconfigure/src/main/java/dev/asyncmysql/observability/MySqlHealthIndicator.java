package dev.asyncmysql.observability;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.ConnectionFailure;
import dev.asyncmysql.connection.PoolUsage;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.connection.ServerProbe;
import dev.asyncmysql.connection.ServerProbe.Reachability;
import dev.asyncmysql.connection.ServerState;
import dev.asyncmysql.connection.ServerVersion;
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

	private final AtomicBoolean away = new AtomicBoolean();

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
			return this.probe.probe()
				.map((reachability) -> found(reachability))
				.onErrorResume((ex) -> Mono.just(new Finding(null, null, ex, System.nanoTime())))
				.doOnNext((finding) -> this.last = finding)
				.map(this::tell);
		});
	}

	// A connection that was not asked tells nothing of how the server stands now.
	private Finding found(Reachability reachability) {
		return new Finding(reachability, (reachability == Reachability.AVAILABLE) ? this.server.state() : null, null,
				System.nanoTime());
	}

	private Health tell(Finding finding) {
		Throwable reason = finding.reason();
		return (reason != null) ? unreachable(reason) : reachable(finding);
	}

	private Health reachable(Finding finding) {
		if (this.away.compareAndSet(true, false)) {
			logger.info("The server answers again");
		}
		Health.Builder health = describe(
				Health.status((finding.reachability() == Reachability.SATURATED) ? this.saturated : Status.UP));
		ServerState state = finding.state();
		if (state != null) {
			describe(health, state);
		}
		return health.build();
	}

	private Health unreachable(Throwable ex) {
		if (this.away.compareAndSet(false, true)) {
			logger.warn("The server does not answer: "
					+ this.failures.apply(ex).map(ConnectionFailure::toString).orElseGet(ex::getMessage));
		}
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
	 * @param reachability how the server can be reached, or {@code null} where it cannot
	 * @param state what it has told of itself, or {@code null} where it was not asked
	 * @param reason why it cannot, or {@code null} where it can
	 * @param time when, as of {@link System#nanoTime()}
	 */
	private record Finding(@Nullable Reachability reachability, @Nullable ServerState state, @Nullable Throwable reason,
			long time) {

	}

}
