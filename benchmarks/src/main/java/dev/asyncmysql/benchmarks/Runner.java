package dev.asyncmysql.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

import dev.asyncmysql.benchmarks.load.Measurement;
import dev.asyncmysql.benchmarks.load.StolenTime;
import dev.asyncmysql.benchmarks.peer.PeerFactory;
import dev.asyncmysql.benchmarks.process.Contender;
import dev.asyncmysql.benchmarks.process.Station;
import dev.asyncmysql.benchmarks.process.Stations;
import dev.asyncmysql.benchmarks.report.Result;
import dev.asyncmysql.benchmarks.report.Round;
import dev.asyncmysql.benchmarks.server.Admin;
import dev.asyncmysql.benchmarks.server.Database;
import dev.asyncmysql.benchmarks.workload.Task;
import dev.asyncmysql.benchmarks.workload.Way;
import dev.asyncmysql.benchmarks.workload.Workload;

/**
 * Lets the systems work in turns: A B C, A B C, and so on, so that what changes in the
 * course of time (clock speed, neighbours, the server's caches) meets all of them.
 */
final class Runner {

	private final Arguments arguments;

	private final Database database;

	private final Admin admin;

	private final Stations stations;

	private final PrintStream progress;

	private int repetitions;

	Runner(Arguments arguments, Database database, Admin admin, PrintStream progress) {
		this.arguments = arguments;
		this.database = database;
		this.admin = admin;
		this.stations = new Stations(admin);
		this.progress = progress;
	}

	/**
	 * Measure each system at a workload through some interfaces in turns, each in a
	 * process that has done nothing else before. Another one begins each round.
	 * @param workload the workload
	 * @param ways the interfaces
	 * @return a result for each system and interface that it has
	 * @throws SQLException if the server does not answer
	 */
	List<Result> run(Workload workload, List<Way> ways) throws SQLException {
		List<Turns> turns = new ArrayList<>();
		for (Way way : ways) {
			this.arguments.systems()
				.stream()
				.filter((system) -> system.does(workload.task()))
				.forEach((system) -> turns.add(new Turns(system, workload, way)));
		}
		try {
			for (Turns each : turns) {
				each.warmUp();
			}
			this.admin.verifyNoTls();
			int repetitions = 0;
			int round = 0;
			while (round < this.arguments.rounds()) {
				StolenTime before = StolenTime.now();
				for (int i = 0; i < turns.size(); i++) {
					turns.get((round + repetitions + i) % turns.size()).round();
				}
				double stolen = StolenTime.now().percentSince(before);
				if (stolen > this.arguments.maxSteal() && repetitions < 2 * this.arguments.rounds()) {
					repetitions++;
					this.progress.printf(Locale.ROOT, "Repeated, as others had %.1f %% of the processors%n", stolen);
					for (Turns each : turns) {
						each.keep(round);
					}
				}
				else {
					round++;
				}
			}
			this.repetitions += repetitions;
			for (Turns each : turns) {
				each.lookAtHeap();
			}
		}
		finally {
			turns.forEach(Turns::close);
		}
		return turns.stream().map(Turns::result).flatMap(Optional::stream).toList();
	}

	/**
	 * Return how many rounds were repeated so far, because others had the processors.
	 * @return their number
	 */
	int repetitions() {
		return this.repetitions;
	}

	/**
	 * The turns that one system has.
	 */
	private final class Turns {

		private final Contender system;

		private final Workload workload;

		private final Way way;

		private final List<Round> rounds = new ArrayList<>();

		private Optional<Station> station = Optional.empty();

		private long heapBytes = -1;

		private String failure = "";

		Turns(Contender system, Workload workload, Way way) {
			this.system = system;
			this.workload = workload;
			this.way = way;
		}

		void warmUp() throws SQLException {
			Arguments arguments = Runner.this.arguments;
			Database database = Runner.this.database;
			PeerFactory.Target target = new PeerFactory.Target(database.host(), database.port(), database.name(),
					database.user(), database.password(), this.workload.connections(), arguments.rows());
			try {
				Station started = Runner.this.stations.open(this.system, target);
				this.station = Optional.of(started);
				Runner.this.admin.prepare(this.workload.task());
				if (started.measure(this.workload.task(), this.way, this.workload.callers(), arguments.warmupTime())
					.isEmpty()) {
					close();
				}
			}
			catch (IOException ex) {
				fail(ex);
			}
		}

		void round() throws SQLException {
			if (this.station.isEmpty()) {
				return;
			}
			Admin admin = Runner.this.admin;
			try {
				admin.prepare(this.workload.task());
				long before = admin.commands();
				Measurement measurement = this.station.get()
					.measure(this.workload.task(), this.way, this.workload.callers(), Runner.this.arguments.roundTime())
					.orElseThrow();
				// The question for the counters is one of the commands.
				long commands = admin.commands() - before - 1;
				admin.verify(this.workload.task(), measurement.operations());
				this.rounds.add(new Round(measurement, commands));
				Runner.this.progress.printf(Locale.ROOT, "%s %s %s: %,.1f ops/s%n", this.workload.id(), label(),
						this.system.title(), measurement.throughput());
			}
			catch (IOException | IllegalStateException ex) {
				fail(ex);
			}
		}

		void keep(int count) {
			while (this.rounds.size() > count) {
				this.rounds.remove(this.rounds.size() - 1);
			}
		}

		// Beside the rounds, because collections of garbage one after the other cost
		// time.
		void lookAtHeap() {
			if (this.station.isEmpty() || this.workload.task() != Task.STREAM) {
				return;
			}
			try {
				this.heapBytes = this.station.get().heapGrowth(this.workload.task(), this.way);
			}
			catch (IOException ex) {
				fail(ex);
			}
		}

		private void fail(Exception ex) {
			this.failure = String.valueOf(ex.getMessage());
			Runner.this.progress.printf("%s %s %s failed: %s%n", this.workload.id(), label(), this.system.title(),
					this.failure);
			this.rounds.clear();
			close();
		}

		private String label() {
			return this.way.id();
		}

		void close() {
			this.station.ifPresent(Station::close);
			this.station = Optional.empty();
		}

		Optional<Result> result() {
			return (this.rounds.isEmpty() && this.failure.isEmpty()) ? Optional.empty()
					: Optional.of(new Result(this.workload.id(), label(), this.system.title(),
							this.workload.task().rowsPerOperation(Runner.this.arguments.rows()), this.rounds,
							this.heapBytes, this.failure));
		}

	}

}
