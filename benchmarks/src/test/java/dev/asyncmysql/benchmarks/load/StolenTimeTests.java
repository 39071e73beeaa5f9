package dev.asyncmysql.benchmarks.load;

import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link StolenTime}.
 */
class StolenTimeTests {

	@Test
	void isAPartOfAllTime() {
		StolenTime before = StolenTime.of(List.of("cpu  100 0 50 800 5 0 5 40 7 0", "cpu0 1 2 3"));
		StolenTime after = StolenTime.of(List.of("cpu  150 0 60 820 5 0 5 60 9 0"));
		assertThat(before).isEqualTo(new StolenTime(40, 1000));
		assertThat(after.percentSince(before)).isEqualTo(20, within(0.001));
	}

	@Test
	void isNothingWhereItIsNotTold() {
		assertThat(StolenTime.of(List.of("cpu  1 2 3"))).isEqualTo(new StolenTime(0, 0));
		assertThat(new StolenTime(0, 0).percentSince(new StolenTime(0, 0))).isZero();
		assertThat(StolenTime.now()).isNotNull();
	}

}
