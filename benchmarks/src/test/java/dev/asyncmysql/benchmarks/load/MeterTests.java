package dev.asyncmysql.benchmarks.load;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

import dev.asyncmysql.benchmarks.peer.Operation;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link Meter} and {@link Lanes}.
 */
@Timeout(30)
class MeterTests {

	private static final Duration TIME = Duration.ofMillis(200);

	private final Meter meter = new Meter(false, 100);

	@Test
	void countsBlockingWork() throws Exception {
		LongAdder count = new LongAdder();
		AtomicInteger running = new AtomicInteger();
		Set<Integer> atOnce = ConcurrentHashMap.newKeySet();
		Operation.Blocking operation = (key) -> {
			atOnce.add(running.incrementAndGet());
			assertThat(key).isBetween(1L, 100L);
			count.increment();
			running.decrementAndGet();
		};
		Measurement measurement = this.meter.measure(operation, 4, TIME);
		assertThat(measurement.operations()).isEqualTo(count.sum()).isGreaterThan(4);
		assertThat(measurement.latencies().getTotalCount()).isEqualTo(count.sum());
		assertThat(measurement.nanos()).isGreaterThanOrEqualTo(TIME.toNanos());
		assertThat(atOnce).allMatch((number) -> number <= 4);
	}

	@Test
	void goesOnWhereWorkEndsBeforeItsStartReturns() throws Exception {
		Set<Long> threads = ConcurrentHashMap.newKeySet();
		Operation.Async operation = (key, outcome) -> {
			threads.add(Thread.currentThread().getId());
			outcome.succeeded();
		};
		Measurement measurement = this.meter.measure(operation, 64, TIME);
		assertThat(measurement.operations()).isGreaterThan(10_000);
		assertThat(threads).hasSize(Runtime.getRuntime().availableProcessors());
	}

	@Test
	void countsWorkThatEndsOnOtherThreads() throws Exception {
		ScheduledExecutorService others = Executors.newScheduledThreadPool(2);
		try {
			Operation.Async operation = (key, outcome) -> others.schedule(outcome::succeeded, 1, TimeUnit.MILLISECONDS);
			Measurement measurement = this.meter.measure(operation, 8, TIME);
			assertThat(measurement.operations()).isBetween(8L, 8L * 200 + 8);
			assertThat(measurement.latencies().getMinValue()).isGreaterThan(900_000);
		}
		finally {
			others.shutdown();
		}
	}

	@Test
	void endsWithTheFirstFailure() {
		assertThatIllegalStateException().isThrownBy(() -> this.meter.measure(
				(Operation.Async) (key, outcome) -> outcome.failed(new IllegalArgumentException("wrong answer")), 4,
				Duration.ofMinutes(1)))
			.withMessageContaining("wrong answer");
		assertThatIllegalStateException().isThrownBy(() -> this.meter.measure((Operation.Blocking) (key) -> {
			throw new IllegalArgumentException("wrong answer");
		}, 4, Duration.ofMinutes(1))).withMessageContaining("wrong answer");
	}

	@Test
	void seesMemoryThatIsAliveAndNoGarbage() throws Exception {
		Operation.Blocking holding = (key) -> {
			byte[][] held = new byte[40][1 << 20];
			awaitCollections();
			assertThat(held).hasDimensions(40, 1 << 20);
		};
		Operation.Blocking wasteful = (key) -> {
			for (int i = 0; i < 40; i++) {
				assertThat(new byte[1 << 20]).hasSize(1 << 20);
			}
			awaitCollections();
		};
		assertThat(this.meter.heapGrowth(holding)).isGreaterThan(40L << 20);
		assertThat(this.meter.heapGrowth(wasteful)).isLessThan(20L << 20);
	}

	private static void awaitCollections() {
		long before = collections();
		Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> collections() > before + 2);
	}

	private static long collections() {
		return ManagementFactory.getGarbageCollectorMXBeans()
			.stream()
			.mapToLong(GarbageCollectorMXBean::getCollectionCount)
			.sum();
	}

	@Test
	void measurementsArriveInAnotherProcessAsTheyWere() throws Exception {
		Measurement measurement = this.meter.measure((Operation.Blocking) Math::abs, 1, Duration.ofMillis(10));
		assertThat(Measurement.ofValues(measurement.toValues())).isEqualTo(measurement);
	}

}
