package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.InvalidSettingsException;
import org.junit.jupiter.api.Test;

import org.springframework.boot.diagnostics.FailureAnalysis;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link InvalidSettingsFailureAnalyzer}.
 */
class InvalidSettingsFailureAnalyzerTests {

	@Test
	void saysPropertyAndAction() {
		FailureAnalysis analysis = new InvalidSettingsFailureAnalyzer().analyze(new IllegalStateException(
				new InvalidSettingsException("async-mysql.port", "0 is not a port", "Set a number from 1 to 65535.")));
		assertThat(analysis.getDescription())
			.isEqualTo("The connection to MySQL cannot be configured: async-mysql.port: 0 is not a port");
		assertThat(analysis.getAction()).isEqualTo("Set a number from 1 to 65535.");
	}

	@Test
	void leavesOtherFailuresToOthers() {
		assertThat(new InvalidSettingsFailureAnalyzer().analyze(new IllegalStateException())).isNull();
	}

}
