package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.r2dbc.spi.Connection;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link SideConnection}.
 */
class SideConnectionTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	@Test
	void itsEndWaitsForTheConnectionInUse() throws InterruptedException {
		Sinks.Empty<Void> goodbye = Sinks.empty();
		Connection connection = mock();
		given(connection.close()).willReturn(goodbye.asMono());
		SideConnection side = new SideConnection(Mono.just(connection), LIMIT, Schedulers.parallel());
		Sinks.Empty<Void> work = Sinks.empty();
		CountDownLatch inUse = new CountDownLatch(1);
		side.use((lent) -> {
			inUse.countDown();
			return work.asMono();
		}, LIMIT).subscribe();
		assertThat(inUse.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
		Thread end = new Thread(side::dispose);
		end.start();
		Awaitility.await()
			.until(() -> end.getState() == Thread.State.TIMED_WAITING || end.getState() == Thread.State.WAITING);
		assertThat(end.isAlive()).isTrue();
		goodbye.tryEmitEmpty();
		end.join(LIMIT.toMillis());
		assertThat(end.isAlive()).isFalse();
	}

}
