package dev.asyncmysql.benchmarks.report;

import java.util.Collection;

/**
 * The middle and the range of some numbers.
 *
 * @param median half of the numbers are below, half above
 * @param min the smallest
 * @param max the largest
 */
record Statistics(double median, double min, double max) {

	static Statistics of(Collection<Double> numbers) {
		double[] sorted = numbers.stream().mapToDouble(Double::doubleValue).sorted().toArray();
		if (sorted.length == 0) {
			throw new IllegalArgumentException("There are no numbers");
		}
		int half = sorted.length / 2;
		double median = (sorted.length % 2 == 1) ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
		return new Statistics(median, sorted[0], sorted[sorted.length - 1]);
	}

	/**
	 * Return how far the numbers lie apart.
	 * @return half of the range, as a part of the median
	 */
	double spread() {
		return (this.median == 0) ? 0 : (this.max - this.min) / 2 / this.median;
	}

}
