package dev.asyncmysql.benchmarks.load;

import java.lang.management.ManagementFactory;

import javax.management.JMException;
import javax.management.ObjectName;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;

/**
 * What this process has used since it was started.
 *
 * @param cpuNanos time on a processor, of all threads, in nanoseconds
 * @param allocatedBytes memory allocated, by all threads
 */
record Costs(long cpuNanos, long allocatedBytes) {

	static Costs now() {
		OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
		return new Costs(system.getProcessCpuTime(), allocated());
	}

	Costs since(Costs earlier) {
		return new Costs(this.cpuNanos - earlier.cpuNanos, this.allocatedBytes - earlier.allocatedBytes);
	}

	// The attribute exists since Java 21 and counts threads that have ended, too. Before
	// that, a thread that ends
	// between two readings is missed; what works on event loops and in pools does not
	// end.
	private static long allocated() {
		try {
			ObjectName threads = new ObjectName(ManagementFactory.THREAD_MXBEAN_NAME);
			return (Long) ManagementFactory.getPlatformMBeanServer().getAttribute(threads, "TotalThreadAllocatedBytes");
		}
		catch (JMException ex) {
			ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
			long sum = 0;
			for (long bytes : threads.getThreadAllocatedBytes(threads.getAllThreadIds())) {
				sum += Math.max(bytes, 0);
			}
			return sum;
		}
	}

}
