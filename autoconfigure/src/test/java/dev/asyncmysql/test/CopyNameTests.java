package dev.asyncmysql.test;

import java.time.Duration;
import java.time.Instant;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Names of copies.
 */
class CopyNameTests {

	private static final Instant NOW = Instant.parse("2026-02-03T04:05:06.789Z");

	@Test
	void tellsOriginalClassAndTime() {
		assertThat(CopyName.create("Shop", CopyNameTests.class, NOW))
			.matches("shop_copynametests_20260203040506_[0-9a-f]{8}");
		assertThat(CopyName.create("Shop", null, NOW)).matches("shop_20260203040506_[0-9a-f]{8}");
	}

	@Test
	void twoRunsNeverMeet() {
		assertThat(CopyName.create("shop", CopyNameTests.class, NOW))
			.isNotEqualTo(CopyName.create("shop", CopyNameTests.class, NOW));
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 39, 40, 41, 64 })
	void fitsTheServerAndIsLeftAfterADay(int length) {
		String original = "s".repeat(length);
		String name = CopyName.create(original, AnotherTestWhoseNameIsLongerThanTheServerAllows.class, NOW);
		assertThat(name).hasSize(64);
		assertThat(CopyName.isLeft(name, original, NOW.plus(Duration.ofDays(2)))).isTrue();
		assertThat(CopyName.isLeft(name, original, NOW.plus(Duration.ofHours(23)))).isFalse();
		assertThat(CopyName.isLeft(name, "other", NOW.plus(Duration.ofDays(2)))).isFalse();
	}

	@ParameterizedTest
	@ValueSource(strings = { "shop", "shop_", "shop_eu", "shop_20200101000000", "shop_20200101000000_1234567",
			"shop_20200101000000_1234567g", "shop_x20200101000000_12345678", "shop_20200101000000_12345678_",
			"shop20200101000000_12345678", "myshop_20200101000000_12345678" })
	void whatIsNotACopyIsNeverLeft(String name) {
		assertThat(CopyName.isLeft(name, "shop", NOW)).isFalse();
	}

	@ParameterizedTest
	@ValueSource(strings = { "shop_20200101000000_12345678", "shop_someit_20200101000000_12345678" })
	void anOldCopyIsLeft(String name) {
		assertThat(CopyName.isLeft(name, "shop", NOW)).isTrue();
		assertThat(CopyName.isLeft(name, "Shop", NOW)).isTrue();
	}

	/** Has a long name. */
	private static final class AnotherTestWhoseNameIsLongerThanTheServerAllows {

	}

}
