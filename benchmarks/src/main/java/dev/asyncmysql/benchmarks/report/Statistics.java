package dev.asyncmysql.benchmarks.report;

import java.util.Collection;

/**
 * The middle, the quartiles and the range of some numbers.
 *
 * @param median half of the numbers are below, half above
 * @param lowerQuartile a quarter of the numbers are below
 * @param upperQuartile a quarter of the numbers are above
 * @param min the smallest
 * @param max the largest
 */
record Statistics(double median, double lowerQuartile, double upperQuartile, double min, double max) {

	static Statistics of(Collection<Double> numbers) {
		double[] sorted = numbers.stream().mapToDouble(Double::doubleValue).sorted().toArray();
		if (sorted.length == 0) {
			throw new IllegalArgumentException("There are no numbers");
		}
		return new Statistics(at(sorted, 0.5), at(sorted, 0.25), at(sorted, 0.75), sorted[0],
				sorted[sorted.length - 1]);
	}

	// Between two numbers where none is at that place.
	private static double at(double[] sorted, double part) {
		double place = part * (sorted.length - 1);
		int below = (int) place;
		int above = Math.min(below + 1, sorted.length - 1);
		return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
	}

	/**
	 * Return how far the numbers lie apart.
	 * @return half of the range, as a part of the median
	 */
	double spread() {
		return (this.median == 0) ? 0 : (this.max - this.min) / 2 / this.median;
	}

}
