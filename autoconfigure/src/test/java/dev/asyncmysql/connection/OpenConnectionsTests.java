package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import dev.asyncmysql.ConnectionSettings;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willAnswer;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;

/**
 * Tests for {@link OpenConnections}, by themselves and behind a {@link Server}.
 */
@ExtendWith(OutputCaptureExtension.class)
class OpenConnectionsTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private final OpenConnections connections = new OpenConnections();

	private final AtomicInteger opened = new AtomicInteger();

	private final AtomicInteger closed = new AtomicInteger();

	@Test
	void whereNoneIsOpenTheEndDoesNotWait(CapturedOutput output) {
		Connection gone = open();
		this.connections.remove(gone);
		assertThat(StepVerifier.create(this.connections.drained()).expectComplete().verify(LIMIT))
			.isLessThan(Duration.ofSeconds(2));
		assertThat(output).isEmpty();
	}

	@Test
	void theEndWaitsForTheLast(CapturedOutput output) {
		List<Connection> open = List.of(open(), open());
		StepVerifier.create(this.connections.drained())
			.expectSubscription()
			.expectNoEvent(Duration.ofMillis(100))
			.then(() -> this.connections.remove(open.get(0)))
			.expectNoEvent(Duration.ofMillis(100))
			.then(() -> this.connections.remove(open.get(1)))
			.expectComplete()
			.verify(LIMIT);
		assertThat(output).contains("Waiting for 2 connections in use");
		verify(open.get(0), never()).close();
	}

	@Test
	void noneIsOpenedWhileTheOthersEnd() {
		Connection open = open();
		CompletableFuture<Void> drained = this.connections.drained().toFuture();
		StepVerifier.create(this.connections.admit(source()))
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(R2dbcNonTransientResourceException.class)
				.hasMessage("No connection is opened any more: the application is stopping"))
			.verify(LIMIT);
		assertThat(this.opened).hasValue(1);
		assertThat(drained).isNotDone();
		this.connections.remove(open);
		assertThat(drained).succeedsWithin(LIMIT);
	}

	@Test
	void whatIsLeftIsClosedAndTold(CapturedOutput output) {
		open();
		Connection open = open();
		StepVerifier.create(this.connections.close()).expectComplete().verify(LIMIT);
		assertThat(this.closed).hasValue(2);
		assertThat(output).contains("WARN")
			.contains("2 connections still in use when the application ended: closed now, and the server rolls back");
		this.connections.remove(open);
	}

	@Test
	void whereNothingIsLeftNothingIsTold(CapturedOutput output) {
		this.connections.remove(open());
		StepVerifier.create(this.connections.close()).expectComplete().verify(LIMIT);
		assertThat(output).isEmpty();
	}

	/**
	 * One that is being opened while the others are closed is closed by either side.
	 */
	@Test
	void noneIsLeftByARace() throws Exception {
		LoggingSystem logging = LoggingSystem.get(getClass().getClassLoader());
		logging.setLogLevel(OpenConnections.class.getName(), LogLevel.OFF);
		for (int i = 0; i < 2_000; i++) {
			OpenConnections racing = new OpenConnections();
			Connection connection = connection();
			CountDownLatch both = new CountDownLatch(2);
			CompletableFuture<Void> opening = CompletableFuture.runAsync(
					() -> racing.admit(Mono.fromSupplier(() -> meet(both, connection))).onErrorComplete().block(LIMIT));
			meet(both, connection);
			racing.close().block(LIMIT);
			opening.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
			assertThat(this.closed.getAndSet(0)).isPositive();
		}
		logging.setLogLevel(OpenConnections.class.getName(), null);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aServerEndsWhatIsInUseWithItsOwnEnd(boolean onEventLoop, CapturedOutput output) {
		ConnectionFactory factory = mock();
		willAnswer((invocation) -> source()).given(factory).create();
		Server server = new Server(ConnectionSettings.bind(new MockEnvironment(), "async-mysql"), factory,
				"async-mysql");
		Flux.range(0, 3).concatMap((index) -> server.connections().create()).blockLast(LIMIT);
		Connection returned = server.connections().create().block(LIMIT);
		Mono.from(returned.close()).block(LIMIT);
		assertThat(this.closed).hasValue(1);
		if (onEventLoop) {
			Mono.fromRunnable(server::dispose).subscribeOn(Schedulers.parallel()).block(LIMIT);
		}
		else {
			server.dispose();
			assertThat(this.closed).hasValue(4);
		}
		Awaitility.await().untilAsserted(() -> assertThat(this.closed).hasValue(4));
		assertThat(output).contains("3 connections still in use when the application ended");
		StepVerifier.create(server.connections().create())
			.expectErrorMessage("No connection is opened any more: the application is stopping")
			.verify(LIMIT);
		StepVerifier.create(server.drain()).expectComplete().verify(LIMIT);
		server.dispose();
		assertThat(this.closed).hasValue(4);
	}

	private static Connection meet(CountDownLatch both, Connection connection) {
		both.countDown();
		while (both.getCount() > 0) {
			Thread.onSpinWait();
		}
		return connection;
	}

	private Connection open() {
		return this.connections.admit(source()).blockOptional(LIMIT).orElseThrow();
	}

	private Mono<Connection> source() {
		return Mono.fromSupplier(() -> {
			this.opened.incrementAndGet();
			return connection();
		});
	}

	private Connection connection() {
		Connection connection = mock();
		ConnectionMetadata metadata = mock();
		given(metadata.getDatabaseVersion()).willReturn("9.7.4");
		given(connection.getMetadata()).willReturn(metadata);
		given(connection.isAutoCommit()).willReturn(true);
		willAnswer((invocation) -> Mono.fromRunnable(this.closed::incrementAndGet)).given(connection).close();
		return connection;
	}

}
