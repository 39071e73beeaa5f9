package dev.asyncmysql.benchmarks.load;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Virtual threads where the JDK has them: the sources are compiled for one that has not.
 */
public final class VirtualThreads {

	/** The first JDK with them. */
	public static final int SINCE = 21;

	private VirtualThreads() {
	}

	/**
	 * Return whether this JDK has them.
	 * @return {@code false} before Java 21
	 */
	public static boolean areAvailable() {
		return Runtime.version().feature() >= SINCE;
	}

	static ExecutorService executor() {
		try {
			MethodHandle factory = MethodHandles.publicLookup()
				.findStatic(Executors.class, "newVirtualThreadPerTaskExecutor",
						MethodType.methodType(ExecutorService.class));
			return (ExecutorService) factory.invoke();
		}
		catch (Throwable ex) {
			throw new IllegalStateException(
					"Virtual threads need Java %d, and this is %s".formatted(SINCE, Runtime.version()), ex);
		}
	}

}
