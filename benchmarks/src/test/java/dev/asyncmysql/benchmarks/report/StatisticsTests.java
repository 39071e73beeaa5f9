package dev.asyncmysql.benchmarks.report;

import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link Statistics}.
 */
class StatisticsTests {

	@Test
	void medianOfAnOddNumberIsTheOneInTheMiddle() {
		assertThat(Statistics.of(List.of(9.0, 1.0, 2.0))).isEqualTo(new Statistics(2, 1.5, 5.5, 1, 9));
	}

	@Test
	void medianOfAnEvenNumberLiesBetweenTheTwoInTheMiddle() {
		assertThat(Statistics.of(List.of(4.0, 1.0, 2.0, 9.0)).median()).isEqualTo(3);
	}

	@Test
	void spreadIsHalfTheRange() {
		assertThat(Statistics.of(List.of(90.0, 100.0, 120.0)).spread()).isEqualTo(0.15, within(1e-9));
		assertThat(Statistics.of(List.of(0.0)).spread()).isZero();
	}

	@Test
	void nothingHasNoMedian() {
		assertThatIllegalArgumentException().isThrownBy(() -> Statistics.of(List.of()));
	}

}
