package dev.asyncmysql.sample;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.MediaType;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What statements do over HTTP, on MySQL.
 */
@OnMySql
class StatementMySqlIT extends AbstractStatementTests {

	/** Twenty make a million entries and take a minute. */
	private static final int DOUBLINGS = Integer.getInteger("statement.doublings", 17);

	private static final long MEBIBYTE = 1 << 20;

	private static final int SHORT_DOUBLINGS = 13;

	/**
	 * Server and client share this heap, and what both hold of the stream counts. The
	 * short one is measured as well, so that what a first stream loads and warms up does
	 * not count. All entries of the long one at once would take three times as much as is
	 * allowed here, or twenty-four times as much where there are a million.
	 */
	@Test
	void longStatementTakesNoMoreMemoryThanAShortOne() {
		long most = Collections.max(usedHeapWhileReading(SHORT_DOUBLINGS));
		List<Long> used = usedHeapWhileReading(DOUBLINGS);
		assertThat(Collections.max(used)).isLessThan(most + 4 * MEBIBYTE);
	}

	private List<Long> usedHeapWhileReading(int doublings) {
		long id = openWithEntries(doublings);
		List<Long> used = new ArrayList<>();
		long expected = 1L << doublings;
		AtomicLong entries = new AtomicLong();
		client().get()
			.uri("/accounts/{id}/statement", id)
			.accept(MediaType.TEXT_EVENT_STREAM)
			.retrieve()
			.bodyToFlux(DataBuffer.class)
			.doOnNext((buffer) -> {
				long count = entries.addAndGet(endsOfEvents(buffer));
				DataBufferUtils.release(buffer);
				if (count > (used.size() + 1) * (expected / 5)) {
					used.add(usedHeap());
				}
			})
			.then()
			.block(TIMEOUT.multipliedBy(3));
		assertThat(entries).hasValue(expected);
		assertThat(used).hasSizeBetween(4, 5);
		return used;
	}

	private static int endsOfEvents(DataBuffer buffer) {
		int count = 0;
		for (int i = buffer.readPosition(); i < buffer.writePosition(); i++) {
			count += (buffer.getByte(i) == '}') ? 1 : 0;
		}
		return count;
	}

	// What was in use when the collection ended: the stream goes on beside it, and what
	// it has allocated since, 20 MiB at times, would count as kept.
	private static long usedHeap() {
		System.gc();
		return ManagementFactory.getMemoryPoolMXBeans()
			.stream()
			.filter((pool) -> pool.getType() == MemoryType.HEAP)
			.map(MemoryPoolMXBean::getCollectionUsage)
			.filter(Objects::nonNull)
			.mapToLong(MemoryUsage::getUsed)
			.sum();
	}

}
