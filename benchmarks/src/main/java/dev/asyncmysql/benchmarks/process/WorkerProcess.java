package dev.asyncmysql.benchmarks.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

import dev.asyncmysql.benchmarks.load.Measurement;
import dev.asyncmysql.benchmarks.peer.PeerFactory;
import dev.asyncmysql.benchmarks.workload.Task;
import dev.asyncmysql.benchmarks.workload.Way;

/**
 * A {@link Worker} as seen from the process that started it.
 */
final class WorkerProcess implements Station {

	private final Process process;

	private final BufferedReader answers;

	private WorkerProcess(Process process) {
		this.process = process;
		this.answers = process.inputReader(StandardCharsets.UTF_8);
	}

	/**
	 * Start a process.
	 * @param contender the system that lives in it
	 * @param target the server
	 * @param jvmOptions what Java is started with
	 * @return the process, connected to the server
	 * @throws IOException if there is none
	 */
	static WorkerProcess start(Contender contender, PeerFactory.Target target, List<String> jvmOptions)
			throws IOException {
		Message start = new Message("start", target.toValues()).with("factory", contender.factory());
		List<String> command = JavaCommand.of(contender.libraries(), jvmOptions, Worker.class, start.toString());
		Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
		// Where this process is interrupted, that one would go on to the end of its
		// round.
		Runtime.getRuntime().addShutdownHook(new Thread(process::destroy, "worker-end"));
		WorkerProcess worker = new WorkerProcess(process);
		try {
			worker.receive();
			return worker;
		}
		catch (IOException ex) {
			worker.close();
			throw ex;
		}
	}

	@Override
	public Optional<Measurement> measure(Task task, Way way, int callers, Duration time) throws IOException {
		send(new Message("measure", Map.of("task", task.name(), "way", way.name(), "callers", Integer.toString(callers),
				"millis", Long.toString(time.toMillis()))));
		Message answer = receive();
		return switch (answer.word()) {
			case "measured" -> Optional.of(Measurement.ofValues(answer.values()));
			case "absent" -> Optional.empty();
			default -> throw new IOException(answer.get("reason"));
		};
	}

	@Override
	public long heapGrowth(Task task, Way way) throws IOException {
		send(new Message("heap", Map.of("task", task.name(), "way", way.name())));
		Message answer = receive();
		if (!answer.word().equals("heap")) {
			throw new IOException(answer.get("reason"));
		}
		return Long.parseLong(answer.get("bytes"));
	}

	private void send(Message message) throws IOException {
		this.process.outputWriter(StandardCharsets.UTF_8).append(message.toString()).append('\n').flush();
	}

	private Message receive() throws IOException {
		String line = this.answers.readLine();
		if (line == null) {
			throw new IOException("The process ended; what it said is above");
		}
		return Message.parse(line);
	}

	@Override
	public void close() {
		try {
			this.process.outputWriter(StandardCharsets.UTF_8).close();
			if (!this.process.waitFor(10, TimeUnit.SECONDS)) {
				this.process.destroyForcibly();
			}
		}
		catch (IOException ex) {
			// It has ended by itself; others still wait for their turns.
			System.err.println("A process could not be told to end: " + ex.getMessage());
			this.process.destroyForcibly();
		}
		catch (InterruptedException ex) {
			this.process.destroyForcibly();
			Thread.currentThread().interrupt();
		}
	}

}
