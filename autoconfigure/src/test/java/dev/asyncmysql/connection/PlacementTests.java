package dev.asyncmysql.connection;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.EventExecutor;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Placement}.
 */
class PlacementTests {

	private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(4, NioIoHandler.newFactory());

	private final Placement placement = new Placement(3);

	@AfterEach
	void end() throws InterruptedException {
		this.group.shutdownGracefully(0, 0, TimeUnit.SECONDS).sync();
	}

	@Test
	void connectionsAreSpreadEvenlyOverAsManyEventLoopsAsMayBeUsed() throws InterruptedException {
		for (int i = 0; i < 9; i++) {
			open();
		}
		assertThat(counts()).containsExactly(3, 3, 3, 0);
	}

	@Test
	void theEventLoopThatHasLostMostGetsTheNext() throws InterruptedException {
		List<Channel> channels = new ArrayList<>();
		for (int i = 0; i < 9; i++) {
			channels.add(open());
		}
		EventLoop poor = channels.get(0).eventLoop();
		for (Channel channel : channels) {
			if (channel.eventLoop() == poor) {
				channel.close().sync();
			}
		}
		Awaitility.await().until(() -> this.placement.connections(poor) == 0);
		for (int i = 0; i < 3; i++) {
			assertThat(open().eventLoop()).isSameAs(poor);
		}
	}

	@Test
	void manyThatAreOpenedAtTheSameTimeAreSpreadWhateverThereIs() throws InterruptedException {
		open();
		for (int i = 0; i < 8; i++) {
			this.placement.choose(this.group);
		}
		assertThat(counts()).containsExactly(3, 3, 3, 0);
	}

	@Test
	void whatWasNotOpenedLeavesItsSeat() {
		Placement.Seat seat = this.placement.choose(this.group);
		assertThat(this.placement.connections(seat.loop())).isOne();
		seat.keepFor(null);
		seat.keepFor(null);
		assertThat(counts()).containsOnly(0);
	}

	@Test
	void aGroupThatDoesNotTellItsEventLoopsChoosesItself() {
		EventLoop loop = this.group.next();
		assertThat(new Placement(0).choose(loop).loop()).isSameAs(loop);
	}

	private Channel open() throws InterruptedException {
		Channel channel = new NioSocketChannel();
		Placement.Seat seat = this.placement.choose(this.group);
		seat.loop().register(channel).sync();
		seat.keepFor(channel);
		return channel;
	}

	private List<Integer> counts() {
		Iterable<EventExecutor> loops = this.group;
		return StreamSupport.stream(loops.spliterator(), false).map(this.placement::connections).toList();
	}

}
