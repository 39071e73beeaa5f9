package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

import io.r2dbc.spi.Connection;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.publisher.PublisherProbe;
import reactor.test.publisher.TestPublisher;
import reactor.test.publisher.TestPublisher.Violation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link TimeLimit}, on a source that delivers although it was cancelled.
 */
class TimeLimitTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private final PublisherProbe<Void> close = PublisherProbe.empty();

	private final Connection connection = mock();

	private final TestPublisher<Connection> source = TestPublisher.createNoncompliant(Violation.DEFER_CANCELLATION);

	TimeLimitTests() {
		given(this.connection.close()).willAnswer((invocation) -> this.close.mono());
	}

	@Test
	void aConnectionInTimeIsHandedOnAndStaysOpen() {
		StepVerifier.create(TimeLimit.within(Mono.just(this.connection), LIMIT))
			.expectNext(this.connection)
			.expectComplete()
			.verify(LIMIT);
		assertThat(this.close.wasSubscribed()).isFalse();
	}

	@Test
	void aConnectionThatComesAfterTheLimitIsClosed() {
		StepVerifier.create(TimeLimit.within(this.source.mono(), Duration.ofMillis(50)))
			.expectError(TimeoutException.class)
			.verify(LIMIT);
		this.source.next(this.connection);
		assertThat(this.close.wasSubscribed()).isTrue();
	}

	@Test
	void aConnectionThatComesAfterACancelIsClosed() {
		TimeLimit.within(this.source.mono(), LIMIT).subscribe().dispose();
		this.source.next(this.connection);
		assertThat(this.close.wasSubscribed()).isTrue();
	}

	@Test
	void aHookOfTheCallerIsCalledAsWell() {
		StringBuilder dropped = new StringBuilder();
		StepVerifier
			.create(TimeLimit.within(this.source.mono(), Duration.ofMillis(50))
				.contextWrite((context) -> context.put("reactor.onNextDropped.local",
						(Consumer<Object>) (value) -> dropped.append("seen"))))
			.expectError(TimeoutException.class)
			.verify(LIMIT);
		this.source.next(this.connection);
		assertThat(this.close.wasSubscribed()).isTrue();
		assertThat(dropped).hasToString("seen");
	}

}
