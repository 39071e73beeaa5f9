package dev.asyncmysql.transaction;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * How many transactions may be run again.
 */
class RetryBudgetTests {

	private final AtomicLong now = new AtomicLong();

	@Test
	void aShareOfTheTransactions() {
		RetryBudget budget = new RetryBudget(0.2, 0, this.now::get);
		assertThat(budget.take()).isFalse();
		IntStream.range(0, 20).forEach((index) -> budget.run());
		assertThat(taken(budget)).isEqualTo(4);
	}

	@Test
	void someInASecond() {
		RetryBudget budget = new RetryBudget(0, 5, this.now::get);
		assertThat(taken(budget)).isEqualTo(5);
		this.now.addAndGet(Duration.ofMillis(400).toNanos());
		assertThat(taken(budget)).isEqualTo(2);
	}

	@Test
	void whatIsNotUsedIsKeptForTenSeconds() {
		RetryBudget budget = new RetryBudget(0.5, 5, this.now::get);
		this.now.addAndGet(Duration.ofHours(1).toNanos());
		IntStream.range(0, 10_000).forEach((index) -> budget.run());
		assertThat(taken(budget)).isEqualTo(50);
	}

	private static int taken(RetryBudget budget) {
		int count = 0;
		while (budget.take()) {
			count++;
		}
		return count;
	}

}
