package dev.asyncmysql.benchmarks.process;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

import dev.asyncmysql.benchmarks.load.Measurement;
import dev.asyncmysql.benchmarks.load.Meter;
import dev.asyncmysql.benchmarks.peer.Operation;
import dev.asyncmysql.benchmarks.peer.Peer;
import dev.asyncmysql.benchmarks.peer.PeerFactory;
import dev.asyncmysql.benchmarks.workload.Task;
import dev.asyncmysql.benchmarks.workload.Way;

/**
 * The process in which one system is measured: it does what its standard input asks for,
 * line by line, and answers each line with one.
 */
public final class Worker {

	private final Peer peer;

	private final int rows;

	private Worker(Peer peer, int rows) {
		this.peer = peer;
		this.rows = rows;
	}

	/**
	 * Connect, say so, and do what is asked for until the input ends.
	 * @param args the class that makes the system, and how to connect to the server
	 * @throws Exception if there is no connection
	 */
	public static void main(String[] args) throws Exception {
		PrintStream answers = System.out;
		// What a library prints is no answer.
		System.setOut(System.err);
		Message start = Message.parse(args[0]);
		PeerFactory factory = (PeerFactory) Class.forName(start.get("factory")).getDeclaredConstructor().newInstance();
		try (Peer peer = factory.open(PeerFactory.Target.of(start.values()))) {
			answers.println(new Message("ready", Map.of()));
			new Worker(peer, start.number("rows")).serve(answers);
		}
		// What a system leaves running has no say in when this ends.
		System.exit(0);
	}

	private void serve(PrintStream answers) throws Exception {
		BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
		for (String line = requests.readLine(); line != null; line = requests.readLine()) {
			answers.println(answer(Message.parse(line)));
		}
	}

	private Message answer(Message request) {
		Task task = Task.valueOf(request.get("task"));
		Operation operation = this.peer.operation(task, Way.valueOf(request.get("way")));
		if (operation == null) {
			return new Message("absent", Map.of());
		}
		try {
			Meter meter = new Meter(this.peer.usesVirtualThreads(), task.keys(this.rows));
			if (request.word().equals("heap")) {
				return new Message("heap", Map.of("bytes", Long.toString(meter.heapGrowth(operation))));
			}
			Measurement measurement = meter.measure(operation, request.number("callers"),
					Duration.ofMillis(request.number("millis")));
			return new Message("measured", measurement.toValues());
		}
		catch (Exception ex) {
			ex.printStackTrace();
			return new Message("failed", Map.of("reason", String.valueOf(ex.getMessage())));
		}
	}

}
