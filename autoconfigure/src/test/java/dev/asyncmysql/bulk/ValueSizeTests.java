package dev.asyncmysql.bulk;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZonedDateTime;
import java.util.BitSet;
import java.util.Set;
import java.util.stream.Stream;

import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import io.r2dbc.spi.Parameters;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link ValueSize}.
 */
class ValueSizeTests {

	@ParameterizedTest
	@MethodSource("values")
	void isNeverTooSmall(@Nullable Object value, String literal) {
		assertThat(ValueSize.of(value)).isGreaterThanOrEqualTo(literal.length());
	}

	static Stream<Arguments> values() {
		return Stream.of(Arguments.of(null, "NULL"), Arguments.of(Long.MIN_VALUE, "" + Long.MIN_VALUE),
				Arguments.of(true, "b'1'"), Arguments.of(-Double.MIN_NORMAL, "" + -Double.MIN_NORMAL),
				Arguments.of(new BigDecimal("-1E-2147483647"), "-1E-2147483647"),
				Arguments.of(new BigDecimal("-0.000001234567890123456789"), "-0.000001234567890123456789"),
				Arguments.of(BigInteger.TEN.pow(300).negate(), "-" + BigInteger.TEN.pow(300)),
				Arguments.of(LocalDate.MIN, LocalDate.MIN + "''"),
				Arguments.of(LocalDateTime.MAX, "'" + LocalDateTime.MAX + "'"),
				Arguments.of(Instant.MAX, "'" + Instant.MAX + "'"),
				Arguments.of(ZonedDateTime.now(), "'" + LocalDateTime.now() + "'"),
				Arguments.of(Duration.ofDays(-999), "'-23976:00:00.000000'"),
				Arguments.of(DayOfWeek.WEDNESDAY, "'WEDNESDAY'"), Arguments.of(new byte[100], "x''" + "00".repeat(100)),
				Arguments.of(ByteBuffer.allocate(100), "x''" + "00".repeat(100)),
				Arguments.of(new String[] { "x".repeat(2000), "y" }, "'" + "x".repeat(2000) + ",y'"),
				Arguments.of(bits(), "b''" + "1".repeat(64)), Arguments.of(Set.of("one", "two"), "'one,two'"),
				Arguments.of(Parameters.in("x".repeat(500)), "x".repeat(502)));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "plain", "'", "\\", "\u0000\n\r\u001a", "ä", "€", "\ud83d\ude00",
			"a'b\\c\u0000€\ud83d\ude00" })
	void countsEscapesAndBytes(String unit) {
		String text = unit.repeat(1000);
		String escaped = text.replaceAll("[\u0000\n\r\u001a'\\\\]", "xx");
		assertThat(ValueSize.of(text)).isGreaterThanOrEqualTo(escaped.getBytes(StandardCharsets.UTF_8).length + 2)
			.isLessThanOrEqualTo(escaped.getBytes(StandardCharsets.UTF_8).length * 3L / 2 + 12)
			.isEqualTo(ValueSize.of(new StringBuilder(text)));
	}

	@Test
	void refusesWhatHasToBeReadFirst() {
		assertThatIllegalArgumentException().isThrownBy(() -> ValueSize.of(Blob.from(Mono.empty())))
			.withMessageContaining("byte[]");
		assertThatIllegalArgumentException().isThrownBy(() -> ValueSize.of(Clob.from(Mono.empty())));
	}

	private static BitSet bits() {
		BitSet bits = new BitSet();
		bits.set(0, 64);
		return bits;
	}

}
