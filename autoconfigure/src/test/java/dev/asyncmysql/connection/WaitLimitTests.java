package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link WaitLimit}.
 */
class WaitLimitTests {

	private static final Duration LIMIT = Duration.ofSeconds(1);

	private final VirtualTimeScheduler time = VirtualTimeScheduler.create();

	private final WaitLimit limit = new WaitLimit(LIMIT, this.time);

	private final List<String> over = new ArrayList<>();

	@AfterEach
	void end() {
		this.time.dispose();
	}

	@Test
	void eachWaitEndsAtItsOwnTime() {
		this.limit.add(waiting("a"));
		advance(400);
		this.limit.add(waiting("b"));
		advance(599);
		assertThat(this.over).isEmpty();
		advance(1);
		assertThat(this.over).containsExactly("a");
		advance(399);
		assertThat(this.over).containsExactly("a");
		advance(1);
		assertThat(this.over).containsExactly("a", "b");
	}

	@Test
	void whoIsRemovedIsNotToldWhereverItStands() {
		List<WaitLimit.Waiting> all = new ArrayList<>();
		for (String name : List.of("a", "b", "c", "d", "e")) {
			WaitLimit.Waiting waiting = waiting(name);
			all.add(waiting);
			this.limit.add(waiting);
		}
		this.limit.remove(all.get(2));
		this.limit.remove(all.get(0));
		this.limit.remove(all.get(4));
		advance(1000);
		assertThat(this.over).containsExactly("b", "d");
	}

	@Test
	void oneThatThrowsKeepsNobodyWaiting() {
		this.limit.add(new WaitLimit.Waiting() {

			@Override
			void timeOut() {
				throw new IllegalStateException("On purpose");
			}

		});
		this.limit.add(waiting("b"));
		advance(1000);
		assertThat(this.over).containsExactly("b");
	}

	@Test
	void toRemoveAgainOrWhoWasNeverAddedHasNoEffect() {
		WaitLimit.Waiting first = waiting("a");
		WaitLimit.Waiting second = waiting("b");
		this.limit.remove(first);
		this.limit.add(first);
		this.limit.add(second);
		this.limit.remove(first);
		this.limit.remove(first);
		advance(1000);
		assertThat(this.over).containsExactly("b");
		this.limit.remove(second);
	}

	@Test
	void waitsThatBeginAfterAllHaveEndedAreMeasuredToo() {
		this.limit.add(waiting("a"));
		advance(5000);
		this.limit.add(waiting("b"));
		advance(999);
		assertThat(this.over).containsExactly("a");
		advance(1);
		assertThat(this.over).containsExactly("a", "b");
	}

	@Test
	void theOneThatIsToldMayWaitAgain() {
		this.limit.add(new WaitLimit.Waiting() {

			@Override
			void timeOut() {
				WaitLimitTests.this.over.add("a");
				WaitLimitTests.this.limit.add(waiting("b"));
			}

		});
		advance(2000);
		assertThat(this.over).containsExactly("a", "b");
	}

	@Test
	void ofManyThatComeAndGoOnManyThreadsEachEndsOnce() throws InterruptedException {
		int threads = 4;
		int each = 20_000;
		Scheduler real = Schedulers.newParallel("wait-limit", 2);
		WaitLimit contended = new WaitLimit(Duration.ofMillis(20), real);
		AtomicInteger left = new AtomicInteger();
		AtomicInteger ended = new AtomicInteger();
		CountDownLatch done = new CountDownLatch(threads);
		for (int i = 0; i < threads; i++) {
			new Thread(() -> {
				for (int j = 0; j < each; j++) {
					WaitLimit.Waiting waiting = new WaitLimit.Waiting() {

						@Override
						void timeOut() {
							ended.incrementAndGet();
						}

					};
					contended.add(waiting);
					if (ThreadLocalRandom.current().nextInt(4) != 0) {
						contended.remove(waiting);
					}
					else {
						left.incrementAndGet();
					}
				}
				done.countDown();
			}).start();
		}
		done.await();
		// One that was removed as its time was over may have been told.
		Awaitility.await().untilAsserted(() -> assertThat(ended.get()).isGreaterThanOrEqualTo(left.get()));
		real.dispose();
		assertThat(ended.get()).isLessThan(threads * each / 2);
	}

	private void advance(long millis) {
		this.time.advanceTimeBy(Duration.ofMillis(millis));
	}

	private WaitLimit.Waiting waiting(String name) {
		return new WaitLimit.Waiting() {

			@Override
			void timeOut() {
				WaitLimitTests.this.over.add(name);
			}

		};
	}

}
