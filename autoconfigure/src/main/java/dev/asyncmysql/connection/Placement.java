package dev.asyncmysql.connection;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.StreamSupport;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import org.jspecify.annotations.Nullable;

/**
 * Decides which event loop serves a connection: that of those in use which has the fewest
 * connections, whichever thread opens it. Reactor Netty takes the opener's own where that
 * is an event loop, so that one could get them all. Safe for use by many threads.
 */
final class Placement {

	private final int limit;

	private final Map<EventExecutor, Integer> connections = new HashMap<>();

	private int turn;

	/**
	 * Create a placement.
	 * @param limit how many event loops of a group get connections, at most
	 */
	Placement(int limit) {
		this.limit = limit;
	}

	/**
	 * Choose the event loop of a connection that is about to be opened. It counts from
	 * now on, so that those that are opened at the same time are spread as well.
	 * @param group where to choose from
	 * @return its seat at one of the event loops
	 */
	Seat choose(EventLoopGroup group) {
		EventExecutor[] loops = first(group);
		if (loops.length == 0) {
			return reserve(group.next());
		}
		synchronized (this) {
			int start = Math.floorMod(this.turn++, loops.length);
			EventExecutor best = loops[start];
			for (int i = 1; i < loops.length; i++) {
				EventExecutor other = loops[(start + i) % loops.length];
				if (connections(other) < connections(best)) {
					best = other;
				}
			}
			return reserve((EventLoop) best);
		}
	}

	private EventExecutor[] first(EventLoopGroup group) {
		return StreamSupport.stream(group.spliterator(), false).limit(this.limit).toArray(EventExecutor[]::new);
	}

	private synchronized Seat reserve(EventLoop loop) {
		this.connections.merge(loop, 1, Integer::sum);
		return new Seat(loop);
	}

	private synchronized void free(EventLoop loop) {
		this.connections.merge(loop, -1, (count, less) -> (count + less > 0) ? count + less : null);
	}

	/**
	 * Return how many connections an event loop serves, or is about to serve.
	 * @param loop the event loop
	 * @return the number
	 */
	synchronized int connections(EventExecutor loop) {
		return this.connections.getOrDefault(loop, 0);
	}

	/**
	 * The place of one connection.
	 */
	final class Seat {

		private final EventLoop loop;

		private final AtomicBoolean free = new AtomicBoolean();

		private Seat(EventLoop loop) {
			this.loop = loop;
		}

		EventLoop loop() {
			return this.loop;
		}

		/**
		 * Give the seat up when the connection ends.
		 * @param channel the channel of the connection, or {@code null} where there is
		 * none, so that the seat is free at once
		 */
		void keepFor(@Nullable Channel channel) {
			if (channel == null) {
				giveUp();
			}
			else {
				channel.closeFuture().addListener((future) -> giveUp());
			}
		}

		private void giveUp() {
			if (this.free.compareAndSet(false, true)) {
				free(this.loop);
			}
		}

	}

}
