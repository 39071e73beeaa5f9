package dev.asyncmysql.benchmarks.report;

import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * Something that this project wants to reach.
 *
 * @param name what it is
 * @param figure tells how far it is reached, or nothing where that was not measured
 * @param floor the least that counts as done
 * @param stretch the aim
 */
record Goal(String name, Figure figure, double floor, double stretch) {

	static Goal ratio(String name, Key ours, Key theirs, ToDoubleFunction<Result> value, double floor, double stretch) {
		return new Goal(
				name, (
						results) -> results.find(ours)
							.flatMap((our) -> results.find(theirs)
								.map((their) -> value.applyAsDouble(our) / value.applyAsDouble(their))),
				floor, stretch);
	}

	static Goal figure(String name, Key ours, ToDoubleFunction<Result> value, double floor, double stretch) {
		return new Goal(name, (results) -> results.find(ours).map(value::applyAsDouble), floor, stretch);
	}

	/**
	 * Say how far a figure goes. Where the aim is below the floor, less is better.
	 * @param value the figure
	 * @return a word
	 */
	String judge(double value) {
		if (reaches(value, this.stretch)) {
			return "stretch";
		}
		return reaches(value, this.floor) ? "floor" : "missed";
	}

	private boolean reaches(double value, double mark) {
		return (this.stretch < this.floor) ? value <= mark : value >= mark;
	}

	/**
	 * Which result.
	 *
	 * @param workload name of the workload
	 * @param way name of the interface
	 * @param system title of the system
	 */
	record Key(String workload, String way, String system) {

	}

	/**
	 * All results, to choose from.
	 */
	interface Results {

		Optional<Result> find(Key key);

	}

	/**
	 * Takes one number from all results.
	 */
	interface Figure {

		Optional<Double> of(Results results);

	}

}
