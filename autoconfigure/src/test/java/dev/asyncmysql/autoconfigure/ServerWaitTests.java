package dev.asyncmysql.autoconfigure;

import java.net.ConnectException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.InvalidSettingsException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ServerWait}.
 */
@ExtendWith(OutputCaptureExtension.class)
class ServerWaitTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private final AtomicInteger attempts = new AtomicInteger();

	@Test
	void aServerThatIsThereCostsOneAttemptAndNoLine(CapturedOutput output) {
		StepVerifier.create(until(Mono.just("there"))).expectNext("there").expectComplete().verify(LIMIT);
		assertThat(this.attempts).hasValue(1);
		assertThat(output).isEmpty();
	}

	@Test
	void aServerThatComesIsToldOnce(CapturedOutput output) {
		Mono<String> comes = Mono.defer(() -> (this.attempts.get() < 5) ? away() : Mono.just("there"));
		StepVerifier.withVirtualTime(() -> until(comes))
			.thenAwait(Duration.ofSeconds(30))
			.expectNext("there")
			.expectComplete()
			.verify(LIMIT);
		assertThat(this.attempts).hasValue(5);
		assertThat(output.getOut().lines()).hasSize(2);
		assertThat(output.getOut().lines().toList().get(0)).contains("WARN")
			.endsWith("The start waits up to 30 s for the server (async-mysql.startup-timeout). "
					+ "java.net.ConnectException: refused");
		assertThat(output.getOut().lines().toList().get(1)).contains("INFO")
			.containsPattern("The server is there, the start has waited for \\d s$");
	}

	@Test
	void theLimitEndsTheWaitWithTheLastFailure(CapturedOutput output) {
		StepVerifier.withVirtualTime(() -> until(away()))
			.expectSubscription()
			.expectNoEvent(Duration.ofMillis(29_900))
			.thenAwait(Duration.ofMillis(200))
			.expectErrorSatisfies(
					(ex) -> assertThat(ex).isInstanceOf(R2dbcNonTransientResourceException.class).hasMessage("away"))
			.verify(LIMIT);
		// Each pause is twice as long as the one before, up to two seconds, give or take
		// half.
		assertThat(this.attempts.get()).isBetween(12, 40);
		assertThat(output.getOut().lines()).hasSize(3);
		assertThat(output).containsPattern("The start has waited for 1[0-2] s. ")
			.containsPattern("The start has waited for 2[0-5] s. ");
	}

	@Test
	void anAttemptThatNeverEndsIsCutByTheLimit() {
		StepVerifier.withVirtualTime(() -> until(Mono.never()))
			.thenAwait(Duration.ofSeconds(31))
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(R2dbcTimeoutException.class)
				.hasMessage("no answer within 30 s"))
			.verify(LIMIT);
	}

	@Test
	void whatWaitingCannotHealEndsItAtOnce(CapturedOutput output) {
		StepVerifier.create(until(Mono.error(new InvalidSettingsException("p", "wrong", "Mend it."))))
			.expectError(InvalidSettingsException.class)
			.verify(LIMIT);
		assertThat(this.attempts).hasValue(1);
		assertThat(output).isEmpty();
	}

	@Test
	void aWaitThatIsCancelledTriesNoMore() {
		StepVerifier.withVirtualTime(() -> until(away())).thenAwait(Duration.ofSeconds(1)).thenCancel().verify(LIMIT);
		int before = this.attempts.get();
		StepVerifier.withVirtualTime(() -> Mono.delay(Duration.ofSeconds(30)))
			.thenAwait(Duration.ofSeconds(30))
			.expectNextCount(1)
			.expectComplete()
			.verify(LIMIT);
		assertThat(this.attempts).hasValue(before);
	}

	private static Mono<String> away() {
		return Mono.error(() -> new R2dbcNonTransientResourceException("away", new ConnectException("refused")));
	}

	private Mono<String> until(Mono<String> attempt) {
		ConnectionSettings settings = ConnectionSettings.bind(new MockEnvironment(), "async-mysql");
		ConnectionFailures failures = new ConnectionFailures(new MockEnvironment(), new DefaultListableBeanFactory());
		return new ServerWait(settings, failures).until(Mono.defer(() -> {
			this.attempts.incrementAndGet();
			return attempt;
		}));
	}

}
