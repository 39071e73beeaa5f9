package dev.asyncmysql.test;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * Names copies of a schema so that no two runs meet in one, and what a run has left
 * behind is known by its age.
 */
final class CopyName {

	/** Longer than any run of tests takes. */
	static final Duration AGE = Duration.ofDays(1);

	private static final int LONGEST = 64;

	private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuuMMddHHmmss", Locale.ROOT)
		.withZone(ZoneOffset.UTC);

	private static final Pattern END = Pattern.compile("_(\\d{14})_[0-9a-f]{8}");

	private static final int LENGTH_OF_END = 24;

	private CopyName() {
	}

	/**
	 * Return a name that nobody else has.
	 * @param original the schema that is copied
	 * @param type the test class that the copy is for, where it is known yet
	 * @param now the time of the copy
	 * @return the original and the class as far as there is room, the time and a token
	 */
	static String create(String original, @Nullable Class<?> type, Instant now) {
		String of = (type != null) ? original + "_" + type.getSimpleName().replaceAll("\\W", "") : original;
		return start(of) + "_" + TIME.format(now) + "_" + UUID.randomUUID().toString().substring(0, 8);
	}

	/**
	 * Tell whether a schema is a copy that was made so long ago that its run is over.
	 * @param name the name of the schema
	 * @param original the schema that is copied
	 * @param now the time
	 * @return whether it may be dropped
	 */
	static boolean isLeft(String name, String original, Instant now) {
		Matcher end = END.matcher(name).region(Math.max(0, name.length() - LENGTH_OF_END), name.length());
		return name.startsWith(start(original + "_")) && end.matches()
				&& LocalDateTime.parse(end.group(1), TIME).toInstant(ZoneOffset.UTC).isBefore(now.minus(AGE));
	}

	// Some servers keep names in lower case whatever they are told.
	private static String start(String text) {
		return text.substring(0, Math.min(text.length(), LONGEST - LENGTH_OF_END)).toLowerCase(Locale.ROOT);
	}

}
