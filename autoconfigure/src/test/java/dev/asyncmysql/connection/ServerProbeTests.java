package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.ServerProbe.Reachability;
import dev.asyncmysql.connection.ServerProbe.Sign;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.ValidationDepth;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willAnswer;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link ServerProbe}, its pool and the side connection on stubs of
 * connections.
 */
class ServerProbeTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private static final Duration PROBE = Duration.ofSeconds(1);

	private final AtomicInteger opened = new AtomicInteger();

	private final List<Connection> closed = new CopyOnWriteArrayList<>();

	private Supplier<Publisher<Connection>> next = () -> Mono.fromSupplier(this::open);

	private Supplier<Mono<Boolean>> answer = () -> Mono.just(true);

	private Server server = server();

	private ConnectionPool pool = MySqlConnectionFactories.pooled(this.server, List.of());

	private ServerProbe probe = new ServerProbe(this.server, this.pool, PROBE);

	@AfterEach
	void close() {
		this.pool.dispose();
		this.server.dispose();
	}

	@Test
	void asksByAConnectionOfThePool() {
		expect(Reachability.AVAILABLE);
		expect(Reachability.AVAILABLE);
		assertThat(this.opened).hasValue(1);
		Awaitility.await().untilAsserted(() -> assertThat(usage()).isEqualTo(new PoolUsage(0, 1, 0, 10)));
	}

	@Test
	void aRecentAnswerSparesAFullPoolTheQuestion() {
		start("pool.max-size=1");
		this.pool.create().block(LIMIT);
		this.answer = () -> Mono.error(new IllegalStateException("asked"));
		expect(Reachability.SATURATED);
		assertThat(this.opened).hasValue(1);
		assertThat(usage().isSaturated()).isTrue();
	}

	@Test
	void withoutOneASideConnectionAsksForAllProbesTogether() {
		start("pool.max-size=1");
		this.pool.create().block(LIMIT);
		Awaitility.await().until(() -> !this.server.hasAnsweredWithin(PROBE));
		this.answer = () -> Mono.delay(Duration.ofMillis(50)).thenReturn(true);
		List<Reachability> answers = Flux.range(0, 1024)
			.flatMap((index) -> ask().subscribeOn(Schedulers.parallel()), 1024)
			.collectList()
			.block(LIMIT);
		assertThat(answers).hasSize(1024).containsOnly(Reachability.SATURATED);
		assertThat(this.opened).hasValue(2);
		Awaitility.await().until(() -> !this.server.hasAnsweredWithin(PROBE));
		expect(Reachability.SATURATED);
		assertThat(this.opened).hasValue(2);
	}

	@Test
	void aServerThatHasNoRoomForASideConnectionLives() {
		start("pool.max-size=1");
		this.pool.create().block(LIMIT);
		Awaitility.await().until(() -> !this.server.hasAnsweredWithin(PROBE));
		this.next = () -> Mono.error(new R2dbcNonTransientResourceException("Too many connections", "08004", 1040));
		expect(Reachability.SATURATED);
	}

	@Test
	void aServerThatIsAwayWhileThePoolIsFullIsAway() {
		start("pool.max-size=1");
		this.pool.create().block(LIMIT);
		Awaitility.await().until(() -> !this.server.hasAnsweredWithin(PROBE));
		this.next = () -> Mono.error(new R2dbcNonTransientResourceException("refused"));
		StepVerifier.create(this.probe.probe()).expectErrorMessage("refused").verify(LIMIT);
	}

	@Test
	void aServerThatIsAwayIsAwayForItsReason() {
		this.next = () -> Mono.error(new R2dbcNonTransientResourceException("refused"));
		StepVerifier.create(this.probe.probe()).expectErrorMessage("refused").verify(LIMIT);
	}

	@Test
	void aRefusedLoginIsNotTriedBySideConnectionToo() {
		this.next = () -> Mono.error(new R2dbcPermissionDeniedException("Access denied", "28000", 1045));
		AtomicInteger attempts = new AtomicInteger();
		Supplier<Publisher<Connection>> refuse = this.next;
		this.next = () -> {
			attempts.incrementAndGet();
			return refuse.get();
		};
		StepVerifier.create(this.probe.probe()).expectErrorMessage("Access denied").verify(LIMIT);
		assertThat(attempts).hasValue(1);
	}

	@Test
	void aServerThatSaysNothingIsToldSoWithinTheLimit() {
		this.next = Mono::never;
		Duration waited = StepVerifier.create(this.probe.probe())
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(R2dbcTimeoutException.class)
				.hasMessage("The server gave no answer within 1000 ms (async-mysql.health.timeout)"))
			.verify(LIMIT);
		assertThat(waited).isBetween(Duration.ofMillis(900), Duration.ofSeconds(4));
	}

	@Test
	void oneConnectionThatHangsIsNoOutage() {
		assertThat(this.probe.probe().blockOptional(LIMIT).orElseThrow().state()).isNotNull();
		AtomicInteger asked = new AtomicInteger();
		this.answer = () -> (asked.incrementAndGet() == 1) ? Mono.never() : Mono.just(true);
		StepVerifier.create(this.probe.probe())
			.expectNext(new Sign(Reachability.AVAILABLE, null))
			.expectComplete()
			.verify(LIMIT);
		assertThat(asked).hasValue(2);
	}

	@Test
	void theProbesOwnConnectionIsNoUseOfThePool() {
		start("pool.max-size=2");
		this.pool.create().block(LIMIT);
		Sinks.One<Boolean> sign = Sinks.one();
		this.answer = sign::asMono;
		List<Reachability> answers = new CopyOnWriteArrayList<>();
		ask().subscribe(answers::add);
		Awaitility.await().until(() -> usage().isSaturated());
		ask().subscribe(answers::add);
		assertThat(answers).isEmpty();
		sign.tryEmitValue(true);
		Awaitility.await()
			.untilAsserted(() -> assertThat(answers).containsExactly(Reachability.AVAILABLE, Reachability.AVAILABLE));
	}

	@Test
	void aProbeThatHasToWaitForThePoolFindsItSaturated() {
		start("pool.max-size=1");
		Connection lent = this.pool.create().blockOptional(LIMIT).orElseThrow();
		this.pool.create().subscribe();
		expect(Reachability.SATURATED);
		Mono.from(lent.close()).block(LIMIT);
	}

	@Test
	void probesOfASilentServerTakeOneConnectionOfThePoolAndGiveItBack() {
		start("pool.max-release-time=500ms");
		expect(Reachability.AVAILABLE);
		this.answer = Mono::never;
		for (int i = 0; i < 3; i++) {
			StepVerifier.create(this.probe.probe()).expectError(R2dbcTimeoutException.class).verify(LIMIT);
			assertThat(usage().acquired()).isLessThanOrEqualTo(1);
		}
		Awaitility.await().untilAsserted(() -> assertThat(usage().acquired()).isZero());
		this.answer = () -> Mono.just(true);
		expect(Reachability.AVAILABLE);
	}

	@Test
	void aSideConnectionThatFailedIsNotUsedAgain() {
		start("pool.max-size=1");
		this.pool.create().block(LIMIT);
		Awaitility.await().until(() -> !this.server.hasAnsweredWithin(PROBE));
		this.answer = Mono::never;
		StepVerifier.create(this.probe.probe()).expectError(R2dbcTimeoutException.class).verify(LIMIT);
		Awaitility.await().until(() -> !this.server.hasAnsweredWithin(PROBE));
		this.answer = () -> Mono.just(true);
		expect(Reachability.SATURATED);
		assertThat(this.opened).hasValue(3);
	}

	@Test
	void aProbeThatIsGivenUpLeavesTheOthers() {
		start("pool.max-size=1");
		this.pool.create().block(LIMIT);
		Awaitility.await().until(() -> !this.server.hasAnsweredWithin(PROBE));
		this.answer = () -> Mono.delay(Duration.ofMillis(100)).thenReturn(true);
		List<Throwable> failures = new ArrayList<>();
		Mono<Reachability> other = ask().doOnError(failures::add);
		this.probe.probe().subscribe().dispose();
		StepVerifier.create(other).expectNext(Reachability.SATURATED).expectComplete().verify(LIMIT);
		assertThat(failures).isEmpty();
		assertThat(this.opened).hasValue(2);
	}

	@Test
	void withoutAPoolAConnectionIsOpenedAsForACaller() {
		this.probe = new ServerProbe(this.server, MySqlConnectionFactories.unpooled(this.server), PROBE);
		expect(Reachability.AVAILABLE);
		assertThat(this.closed).hasSize(1);
		this.next = () -> Mono.error(new R2dbcNonTransientResourceException("Too many connections", "08004", 1040));
		StepVerifier.create(this.probe.probe()).expectErrorMessage("Too many connections").verify(LIMIT);
		assertThat(this.probe.usage()).isEmpty();
	}

	@Test
	void aServerWithoutRoomForMoreThanWhatIsInUseIsSaturated() {
		this.pool.create().block(LIMIT);
		this.next = () -> Mono.error(new R2dbcNonTransientResourceException("Too many connections", "08004", 1040));
		expect(Reachability.SATURATED);
	}

	@Test
	void anOldFailureIsNotTheReasonOfANewOne() {
		this.pool.create().block(LIMIT);
		this.next = () -> Mono.error(new R2dbcNonTransientResourceException("Too many connections", "08004", 1040));
		StepVerifier.create(this.pool.create()).expectErrorMessage("Too many connections").verify(LIMIT);
		assertThat(this.server.recentFailure(LIMIT)).isNotNull();
		Awaitility.await().until(() -> this.server.recentFailure(PROBE) == null);
		this.next = Mono::never;
		StepVerifier.create(this.probe.probe())
			.expectErrorSatisfies((ex) -> assertThat(ex).hasMessageContaining("gave no answer").hasNoCause())
			.verify(LIMIT);
	}

	@Test
	void aFailureOfTheSideConnectionIsNoReasonForOthers() {
		start("pool.max-size=1", "pool.max-acquire-time=300ms");
		this.pool.create().block(LIMIT);
		Awaitility.await().until(() -> !this.server.hasAnsweredWithin(PROBE));
		this.next = () -> Mono.error(new R2dbcNonTransientResourceException("Too many connections", "08004", 1040));
		expect(Reachability.SATURATED);
		StepVerifier.create(this.pool.create())
			.expectErrorSatisfies((ex) -> assertThat(ex).hasMessageContaining("Find what holds connections for long"))
			.verify(LIMIT);
	}

	@Test
	void disposingClosesTheSideConnection() {
		this.server.ask(LIMIT).block(LIMIT);
		this.server.dispose();
		assertThat(this.closed).hasSize(1);
		this.server.dispose();
	}

	@Test
	void theVersionIsThatOfTheLastConnection() {
		assertThat(this.server.version()).isNull();
		expect(Reachability.AVAILABLE);
		assertThat(this.server.version()).isEqualTo(new ServerVersion("MySQL", "9.7.4"));
		assertThat(ServerVersion.of("5.5.5-11.4.5-MariaDB-log")).hasToString("MariaDB 11.4.5");
	}

	private Mono<Reachability> ask() {
		return this.probe.probe().map(Sign::reachability);
	}

	private void expect(Reachability reachability) {
		StepVerifier.create(ask()).expectNext(reachability).expectComplete().verify(LIMIT);
	}

	private PoolUsage usage() {
		return this.probe.usage().orElseThrow();
	}

	private void start(String... properties) {
		close();
		this.server = server(properties);
		this.pool = MySqlConnectionFactories.pooled(this.server, List.of());
		this.probe = new ServerProbe(this.server, this.pool, PROBE);
	}

	private Server server(String... properties) {
		Map<String, String> map = new HashMap<>(Map.of("async-mysql.pool.acquire-retry", "0",
				"async-mysql.pool.min-idle", "0", "async-mysql.pool.initial-size", "0"));
		for (String property : properties) {
			String[] parts = property.split("=");
			map.put("async-mysql." + parts[0], parts[1]);
		}
		ConnectionFactory factory = mock();
		willAnswer((invocation) -> Mono.defer(() -> Mono.from(this.next.get()))).given(factory).create();
		return MySqlConnectionFactories.server(new Binder(new MapConfigurationPropertySource(map))
			.bindOrCreate("async-mysql", ConnectionSettings.class), factory, "async-mysql");
	}

	private Connection open() {
		this.opened.incrementAndGet();
		Connection connection = mock();
		ConnectionMetadata metadata = mock();
		given(metadata.getDatabaseVersion()).willReturn("9.7.4");
		given(connection.getMetadata()).willReturn(metadata);
		given(connection.isAutoCommit()).willReturn(true);
		given(connection.close()).willReturn(Mono.fromRunnable(() -> this.closed.add(connection)));
		given(connection.validate(any())).willReturn(Mono.just(true));
		willAnswer((invocation) -> Mono.defer(() -> this.answer.get())).given(connection)
			.validate(ValidationDepth.REMOTE);
		return connection;
	}

}
