package dev.asyncmysql.benchmarks.load;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.zip.DataFormatException;

import org.HdrHistogram.Histogram;

/**
 * What one system did in one round.
 *
 * @param operations how many ended, all of them well
 * @param nanos how long they took together
 * @param cpuNanos processor time of the client
 * @param allocatedBytes memory that the client allocated, or -1 where that is not known
 * @param latencies of the operations, in nanoseconds
 */
public record Measurement(long operations, long nanos, long cpuNanos, long allocatedBytes, Histogram latencies) {

	/**
	 * Return how many operations ended in a second.
	 * @return operations per second
	 */
	public double throughput() {
		return this.operations * 1e9 / this.nanos;
	}

	/**
	 * Return what can be sent to another process.
	 * @return the measurement as values by name
	 */
	public Map<String, String> toValues() {
		ByteBuffer buffer = ByteBuffer.allocate(this.latencies.getNeededByteBufferCapacity());
		int length = this.latencies.encodeIntoCompressedByteBuffer(buffer);
		String encoded = Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), length));
		return Map.of("operations", Long.toString(this.operations), "nanos", Long.toString(this.nanos), "cpu",
				Long.toString(this.cpuNanos), "allocated", Long.toString(this.allocatedBytes), "latencies", encoded);
	}

	/**
	 * Return what was sent by another process.
	 * @param values the measurement as values by name
	 * @return the measurement
	 */
	public static Measurement ofValues(Map<String, String> values) {
		try {
			ByteBuffer buffer = ByteBuffer.wrap(Base64.getDecoder().decode(values.get("latencies")));
			return new Measurement(number(values, "operations"), number(values, "nanos"), number(values, "cpu"),
					number(values, "allocated"), Histogram.decodeFromCompressedByteBuffer(buffer, 0));
		}
		catch (DataFormatException ex) {
			throw new IllegalArgumentException("The latencies cannot be read", ex);
		}
	}

	/**
	 * Return this measurement with the costs of another process.
	 * @param nanosOfCpu processor time of that process
	 * @return a measurement that does not know what was allocated
	 */
	public Measurement withCpuOfServer(long nanosOfCpu) {
		return new Measurement(this.operations, this.nanos, nanosOfCpu, -1, this.latencies);
	}

	private static long number(Map<String, String> values, String name) {
		String value = values.get(name);
		if (value == null) {
			throw new IllegalArgumentException("There is no " + name);
		}
		return Long.parseLong(value);
	}

}
