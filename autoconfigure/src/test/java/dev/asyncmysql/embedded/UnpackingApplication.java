package dev.asyncmysql.embedded;

import java.nio.file.Path;
import java.time.Duration;

import org.apache.commons.logging.LogFactory;

/**
 * An application of its own JVM that unpacks and ends.
 */
public final class UnpackingApplication {

	private UnpackingApplication() {
	}

	public static void main(String[] args) {
		StartClock clock = new StartClock(Duration.parse(args[1]), LogFactory.getLog(UnpackingApplication.class));
		new BinariesCache(Path.of(args[0])).unpack(BinariesCacheTests.DISTRIBUTION, clock);
	}

}
