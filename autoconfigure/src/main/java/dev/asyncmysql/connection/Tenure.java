package dev.asyncmysql.connection;

/**
 * How long a connection is fit to be lent, by what happens to others: a connection that
 * is found dead ends the tenure of all that were opened before, because a server that was
 * restarted, or gave way to another, has left none of them alive. All methods may be
 * called from any thread, and none blocks.
 */
final class Tenure {

	private final Server server;

	private final Wire wire;

	private final int generation;

	private volatile boolean closing;

	Tenure(Server server, Wire wire) {
		this.server = server;
		this.wire = wire;
		this.generation = server.generation();
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
	 * Note that the connection is closed from here on.
	 */
	void close() {
		this.closing = true;
	}

	/**
	 * Return whether the connection must not be lent again.
	 * @return {@code true} after a death among those of its time
	 */
	boolean isOver() {
		return this.generation != this.server.generation();
	}

}
