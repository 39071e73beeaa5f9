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

	private static final int SINCE = 21;

	private VirtualThreads() {
	}

	/**
	 * Complain where this JDK has none.
	 */
	public static void require() {
		if (Runtime.version().feature() < SINCE) {
			throw new IllegalStateException(
					"Virtual threads need Java %d or later, and this is %s".formatted(SINCE, Runtime.version()));
		}
	}

	static ExecutorService executor() {
		require();
		try {
			MethodHandle factory = MethodHandles.publicLookup()
				.findStatic(Executors.class, "newVirtualThreadPerTaskExecutor",
						MethodType.methodType(ExecutorService.class));
			return (ExecutorService) factory.invoke();
		}
		catch (Throwable ex) {
			throw new IllegalStateException("There is no executor of virtual threads", ex);
		}
	}

}
