package dev.asyncmysql.embedded;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * A process whose output is read all the time, so that it never blocks, and whose last
 * lines are kept for messages.
 */
final class LoggedProcess {

	private static final Log log = LogFactory.getLog(LoggedProcess.class);

	private static final int KEPT_LINES = 20;

	private static final Duration READ_GRACE = Duration.ofSeconds(1);

	private final Process process;

	private final Consumer<String> listener;

	private final Thread reader;

	private final Deque<String> lastLines = new ArrayDeque<>();

	private LoggedProcess(Process process, Consumer<String> listener) {
		this.process = process;
		this.listener = listener;
		this.reader = new Thread(this::read, "async-mysql-embedded");
		this.reader.setDaemon(true);
	}

	/**
	 * Start a process.
	 * @param command the command line
	 * @param folder the working folder
	 * @param environment variables on top of those of this JVM
	 * @param listener is told each line of its output, on a thread of its own
	 * @return the process
	 * @throws IOException if it cannot be started
	 */
	static LoggedProcess start(List<String> command, Path folder, Map<String, String> environment,
			Consumer<String> listener) throws IOException {
		log.debug(command);
		ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
		builder.environment().putAll(environment);
		Process process = builder.start();
		LoggedProcess logged = new LoggedProcess(process, listener);
		logged.reader.start();
		process.getOutputStream().close();
		return logged;
	}

	private void read() {
		try (InputStream output = this.process.getInputStream();
				BufferedReader lines = new BufferedReader(new InputStreamReader(output, StandardCharsets.UTF_8))) {
			for (String line = lines.readLine(); line != null; line = lines.readLine()) {
				log.debug(line);
				keep(line);
				this.listener.accept(line);
			}
		}
		catch (IOException ex) {
			log.debug("The output of process %d broke off".formatted(this.process.pid()), ex);
		}
	}

	private void keep(String line) {
		synchronized (this.lastLines) {
			if (this.lastLines.size() == KEPT_LINES) {
				this.lastLines.removeFirst();
			}
			this.lastLines.addLast(line);
		}
	}

	Process process() {
		return this.process;
	}

	/**
	 * Return the last lines of the output.
	 * @return the lines
	 */
	List<String> lastLines() {
		synchronized (this.lastLines) {
			return new ArrayList<>(this.lastLines);
		}
	}

	/**
	 * Wait until the process has ended and its output is read.
	 * @param clock the limit
	 * @param activity what the process does
	 * @return the exit code
	 * @throws TimeoutException if the time is up
	 * @throws InterruptedException if the thread is interrupted
	 */
	int waitFor(StartClock clock, String activity) throws TimeoutException, InterruptedException {
		while (!this.process.waitFor(clock.nextWaitMillis(), TimeUnit.MILLISECONDS)) {
			clock.check(activity);
		}
		awaitOutput();
		return this.process.exitValue();
	}

	/**
	 * Wait for the end of the output, but not for long, since a child may hold it open.
	 * @throws InterruptedException if the thread is interrupted
	 */
	void awaitOutput() throws InterruptedException {
		this.reader.join(READ_GRACE.toMillis());
	}

	boolean stop(Duration grace) {
		return ProcessTree.of(this.process.toHandle()).stop(grace);
	}

}
