package dev.asyncmysql.connection;

import java.time.Duration;

import dev.asyncmysql.connection.ConnectionListener.EndReason;
import org.jspecify.annotations.Nullable;

/**
 * How long a connection is fit to be lent: until another of its time is found dead,
 * because a server that was restarted, or gave way to another, has left none of them
 * alive, or refuses writes; and until the server would close it for its silence. All
 * methods may be called from any thread, and none blocks.
 */
final class Tenure {

	private final Server server;

	private final Wire wire;

	private final int generation;

	private final long silenceLimit;

	private volatile long reads;

	private volatile long heardAt = System.nanoTime();

	private volatile boolean closing;

	/**
	 * Create the tenure of a connection that was just opened.
	 * @param server the server
	 * @param wire the connection's channel
	 * @param waitTimeout time after which the server closes the connection when it is
	 * idle, or {@code null} where it is not known
	 */
	Tenure(Server server, Wire wire, @Nullable Duration waitTimeout) {
		this.server = server;
		this.wire = wire;
		this.generation = server.generation();
		this.silenceLimit = IdleLimit.of(waitTimeout);
		this.reads = wire.reads();
	}

	/**
	 * Look whether the server has sent something. The pool knows how long a connection
	 * was not lent, but not how long its caller let it rest before.
	 * @param now the time, as of {@link System#nanoTime()}
	 */
	void inspect(long now) {
		long current = this.wire.reads();
		if (current != this.reads) {
			this.heardAt = now;
			this.reads = current;
		}
	}

	/**
	 * Take note when the other end closes the connection, at once where it has.
	 */
	void watch() {
		this.wire.whenClosed(this::foundDead);
	}

	/**
	 * Note that the connection is dead, unless it was ended here.
	 */
	void foundDead() {
		if (!this.closing && !this.wire.isCut()) {
			this.server.foundDead(this.generation);
		}
	}

	/**
	 * Note that the server has refused a write because it takes none.
	 */
	void foundReadOnly() {
		this.server.foundReadOnly(this.generation, System.nanoTime());
	}

	/**
	 * Note that the connection is closed from here on.
	 */
	void close() {
		this.closing = true;
	}

	/**
	 * Return why the connection must not be lent again.
	 * @return a death, or a refusal of writes, among those of its time, or that the
	 * server is about to close it; {@code null} where it is fit
	 */
	@Nullable EndReason over() {
		if (this.generation != this.server.generation()) {
			return (this.generation < this.server.evictedBefore()) ? EndReason.REQUESTED : EndReason.REPLACED;
		}
		return (System.nanoTime() - this.heardAt >= this.silenceLimit && this.wire.reads() == this.reads)
				? EndReason.WAIT_TIMEOUT : null;
	}

}
