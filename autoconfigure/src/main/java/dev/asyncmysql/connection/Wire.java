package dev.asyncmysql.connection;

import java.util.concurrent.atomic.AtomicLong;

import javax.net.ssl.SSLSession;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import org.jspecify.annotations.Nullable;

/**
 * The channel of one connection, by which it is ended where the driver's own close would
 * wait: that one stands in line behind the statements of the connection.
 */
final class Wire {

	private volatile @Nullable Channel channel;

	private volatile boolean cut;

	private volatile boolean failed;

	private final AtomicLong reads = new AtomicLong();

	/**
	 * Take over a channel. An attempt makes more than one where a host has several
	 * addresses; the last counts, as those before it are closed.
	 * @param channel the channel, not yet connected
	 */
	void attach(Channel channel) {
		this.channel = channel;
		channel.pipeline().addFirst(new Pulse());
		if (this.cut) {
			close(channel);
		}
	}

	/**
	 * End the connection now, without a goodbye. Does not block.
	 */
	void cut() {
		this.cut = true;
		Channel current = this.channel;
		if (current != null) {
			close(current);
		}
	}

	/**
	 * Return whether the connection was ended here.
	 * @return {@code true} after {@link #cut()}
	 */
	boolean isCut() {
		return this.cut;
	}

	/**
	 * Tell when the connection ends, by whichever end.
	 * @param listener called once, by the event loop of the channel
	 */
	void whenClosed(Runnable listener) {
		Channel current = this.channel;
		if (current != null) {
			current.closeFuture().addListener((future) -> listener.run());
		}
	}

	/**
	 * Count the connection among those of its event loop, for as long as it is open.
	 * @param loops where to count
	 */
	void count(EventLoops loops) {
		Channel current = this.channel;
		String name = eventLoop();
		if (current != null && name != null) {
			loops.opened(name);
			current.closeFuture().addListener((future) -> loops.closed(name));
		}
	}

	/**
	 * Return the name of the event loop that serves the connection.
	 * @return the name of its thread, or {@code null} where there is none yet
	 */
	@Nullable String eventLoop() {
		Channel current = this.channel;
		return (current != null && current.isRegistered()
				&& current.eventLoop() instanceof SingleThreadEventExecutor loop) ? loop.threadProperties().name()
						: null;
	}

	/**
	 * Return whether the connection has not ended yet.
	 * @return {@code false} after either end has closed it, or it has failed
	 */
	boolean isOpen() {
		Channel current = this.channel;
		return !this.cut && !this.failed && current != null && current.isOpen();
	}

	/**
	 * Return whether the channel has failed, which the driver tells its callers before it
	 * closes it.
	 * @return {@code true} where the connection must not be used again
	 */
	boolean hasFailed() {
		return this.failed;
	}

	/**
	 * Return whether the connection is known to have ended. The channel is closed some
	 * time before its handlers hear of it.
	 * @return {@code false} where it is open, or there is none yet
	 */
	boolean isGone() {
		Channel current = this.channel;
		return this.cut || this.failed || (current != null && !current.isOpen());
	}

	/**
	 * Return how TLS was agreed upon.
	 * @return the session, or {@code null} where there is no TLS
	 */
	@Nullable SSLSession tls() {
		Channel current = this.channel;
		SslHandler handler = (current != null) ? current.pipeline().get(SslHandler.class) : null;
		return (handler != null) ? handler.engine().getSession() : null;
	}

	/**
	 * Return how often the server has sent something.
	 * @return a number that grows with each
	 */
	long reads() {
		return this.reads.get();
	}

	/**
	 * Return how much of what was written has not left yet.
	 * @return number of bytes, as far as another thread can see
	 */
	long unsent() {
		Channel current = this.channel;
		ChannelOutboundBuffer buffer = (current != null) ? current.unsafe().outboundBuffer() : null;
		return (buffer != null) ? buffer.totalPendingWriteBytes() - buffer.currentProgress() : 0;
	}

	private static void close(Channel channel) {
		if (channel.isRegistered()) {
			channel.close();
		}
		else {
			channel.unsafe().closeForcibly();
		}
	}

	/**
	 * Counts what arrives, and hears of a failure before the driver does: that one tells
	 * its callers while the channel is open, the pool would lend it to them again, and
	 * its event loop might never come to close it.
	 */
	private final class Pulse extends ChannelInboundHandlerAdapter {

		@Override
		public void channelRead(ChannelHandlerContext context, Object message) {
			// Written by the event loop of the channel alone.
			Wire.this.reads.lazySet(Wire.this.reads.get() + 1);
			context.fireChannelRead(message);
		}

		@Override
		public void channelInactive(ChannelHandlerContext context) {
			Wire.this.failed = true;
			context.fireChannelInactive();
		}

		@Override
		public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
			Wire.this.failed = true;
			context.fireExceptionCaught(cause);
		}

	}

}
