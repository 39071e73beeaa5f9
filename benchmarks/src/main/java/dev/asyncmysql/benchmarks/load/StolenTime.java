package dev.asyncmysql.benchmarks.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * How much time of its processors a virtual machine has lost to others, from
 * {@code /proc/stat}, as proc(5) describes it.
 *
 * @param stolen time that others had, in ticks
 * @param all all time so far, in ticks
 */
public record StolenTime(long stolen, long all) {

	private static final Path FILE = Path.of("/proc/stat");

	private static final int STEAL = 7;

	/**
	 * Look at the time so far.
	 * @return the time, which is nothing where the system does not tell it
	 */
	public static StolenTime now() {
		try {
			return Files.isReadable(FILE) ? of(Files.readAllLines(FILE)) : new StolenTime(0, 0);
		}
		catch (IOException ex) {
			// Only Linux has the file.
			return new StolenTime(0, 0);
		}
	}

	static StolenTime of(List<String> lines) {
		long[] ticks = Arrays.stream(lines.get(0).split(" +"))
			.skip(1)
			.limit(STEAL + 1)
			.mapToLong(Long::parseLong)
			.toArray();
		return (ticks.length > STEAL) ? new StolenTime(ticks[STEAL], Arrays.stream(ticks).sum()) : new StolenTime(0, 0);
	}

	/**
	 * Return how much was stolen since an earlier time.
	 * @param before the earlier time
	 * @return percent of all processors
	 */
	public double percentSince(StolenTime before) {
		long passed = this.all - before.all;
		return (passed > 0) ? 100.0 * (this.stolen - before.stolen) / passed : 0;
	}

}
