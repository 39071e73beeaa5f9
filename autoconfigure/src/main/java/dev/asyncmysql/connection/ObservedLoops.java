package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.DatagramChannel;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/**
 * Event loops that show each channel as it is made: the one place at which the driver
 * lets others see it. Others also decide which event loop a channel gets.
 */
final class ObservedLoops implements LoopResources {

	private final Supplier<? extends LoopResources> delegate;

	private final UnaryOperator<EventLoopGroup> placement;

	private final Consumer<Channel> observer;

	ObservedLoops(Supplier<? extends LoopResources> delegate, UnaryOperator<EventLoopGroup> placement,
			Consumer<Channel> observer) {
		this.delegate = delegate;
		this.placement = placement;
		this.observer = observer;
	}

	@Override
	public <C extends Channel> C onChannel(Class<C> type, EventLoopGroup group) {
		C channel = this.delegate.get().onChannel(type, group);
		if (!(channel instanceof DatagramChannel)) {
			this.observer.accept(channel);
		}
		return channel;
	}

	@Override
	public <C extends Channel> Class<? extends C> onChannelClass(Class<C> type, EventLoopGroup group) {
		return this.delegate.get().onChannelClass(type, group);
	}

	@Override
	public EventLoopGroup onClient(boolean useNative) {
		return this.placement.apply(this.delegate.get().onClient(useNative));
	}

	@Override
	public EventLoopGroup onServer(boolean useNative) {
		return this.delegate.get().onServer(useNative);
	}

	@Override
	public EventLoopGroup onServerSelect(boolean useNative) {
		return this.delegate.get().onServerSelect(useNative);
	}

	@Override
	public boolean daemon() {
		return this.delegate.get().daemon();
	}

	@Override
	public void dispose() {
		this.delegate.get().dispose();
	}

	@Override
	public Mono<Void> disposeLater(Duration quietPeriod, Duration timeout) {
		return this.delegate.get().disposeLater(quietPeriod, timeout);
	}

	@Override
	public boolean isDisposed() {
		return this.delegate.get().isDisposed();
	}

}
