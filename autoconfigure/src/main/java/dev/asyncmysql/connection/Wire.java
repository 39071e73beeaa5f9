package dev.asyncmysql.connection;

import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/**
 * The channel of one connection, by which it is ended where the driver's own close would
 * wait: that one stands in line behind the statements of the connection.
 */
final class Wire {

	private volatile @Nullable Channel channel;

	private volatile boolean cut;

	/**
	 * Take over a channel. An attempt makes more than one where a host has several
	 * addresses; the last counts, as those before it are closed.
	 * @param channel the channel, not yet connected
	 */
	void attach(Channel channel) {
		this.channel = channel;
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

	private static void close(Channel channel) {
		if (channel.isRegistered()) {
			channel.close();
		}
		else {
			channel.unsafe().closeForcibly();
		}
	}

}
