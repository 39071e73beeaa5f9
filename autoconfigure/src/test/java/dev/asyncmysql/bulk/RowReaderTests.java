package dev.asyncmysql.bulk;

import java.nio.ByteBuffer;
import java.util.BitSet;

import io.r2dbc.spi.Parameters;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RowReader}.
 */
class RowReaderTests {

	@Test
	void whoGivesAValueMayUseItsMemoryAgain() {
		byte[] bytes = { 1, 2 };
		byte[] wrapped = { 1, 2 };
		byte[] behindBuffer = { 0, 1, 2, 0 };
		ByteBuffer buffer = ByteBuffer.wrap(behindBuffer, 1, 2);
		StringBuilder text = new StringBuilder("12");
		BitSet bits = BitSet.valueOf(new long[] { 3 });
		@Nullable Object[] values = { bytes, Parameters.in(wrapped), buffer, text, bits, "12", null, 12 };
		RowReader.settle(values, 0, values.length);
		assertThat(buffer.remaining()).isEqualTo(2);
		bytes[0] = 9;
		wrapped[0] = 9;
		behindBuffer[1] = 9;
		text.setLength(0);
		bits.clear();
		assertThat(values).containsExactly(new byte[] { 1, 2 }, new byte[] { 1, 2 }, new byte[] { 1, 2 }, "12",
				BitSet.valueOf(new long[] { 3 }), "12", null, 12);
	}

}
