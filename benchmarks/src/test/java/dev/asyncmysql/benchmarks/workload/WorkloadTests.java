package dev.asyncmysql.benchmarks.workload;

import java.math.BigDecimal;
import java.util.stream.LongStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link Workload} and the data.
 */
class WorkloadTests {

	@Test
	void namesAreUnique() {
		assertThat(Workload.all()).extracting(Workload::id).doesNotHaveDuplicates();
	}

	@Test
	void transfersNameTwoAccountsTheLowerFirst() {
		assertThat(LongStream.rangeClosed(1, 1_000_000).mapToObj(Transfer::of))
			.allMatch((transfer) -> transfer.low() >= 1 && transfer.low() < transfer.high()
					&& transfer.high() <= Transfer.ACCOUNTS);
	}

	@Test
	void itemsThatAreNotRightAreNoticed() {
		String name = "item number 0000001234";
		assertThat(Item.of(1234L, name, 234, new BigDecimal("12.34")).expect(1234)).isNotNull();
		assertThatIllegalStateException().isThrownBy(() -> Item.of(1234L, name, 235, new BigDecimal("12.34")));
		assertThatIllegalStateException().isThrownBy(() -> Item.of(1234L, "item", 234, new BigDecimal("12.34")));
		assertThatIllegalStateException().isThrownBy(() -> Item.of(1234L, name, 234, null));
		assertThatIllegalStateException()
			.isThrownBy(() -> Item.of(1234L, name, 234, new BigDecimal("12.34")).expect(1235));
	}

	@Test
	void theLastPageIsWhole() {
		assertThat(Task.PAGE.keys(1000) + Task.PAGE_SIZE - 1).isEqualTo(1000);
		assertThat(Task.SELECT.keys(1000)).isEqualTo(1000);
	}

	@Test
	void bulkWritesWholeChunks() {
		assertThat(Entry.many(1)).hasSize(Task.MANY);
		assertThat(Task.MANY % Entry.CHUNK).isZero();
		assertThat(Entry.INSERT_CHUNK.chars().filter((c) -> c == '?').count()).isEqualTo(3L * Entry.CHUNK);
	}

}
