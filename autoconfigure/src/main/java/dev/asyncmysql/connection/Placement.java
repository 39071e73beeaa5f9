package dev.asyncmysql.connection;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.StreamSupport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;

/**
 * Decides which event loop serves a connection: that of those in use which has the fewest
 * connections, whichever thread opens it. Reactor Netty takes the opener's own where that
 * is an event loop, so that one could get them all. Safe for use by many threads.
 */
final class Placement {

	private final int limit;

	private final AtomicInteger turn = new AtomicInteger();

	private final Map<EventExecutor, AtomicInteger> connections = new ConcurrentHashMap<>();

	/**
	 * Create a placement.
	 * @param limit how many event loops of a group get connections, at most
	 */
	Placement(int limit) {
		this.limit = limit;
	}

	/**
	 * Choose the event loop of a connection that is about to be opened.
	 * @param group where to choose from
	 * @return one of its event loops
	 */
	EventLoop choose(EventLoopGroup group) {
		EventExecutor[] loops = first(group);
		if (loops.length == 0) {
			return group.next();
		}
		int start = Math.floorMod(this.turn.getAndIncrement(), loops.length);
		EventExecutor best = loops[start];
		for (int i = 1; i < loops.length; i++) {
			EventExecutor other = loops[(start + i) % loops.length];
			if (connections(other) < connections(best)) {
				best = other;
			}
		}
		return (EventLoop) best;
	}

	private EventExecutor[] first(EventLoopGroup group) {
		return StreamSupport.stream(group.spliterator(), false).limit(this.limit).toArray(EventExecutor[]::new);
	}

	/**
	 * Count a connection from its registration for as long as its event loop serves it.
	 * @param channel the channel, not yet registered
	 */
	void count(Channel channel) {
		channel.pipeline().addFirst(new Seat());
	}

	/**
	 * Return how many connections an event loop serves.
	 * @param loop the event loop
	 * @return the number
	 */
	int connections(EventExecutor loop) {
		AtomicInteger count = this.connections.get(loop);
		return (count != null) ? count.get() : 0;
	}

	/**
	 * Counts one connection.
	 */
	private final class Seat extends ChannelInboundHandlerAdapter {

		@Override
		public void handlerAdded(ChannelHandlerContext context) {
			Placement.this.connections.computeIfAbsent(context.channel().eventLoop(), (loop) -> new AtomicInteger())
				.incrementAndGet();
		}

		@Override
		public void channelUnregistered(ChannelHandlerContext context) {
			AtomicInteger count = Placement.this.connections.get(context.channel().eventLoop());
			if (count != null) {
				count.decrementAndGet();
			}
			context.fireChannelUnregistered();
		}

	}

}
