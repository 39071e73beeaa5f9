package dev.asyncmysql.benchmarks.report;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Something that this project wants to reach.
 *
 * @param name what it is
 * @param figure tells how far it is reached, or nothing where that was not measured
 * @param floor the least that counts as done
 * @param stretch the aim
 */
record Goal(String name, Figure figure, double floor, double stretch) {

	/**
	 * Create a goal that compares two systems round by round: what slows the machine down
	 * for a while meets both in the same round.
	 * @param name what it is
	 * @param ours which result is to be good
	 * @param theirs which result it is compared with
	 * @param values what counts of each round
	 * @param floor the least that counts as done
	 * @param stretch the aim
	 * @return the goal
	 */
	static Goal ratio(String name, Key ours, Key theirs, Function<Result, List<Double>> values, double floor,
			double stretch) {
		return new Goal(name, (results) -> results.find(ours)
			.flatMap((our) -> results.find(theirs).map((their) -> quotients(values.apply(our), values.apply(their)))),
				floor, stretch);
	}

	private static Statistics quotients(List<Double> ours, List<Double> theirs) {
		return Statistics.of(IntStream.range(0, Math.min(ours.size(), theirs.size()))
			.mapToObj((round) -> ours.get(round) / theirs.get(round))
			.toList());
	}

	static Goal figure(String name, Key ours, ToDoubleFunction<Result> value, double floor, double stretch) {
		return new Goal(name,
				(results) -> results.find(ours).map((our) -> Statistics.of(List.of(value.applyAsDouble(our)))), floor,
				stretch);
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
	 * Takes one number from all results, or one for each round.
	 */
	interface Figure {

		Optional<Statistics> of(Results results);

	}

}
