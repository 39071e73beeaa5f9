package dev.asyncmysql.observability;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.connection.ServerProbe;
import dev.asyncmysql.connection.ServerProbe.Reachability;
import dev.asyncmysql.connection.ServerProbe.Sign;
import dev.asyncmysql.connection.ServerState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link MySqlHealthIndicator}.
 */
@ExtendWith(OutputCaptureExtension.class)
class MySqlHealthIndicatorTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private static final Sign ALIVE = new Sign(Reachability.AVAILABLE, null);

	private final ServerProbe probe = mock();

	private final List<Status> told = new ArrayList<>();

	MySqlHealthIndicatorTests() {
		given(this.probe.usage()).willReturn(Optional.empty());
	}

	@Test
	void theProbeThatBeganLaterWinsWhicheverEndsFirst(CapturedOutput output) {
		Sinks.One<Sign> first = Sinks.one();
		Sinks.One<Sign> second = Sinks.one();
		given(this.probe.probe()).willReturn(first.asMono()).willReturn(second.asMono());
		MySqlHealthIndicator health = indicator(Duration.ofMinutes(10));
		health.health().map(Health::getStatus).subscribe(this.told::add);
		health.health().map(Health::getStatus).subscribe(this.told::add);
		second.tryEmitValue(ALIVE);
		first.tryEmitError(new IllegalStateException("too late"));
		assertThat(this.told).containsExactly(Status.UP, Status.UP);
		assertThat(health.health().map(Health::getStatus).block(LIMIT)).isEqualTo(Status.UP);
		assertThat(output).doesNotContain("The server does not answer").doesNotContain("The server answers again");
	}

	@Test
	void anOutageIsToldOnceInOneLine(CapturedOutput output) {
		given(this.probe.probe()).willReturn(Mono.error(new IllegalStateException("gone\n2026 WARN forged")))
			.willReturn(Mono.error(new IllegalStateException("gone")))
			.willReturn(Mono.just(ALIVE));
		MySqlHealthIndicator health = indicator(Duration.ZERO);
		for (int i = 0; i < 4; i++) {
			health.health().map(Health::getStatus).subscribe(this.told::add);
		}
		assertThat(this.told).containsExactly(Status.DOWN, Status.DOWN, Status.UP, Status.UP);
		assertThat(output).containsOnlyOnce("The server does not answer: ")
			.contains("The server does not answer: gone 2026 WARN forged")
			.containsOnlyOnce("The server answers again");
	}

	@Test
	void onlyWhatTheProbeItselfHasReadIsTold() {
		ServerState state = new ServerState(true, "TLSv1.3", "TLS_A", Duration.ofMillis(2));
		given(this.probe.probe()).willReturn(Mono.just(new Sign(Reachability.AVAILABLE, state)))
			.willReturn(Mono.just(ALIVE));
		MySqlHealthIndicator health = indicator(Duration.ZERO);
		assertThat(details(health)).contains("readOnly=true", "tls=TLSv1.3 TLS_A", "roundTripMillis=2.0");
		assertThat(details(health)).doesNotContain("readOnly", "tls", "roundTripMillis");
	}

	private static String details(MySqlHealthIndicator health) {
		return health.health().map((told) -> told.getDetails().toString()).blockOptional(LIMIT).orElseThrow();
	}

	private MySqlHealthIndicator indicator(Duration interval) {
		return new MySqlHealthIndicator(mock(Server.class), this.probe,
				new ConnectionSettings.Health(Duration.ofSeconds(2), interval, false), (ex) -> Optional.empty());
	}

}
