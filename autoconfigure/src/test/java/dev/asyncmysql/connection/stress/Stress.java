package dev.asyncmysql.connection.stress;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How long and on what the tests of this package run: {@code -Dstress.minutes=60} asks
 * for the long forms and for a random mix of that time, {@code -Dstress.plain=true} for
 * Boot's plain wiring as well, {@code only} for that alone.
 */
final class Stress {

	/** Longer than anything that is bounded may take. */
	static final Duration LIMIT = (minutes() > 0) ? Duration.ofMinutes(10) : Duration.ofSeconds(30);

	/** Within this time after the last caller all is to be in order again. */
	static final Duration SETTLED = Duration.ofSeconds(5);

	private Stress() {
	}

	/**
	 * Return whether a wiring is to be tested.
	 * @param wiring the wiring
	 * @return whether it is the starter's, or was asked for
	 */
	static boolean isAsked(Wiring wiring) {
		return switch (System.getProperty("stress.plain", "false")) {
			case "only" -> wiring == Wiring.PLAIN;
			case "true" -> true;
			default -> wiring != Wiring.PLAIN;
		};
	}

	static int minutes() {
		return Integer.getInteger("stress.minutes", 0);
	}

	static int size(int shortForm, int longForm) {
		return (minutes() > 0) ? longForm : shortForm;
	}

	static Duration random(Duration from, Duration to) {
		return Duration.ofNanos(ThreadLocalRandom.current().nextLong(from.toNanos(), to.toNanos()));
	}

}
