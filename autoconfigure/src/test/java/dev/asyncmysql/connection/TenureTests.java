package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;

import dev.asyncmysql.ConnectionSettings;
import io.netty.channel.embedded.EmbeddedChannel;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willAnswer;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link Tenure}: which connections a death throws out.
 */
@ExtendWith(OutputCaptureExtension.class)
class TenureTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private final List<Stub> opened = new CopyOnWriteArrayList<>();

	private Server server = server();

	private ConnectionPool pool = MySqlConnectionFactories.pooled(this.server, List.of());

	@AfterEach
	void close() {
		this.pool.dispose();
		this.server.dispose();
	}

	@Test
	void aDeathThatIsFoundAtAnAcquireThrowsOutAllOlderOnes(CapturedOutput output) {
		giveBack(lend(5));
		Stub last = this.opened.get(4);
		last.open = false;
		assertThat(lend(1)).singleElement().extracting(TenureTests::stub).isSameAs(this.opened.get(5));
		Awaitility.await().untilAsserted(() -> assertThat(this.opened.subList(0, 5)).noneMatch(Stub::isOpen));
		assertThat(this.opened).hasSize(6);
		assertThat(output).containsOnlyOnce(
				"A connection to ?:3306 was ended by the other side; all that were opened before are replaced");
	}

	@Test
	void aDeathThatTheSocketTellsThrowsOutTheIdleOnesBeforeAnybodyComes() {
		start("background-eviction-interval=50ms");
		giveBack(lend(5));
		this.opened.get(2).channel.close();
		Awaitility.await().untilAsserted(() -> assertThat(this.opened.subList(0, 5)).noneMatch(Stub::isOpen));
	}

	@Test
	void oneThatIsLentMeanwhileIsReplacedWhenItIsGivenBack() {
		List<Connection> lent = lend(2);
		this.opened.get(0).channel.close();
		assertThat(this.opened.get(1).isOpen()).isTrue();
		giveBack(lent);
		Awaitility.await().until(() -> !this.opened.get(1).isOpen());
		assertThat(lend(1)).extracting(TenureTests::stub).containsExactly(this.opened.get(2));
	}

	@Test
	void olderOnesThatAreFoundDeadLaterThrowOutNothing() {
		List<Connection> lent = lend(4);
		this.opened.get(0).channel.close();
		giveBack(lent.subList(0, 1));
		giveBack(lend(1));
		Stub young = this.opened.get(4);
		Flux.fromIterable(this.opened.subList(1, 4))
			.flatMap((each) -> Mono.fromRunnable(each.channel::close).subscribeOn(Schedulers.parallel()))
			.blockLast(LIMIT);
		this.opened.get(3).open = false;
		giveBack(lent.subList(1, 4));
		assertThat(lend(1)).extracting(TenureTests::stub).containsExactly(young);
	}

	@Test
	void whatIsClosedHereIsNoDeath(CapturedOutput output) {
		start("max-idle-time=50ms", "background-eviction-interval=50ms", "max-life-time=10m");
		List<Connection> lent = lend(3);
		giveBack(lent.subList(0, 1));
		Awaitility.await().until(() -> !this.opened.get(0).isOpen());
		((GuardedConnection) ((LentConnection) lent.get(1)).unwrap()).cut();
		giveBack(lent.subList(1, 2));
		assertThat(this.opened.get(1).isOpen()).isFalse();
		assertThat(this.server.generation()).isZero();
		assertThat(output).doesNotContain("replaced");
		assertThat(this.opened.get(2).isOpen()).isTrue();
	}

	@Test
	void anAttemptToOpenOneThatFailsIsNoDeath() {
		ConnectionFactory factory = mock();
		willAnswer((invocation) -> Mono.deferContextual((context) -> {
			EmbeddedChannel channel = new EmbeddedChannel();
			context.get(Wire.class).attach(channel);
			channel.close();
			return Mono.error(new R2dbcNonTransientResourceException("refused"));
		})).given(factory).create();
		Server refusing = new Server(this.server.settings(), factory, "c");
		StepVerifier.create(refusing.connections().create()).expectErrorMessage("refused").verify(LIMIT);
		assertThat(refusing.generation()).isZero();
	}

	@Test
	void aCheckThatFailsIsNoDeath() {
		giveBack(lend(2));
		willAnswer((invocation) -> Mono.error(new IllegalStateException("broken"))).given(this.opened.get(1).mock)
			.validate(any());
		assertThat(lend(1)).extracting(TenureTests::stub).containsExactly(this.opened.get(0));
		assertThat(this.server.generation()).isZero();
	}

	@Test
	void theDeathOfASideConnectionCounts() {
		giveBack(lend(1));
		this.server.ask(LIMIT).block(LIMIT);
		this.opened.get(1).channel.close();
		assertThat(lend(1)).extracting(TenureTests::stub).containsExactly(this.opened.get(2));
	}

	@Test
	void manyDeathsAtTheSameTimeAreOne() {
		List<Connection> lent = lend(8);
		Flux.fromIterable(this.opened)
			.flatMap((each) -> Mono.fromRunnable(each.channel::close).subscribeOn(Schedulers.parallel()), 8)
			.blockLast(LIMIT);
		assertThat(this.server.generation()).isOne();
		giveBack(lent);
		giveBack(lend(8));
		assertThat(this.opened).hasSize(16);
		giveBack(lend(8));
		assertThat(this.opened).hasSize(16);
	}

	@Test
	void aRefusedWriteThrowsOutAllOlderOnesButNotOverAndOver(CapturedOutput output) {
		giveBack(lend(3));
		long now = System.nanoTime();
		this.server.foundReadOnly(0, now);
		assertThat(lend(1)).extracting(TenureTests::stub).containsExactly(this.opened.get(3));
		this.server.foundReadOnly(0, now + Duration.ofSeconds(31).toNanos());
		this.server.foundReadOnly(1, now + Duration.ofSeconds(29).toNanos());
		assertThat(this.server.generation()).isOne();
		this.server.foundReadOnly(1, now + Duration.ofSeconds(31).toNanos());
		assertThat(this.server.generation()).isEqualTo(2);
		assertThat(output).contains("?:3306 takes no writes; all connections that were opened before are replaced");
	}

	private List<Connection> lend(int number) {
		return IntStream.range(0, number)
			.<Connection>mapToObj((index) -> this.pool.create().blockOptional(LIMIT).orElseThrow())
			.toList();
	}

	private static void giveBack(List<Connection> connections) {
		connections.forEach((connection) -> Mono.from(connection.close()).block(LIMIT));
	}

	private static Stub stub(Connection lent) {
		return ((StubbedConnection) GuardedConnection.driver(((LentConnection) lent).unwrap())).stub();
	}

	private void start(String... settings) {
		close();
		this.opened.clear();
		this.server = server(settings);
		this.pool = MySqlConnectionFactories.pooled(this.server, List.of());
	}

	private Server server(String... settings) {
		Map<String, String> map = new HashMap<>(Map.of("c.pool.min-idle", "0", "c.pool.acquire-retry", "0"));
		for (String setting : settings) {
			String[] parts = setting.split("=");
			map.put("c.pool." + parts[0], parts[1]);
		}
		ConnectionFactory factory = mock();
		willAnswer((invocation) -> Mono.deferContextual((context) -> {
			Stub stub = new Stub();
			context.get(Wire.class).attach(stub.channel);
			this.opened.add(stub);
			return Mono.just(stub.mock);
		})).given(factory).create();
		return new Server(
				new Binder(new MapConfigurationPropertySource(map)).bindOrCreate("c", ConnectionSettings.class),
				factory, "c");
	}

	/**
	 * A connection that knows its stub.
	 */
	private interface StubbedConnection extends Connection {

		Stub stub();

	}

	/**
	 * A connection whose socket and state the test holds.
	 */
	private static final class Stub {

		private final EmbeddedChannel channel = new EmbeddedChannel();

		private final StubbedConnection mock = mock();

		private volatile boolean open = true;

		Stub() {
			ConnectionMetadata metadata = mock();
			given(metadata.getDatabaseVersion()).willReturn("9.7.4");
			given(this.mock.getMetadata()).willReturn(metadata);
			given(this.mock.isAutoCommit()).willReturn(true);
			given(this.mock.isAutoCommit()).willReturn(true);
			given(this.mock.stub()).willReturn(this);
			willAnswer((invocation) -> Mono.fromRunnable(this.channel::close)).given(this.mock).close();
			willAnswer((invocation) -> Mono.fromSupplier(this::isOpen)).given(this.mock).validate(any());
		}

		boolean isOpen() {
			return this.open && this.channel.isOpen();
		}

	}

}
