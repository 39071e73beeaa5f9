package dev.asyncmysql.connection;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import org.jspecify.annotations.Nullable;

/**
 * The seat of the connection that is being opened. It is given up where none comes of it,
 * also where the driver asks for it just after the caller has gone. Safe for use by many
 * threads.
 */
final class Reservation {

	private final Placement placement;

	private Placement.@Nullable Seat seat;

	private @Nullable Channel channel;

	private boolean cancelled;

	/**
	 * Create a reservation.
	 * @param placement where seats are
	 */
	Reservation(Placement placement) {
		this.placement = placement;
	}

	/**
	 * Take a seat, or return the one that was taken before: the driver asks more than
	 * once for a connection.
	 * @param group where to choose from
	 * @return the event loop
	 */
	synchronized EventLoopGroup take(EventLoopGroup group) {
		Placement.Seat current = this.seat;
		if (current == null) {
			current = this.placement.choose(group);
			this.seat = current;
			if (this.cancelled) {
				current.keepFor(null);
			}
		}
		return current.loop();
	}

	/**
	 * Tell the channel of the connection.
	 * @param channel the channel
	 */
	synchronized void attach(Channel channel) {
		this.channel = channel;
	}

	/**
	 * Let the connection have its seat until it ends, as it is open or has failed, and
	 * begin anew for the next one.
	 */
	synchronized void end() {
		leave();
		this.seat = null;
		this.channel = null;
	}

	/**
	 * Let the connection have its seat until it ends, as nobody waits for it any more.
	 */
	synchronized void cancel() {
		this.cancelled = true;
		leave();
	}

	private void leave() {
		if (this.seat != null) {
			this.seat.keepFor(this.channel);
		}
	}

}
