package dev.asyncmysql.sample;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
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

	private static final long ENTRIES = 1L << DOUBLINGS;

	private static final long MEBIBYTE = 1 << 20;

	/**
	 * Server and client share this heap, and what both hold of the stream counts. All
	 * entries at once would take several times as much as is allowed here.
	 */
	@Test
	void longStatementTakesNoMoreMemoryThanAShortOne() {
		long id = openWithEntries(DOUBLINGS);
		List<Long> used = new ArrayList<>();
		long before = usedHeap();
		AtomicLong entries = new AtomicLong();
		client().get()
			.uri("/accounts/{id}/statement", id)
			.accept(MediaType.TEXT_EVENT_STREAM)
			.retrieve()
			.bodyToFlux(DataBuffer.class)
			.doOnNext((buffer) -> {
				long count = entries.addAndGet(endsOfEvents(buffer));
				DataBufferUtils.release(buffer);
				if (count > (used.size() + 1) * (ENTRIES / 5)) {
					used.add(usedHeap());
				}
			})
			.then()
			.block(TIMEOUT.multipliedBy(3));
		assertThat(entries).hasValue(ENTRIES);
		assertThat(used).hasSizeBetween(4, 5);
		assertThat(Collections.max(used)).isLessThan(before + 8 * MEBIBYTE);
	}

	private static int endsOfEvents(DataBuffer buffer) {
		int count = 0;
		for (int i = buffer.readPosition(); i < buffer.writePosition(); i++) {
			count += (buffer.getByte(i) == '}') ? 1 : 0;
		}
		return count;
	}

	private static long usedHeap() {
		System.gc();
		return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
	}

}
