package dev.asyncmysql.benchmarks.process;

import java.util.Map;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link Message}.
 */
class MessageTests {

	@Test
	void arrivesAsItWasSent() {
		Message message = new Message("failed", Map.of("reason", "a = b\nc 'ä'", "empty", ""));
		assertThat(message.toString()).hasLineCount(1);
		assertThat(Message.parse(message.toString())).isEqualTo(message);
	}

	@Test
	void complainsOfWhatIsMissing() {
		assertThatIllegalArgumentException().isThrownBy(() -> new Message("run", Map.of()).get("task"))
			.withMessage("'run' has no task");
	}

}
