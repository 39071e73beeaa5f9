package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.ConnectionListener.EndReason;
import io.netty.channel.embedded.EmbeddedChannel;
import io.r2dbc.spi.ConnectionFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.Disposable;
import reactor.core.scheduler.Scheduler;
import reactor.test.scheduler.VirtualTimeScheduler;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link IdleLimit} and the part that {@link Tenure} has in it.
 */
class IdleLimitTests {

	@Test
	void aConnectionMayBeSilentForThreeQuartersOfTheServersLimit() {
		assertThat(IdleLimit.of(Duration.ofSeconds(5))).isEqualTo(3_750_000_000L);
		assertThat(IdleLimit.of(Duration.ofHours(8))).isEqualTo(Duration.ofHours(6).toNanos());
		assertThat(IdleLimit.of(null)).isEqualTo(Long.MAX_VALUE);
		assertThat(IdleLimit.of(Duration.ZERO)).isEqualTo(Long.MAX_VALUE);
	}

	@ParameterizedTest
	@CsvSource({ "5, 3m, 180s, 3750ms", "239, 3m, 180s, 179250ms", "28800, -1s, without a limit, 21600s",
			"40, 31s, 31s, 30s" })
	void aLimitThatIsNotBelowTheServersIsTold(long waitTimeout, String configured, String ours, String limit) {
		Server server = server("c.pool.max-idle-time", configured);
		assertThat(server.idleTimeAdvice()).isNull();
		server.idleLimit().learn(Duration.ofSeconds(waitTimeout));
		assertThat(server.idleTimeAdvice()).isEqualTo("The server closes connections that are idle for " + waitTimeout
				+ "s (wait_timeout), and c.pool.max-idle-time is " + ours + ": they are closed here after " + limit
				+ " instead. Set c.pool.max-idle-time to at most " + limit + ", or raise wait_timeout");
	}

	@Test
	void theShortestIsTold() {
		IdleLimit limit = idleLimit();
		limit.learn(Duration.ofHours(8));
		limit.learn(Duration.ofSeconds(5));
		limit.learn(Duration.ofSeconds(60));
		assertThat(limit.advice()).contains("idle for 5s");
	}

	@ParameterizedTest
	@CsvSource({ "28800, 3m, true", "240, 3m, true", "5, 3m, false", "0, 3m, true" })
	void aLimitThatIsBelowIsNotMentioned(long waitTimeout, String configured, boolean pooled) {
		IdleLimit limit = idleLimit("c.pool.max-idle-time", configured, "c.pool.enabled", pooled);
		limit.learn(Duration.ofSeconds(waitTimeout));
		assertThat(limit.advice()).isNull();
	}

	@Test
	void whoIsSilentForTooLongIsOver() {
		EmbeddedChannel channel = new EmbeddedChannel();
		Wire wire = new Wire();
		wire.attach(channel);
		Tenure tenure = new Tenure(server(), wire, Duration.ofMillis(800));
		assertThat(tenure.over()).isNull();
		Awaitility.await().until(() -> tenure.over() == EndReason.WAIT_TIMEOUT);
		channel.writeInbound("an answer");
		assertThat(tenure.over()).as("after an answer that was not looked at yet").isNull();
		tenure.inspect(System.nanoTime());
		assertThat(tenure.over()).isNull();
		tenure.inspect(System.nanoTime() + 1);
		Awaitility.await().until(() -> tenure.over() == EndReason.WAIT_TIMEOUT);
	}

	@Test
	void whoseLimitIsNotKnownIsNeverOver() {
		Tenure tenure = new Tenure(server(), new Wire(), null);
		tenure.inspect(System.nanoTime() + Duration.ofDays(1).toNanos());
		assertThat(tenure.over()).isNull();
	}

	private static IdleLimit idleLimit(Object... settings) {
		return server(settings).idleLimit();
	}

	private static Server server(Object... settings) {
		Map<String, Object> map = new HashMap<>(Map.of("c.pool.min-idle", 0));
		for (int i = 0; i < settings.length; i += 2) {
			map.put(settings[i].toString(), settings[i + 1]);
		}
		return new Server(
				new Binder(new MapConfigurationPropertySource(map)).bindOrCreate("c", ConnectionSettings.class),
				mock(ConnectionFactory.class), "c");
	}

	@Nested
	class Rounds {

		private final VirtualTimeScheduler time = VirtualTimeScheduler.create();

		private final AtomicInteger runs = new AtomicInteger();

		private IdleLimit limit = idleLimit();

		@BeforeEach
		void useVirtualTime() {
			VirtualTimeScheduler.set(this.time);
			this.limit = idleLimit();
		}

		@AfterEach
		void useRealTime() {
			VirtualTimeScheduler.reset();
		}

		@Test
		void areAsConfiguredUntilTheServersLimitIsKnown() {
			schedule(30);
			this.time.advanceTimeBy(Duration.ofSeconds(29));
			assertThat(this.runs).hasValue(0);
			this.time.advanceTimeBy(Duration.ofSeconds(1));
			assertThat(this.runs).hasValue(1);
		}

		@Test
		void areSoonerWhereTheServerNeedsItAlsoThePresentOne() {
			schedule(30);
			this.time.advanceTimeBy(Duration.ofSeconds(5));
			this.limit.learn(Duration.ofSeconds(8));
			this.time.advanceTimeBy(Duration.ofSeconds(1));
			assertThat(this.runs).hasValue(1);
			this.time.advanceTimeBy(Duration.ofSeconds(60));
			assertThat(this.runs).hasValue(1);
			schedule(30);
			this.limit.learn(Duration.ofSeconds(4));
			this.time.advanceTimeBy(Duration.ofSeconds(1));
			assertThat(this.runs).hasValue(2);
			schedule(30);
			this.time.advanceTimeBy(Duration.ofMillis(500));
			assertThat(this.runs).hasValue(3);
		}

		@Test
		void areAsConfiguredWhereThatIsOftenEnough() {
			this.limit.learn(Duration.ofHours(8));
			schedule(30);
			this.time.advanceTimeBy(Duration.ofSeconds(29));
			assertThat(this.runs).hasValue(0);
			this.time.advanceTimeBy(Duration.ofSeconds(1));
			assertThat(this.runs).hasValue(1);
		}

		@Test
		void endWithThePool() {
			schedule(30).dispose();
			this.limit.learn(Duration.ofSeconds(8));
			this.time.advanceTimeBy(Duration.ofSeconds(60));
			assertThat(this.runs).hasValue(0);
		}

		private Disposable schedule(long seconds) {
			Scheduler rounds = this.limit.rounds();
			return rounds.schedule(this.runs::incrementAndGet, seconds, TimeUnit.SECONDS);
		}

	}

}
