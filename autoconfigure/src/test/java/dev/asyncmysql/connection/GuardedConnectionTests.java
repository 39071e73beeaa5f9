package dev.asyncmysql.connection;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

import dev.asyncmysql.ConnectionSettings;
import io.netty.channel.embedded.EmbeddedChannel;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.subscriber.TestSubscriber;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willAnswer;
import static org.mockito.BDDMockito.willReturn;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.withSettings;

/**
 * Tests for {@link GuardedConnection} and its {@link Wire}.
 */
class GuardedConnectionTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private static final Session SESSION = new Session(7L, "a", null, null, null, IsolationLevel.REPEATABLE_READ, true);

	private final Connection driver = mock(Connection.class, withSettings().extraInterfaces(Lifecycle.class));

	private final AtomicBoolean closed = new AtomicBoolean();

	private final EmbeddedChannel channel = new EmbeddedChannel();

	private final AtomicReference<EmbeddedChannel> channels = new AtomicReference<>(this.channel);

	private final Wire wire = new Wire();

	private final GuardedConnection connection;

	GuardedConnectionTests() {
		ConnectionMetadata metadata = mock();
		given(metadata.getDatabaseVersion()).willReturn("9.7.4");
		given(this.driver.getMetadata()).willReturn(metadata);
		given(this.driver.validate(any())).willAnswer((invocation) -> Mono.just(true));
		given(this.driver.close()).willAnswer((invocation) -> Mono.fromRunnable(() -> this.closed.set(true)));
		given(this.driver.setAutoCommit(true)).willAnswer((invocation) -> Mono.empty());
		given(((Lifecycle) this.driver).postAllocate()).willAnswer((invocation) -> Mono.empty());
		this.wire.attach(this.channel);
		this.connection = new GuardedConnection(this.driver, this.wire, server(), SESSION);
	}

	@Test
	void aReleaseThatTheServerAnswersKeepsTheConnection() {
		given(((Lifecycle) this.driver).preRelease()).willAnswer((invocation) -> Mono.empty());
		StepVerifier.create(this.connection.preRelease()).expectComplete().verify(LIMIT);
		assertThat(this.channel.isOpen()).isTrue();
	}

	@Test
	void aReleaseThatLastsTooLongCutsTheConnection() {
		given(((Lifecycle) this.driver).preRelease()).willAnswer((invocation) -> Mono.never());
		StepVerifier.create(this.connection.preRelease())
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(R2dbcTimeoutException.class)
				.hasMessage("The connection was still busy 200 ms (c.pool.max-release-time) after it was given back, "
						+ "and was cut"))
			.verify(LIMIT);
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void thePoolReplacesAConnectionThatWasCut() {
		given(((Lifecycle) this.driver).preRelease()).willAnswer((invocation) -> Mono.never());
		Server server = server();
		ConnectionPool pool = MySqlConnectionFactories.pooled(server, List.of());
		Connection first = pool.create().block(LIMIT);
		StepVerifier.create(first.close()).expectComplete().verify(LIMIT);
		assertThat(this.closed).as("said goodbye to a connection that was cut").isFalse();
		Awaitility.await().untilAsserted(() -> assertThat(pool.getMetrics().orElseThrow().acquiredSize()).isZero());
		assertThat(pool.create().block(LIMIT)).isNotNull();
		pool.dispose();
		server.dispose();
	}

	@Test
	void aChannelThatFailsIsNotLentAgainAlthoughItIsNotClosedYet() {
		StepVerifier.create(this.connection.validate(ValidationDepth.LOCAL))
			.expectNext(true)
			.expectComplete()
			.verify(LIMIT);
		this.channel.pipeline().fireExceptionCaught(new IOException("Connection reset by peer"));
		assertThat(this.channel.isOpen()).isTrue();
		StepVerifier.create(this.connection.validate(ValidationDepth.LOCAL))
			.expectNext(false)
			.expectComplete()
			.verify(LIMIT);
	}

	@Test
	void aCloseSaysGoodbyeAndCutsInAnyCase() {
		StepVerifier.create(this.connection.close()).expectComplete().verify(LIMIT);
		assertThat(this.closed).isTrue();
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void aCloseThatLastsTooLongOrFailsCutsToo() {
		for (Mono<Void> answer : List.of(Mono.<Void>never(), Mono.<Void>error(new IllegalStateException("broken")))) {
			given(this.driver.close()).willAnswer((invocation) -> answer);
			EmbeddedChannel another = new EmbeddedChannel();
			Wire its = new Wire();
			its.attach(another);
			StepVerifier.create(new GuardedConnection(this.driver, its, server(), SESSION).close())
				.expectComplete()
				.verify(LIMIT);
			assertThat(another.isOpen()).isFalse();
		}
	}

	@Test
	void thePoolAndTheSideConnectionAreCutWhereNoGoodbyeIsTaken() {
		given(this.driver.close()).willAnswer((invocation) -> Mono.never());
		given(((Lifecycle) this.driver).preRelease()).willAnswer((invocation) -> Mono.empty());
		Server server = server();
		ConnectionPool pool = MySqlConnectionFactories.pooled(server, List.of());
		Mono.usingWhen(pool.create(), Mono::just, Connection::close).block(LIMIT);
		pool.dispose();
		Awaitility.await().until(() -> !this.channel.isOpen());
		EmbeddedChannel another = new EmbeddedChannel();
		this.channels.set(another);
		server.ask(LIMIT).block(LIMIT);
		server.dispose();
		Awaitility.await().until(() -> !another.isOpen());
	}

	@Test
	void aConnectionWhoseVersionCannotBeReadIsCut() {
		given(this.driver.getMetadata()).willThrow(new IllegalStateException("broken"));
		StepVerifier.create(server().connections().create()).expectErrorMessage("broken").verify(LIMIT);
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void aWireThatWasCutBeforeItsChannelCameCutsIt() {
		Wire early = new Wire();
		early.cut();
		EmbeddedChannel late = new EmbeddedChannel();
		early.attach(late);
		assertThat(late.isOpen()).isFalse();
	}

	@Test
	void aSecondCloseWaitsForTheGoodbyeOfTheFirst() {
		TestPublisher<Void> goodbye = TestPublisher.create();
		given(this.driver.close()).willReturn(goodbye.mono()).willReturn(Mono.empty());
		TestSubscriber<Void> first = TestSubscriber.create();
		TestSubscriber<Void> second = TestSubscriber.create();
		this.connection.close().subscribe(first);
		this.connection.close().subscribe(second);
		assertThat(second.isTerminated()).isFalse();
		assertThat(this.wire.isCut()).isFalse();
		goodbye.complete();
		assertThat(first.isTerminatedComplete()).isTrue();
		assertThat(second.isTerminatedComplete()).isTrue();
		assertThat(this.wire.isCut()).isTrue();
	}

	@Test
	void aGoodbyeWaitsForTheStatementUnderWay() {
		TestPublisher<Void> savepoint = TestPublisher.create();
		given(this.driver.createSavepoint("a")).willReturn(savepoint);
		Mono.from(this.connection.createSavepoint("a")).subscribe();
		TestSubscriber<Void> close = TestSubscriber.create();
		this.connection.close().subscribe(close);
		assertThat(this.closed).isFalse();
		savepoint.complete();
		assertThat(this.closed).isTrue();
		assertThat(close.isTerminatedComplete()).isTrue();
	}

	@Test
	void aCloseDoesNotWaitForAValidationThatIsNotAnswered() {
		given(this.driver.validate(ValidationDepth.REMOTE)).willAnswer((invocation) -> Mono.never());
		Mono.from(this.connection.validate(ValidationDepth.REMOTE)).subscribe().dispose();
		TestSubscriber<Void> close = TestSubscriber.create();
		this.connection.close().subscribe(close);
		assertThat(close.isTerminatedComplete()).isTrue();
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void aTransactionWhoseBeginFailsAfterItsCallerHasGoneIsNotLentAgain() {
		TestPublisher<Void> begin = TestPublisher.create();
		TransactionDefinition definition = IsolationLevel.SERIALIZABLE;
		given(this.driver.beginTransaction(definition)).willReturn(begin);
		given(((Lifecycle) this.driver).preRelease()).willAnswer((invocation) -> Mono.empty());
		Mono.from(this.connection.beginTransaction(definition)).subscribe().dispose();
		begin.assertNotCancelled();
		begin.error(new IllegalStateException("broken"));
		given(this.driver.validate(ValidationDepth.REMOTE)).willReturn(Mono.just(true));
		StepVerifier.create(this.connection.preRelease())
			.expectErrorMessage("The session was changed and is not lent again")
			.verify(LIMIT);
	}

	@Test
	void aReleaseDropsAtOnceAResultThatNobodyWillConsume() {
		TestPublisher<Result> results = TestPublisher.create();
		Statement statement = mock();
		willReturn(results).given(statement).execute();
		given(this.driver.createStatement("SELECT 1")).willReturn(statement);
		given(this.driver.isAutoCommit()).willReturn(true);
		TestSubscriber<Result> caller = TestSubscriber.create();
		Flux.<Result>from(this.connection.createStatement("SELECT 1").execute()).subscribe(caller);
		TestPublisher<Result.Segment> rows = TestPublisher.create();
		results.next(new SegmentResult(rows));
		caller.cancel();
		StepVerifier.create(this.connection.preRelease()).then(() -> {
			rows.assertWasSubscribed();
			rows.complete();
			results.complete();
		}).expectComplete().verify(LIMIT);
	}

	@Test
	void aReleaseAfterWhichNothingIsToBeDoneSendsNothing() {
		given(this.driver.isAutoCommit()).willReturn(true);
		StepVerifier.create(this.connection.preRelease()).expectComplete().verify(LIMIT);
		verify((Lifecycle) this.driver, never()).preRelease();
		verify(this.driver, never()).validate(any());
	}

	private Server server() {
		ConnectionFactory factory = mock();
		willAnswer((invocation) -> Mono.deferContextual((context) -> {
			context.get(Wire.class).attach(this.channels.get());
			return Mono.just(this.driver);
		})).given(factory).create();
		return MySqlConnectionFactories.server(new Binder(new MapConfigurationPropertySource(
				Map.of("c.pool.max-release-time", "200ms", "c.pool.max-close-time", "200ms", "c.pool.min-idle", 0)))
			.bindOrCreate("c", ConnectionSettings.class), factory, "c");
	}

}
