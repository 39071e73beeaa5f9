package dev.asyncmysql.embedded;

import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

import org.apache.commons.logging.Log;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

/**
 * Progress lines and the limit of a start.
 */
class StartClockTests {

	private final AtomicLong now = new AtomicLong();

	private final Log log = mock(Log.class);

	private final StartClock clock = new StartClock(Duration.ofSeconds(12), this.log, this.now::get);

	@Test
	void reportsAboutEveryFiveSeconds() throws Exception {
		passed(4900);
		this.clock.check("waiting");
		verify(this.log, never()).info("Embedded MariaDB: still waiting after 4.9 s");
		assertThat(this.clock.nextWaitMillis()).isEqualTo(100);
		passed(100);
		this.clock.check("waiting");
		this.clock.check("waiting");
		verify(this.log, times(1)).info("Embedded MariaDB: still waiting after 5.0 s");
		passed(5000);
		this.clock.check("waiting");
		verify(this.log, times(1)).info("Embedded MariaDB: still waiting after 10.0 s");
	}

	@Test
	void neverWaitsBeyondTheLimit() throws Exception {
		passed(10500);
		this.clock.check("waiting");
		assertThat(this.clock.nextWaitMillis()).isEqualTo(1500);
	}

	@Test
	void endsAtTheLimit() {
		passed(12000);
		assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> this.clock.check("waiting"))
			.withMessageContaining("12.0 s");
		assertThat(this.clock.nextWaitMillis()).isEqualTo(1);
	}

	private void passed(long millis) {
		this.now.addAndGet(Duration.ofMillis(millis).toNanos());
	}

}
