package dev.asyncmysql.connection;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
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
	void manyThatAreOpenedAtTheSameTimeAreSpreadBeforeTheyAreCounted() {
		assertThat(IntStream.range(0, 6).mapToObj((index) -> this.placement.choose(this.group)).distinct()).hasSize(3);
	}

	@Test
	void aGroupThatDoesNotTellItsEventLoopsChoosesItself() {
		EventLoop loop = this.group.next();
		assertThat(new Placement(0).choose(loop)).isSameAs(loop);
	}

	private Channel open() throws InterruptedException {
		Channel channel = new NioSocketChannel();
		this.placement.count(channel);
		this.placement.choose(this.group).register(channel).sync();
		return channel;
	}

	private List<Integer> counts() {
		Iterable<EventExecutor> loops = this.group;
		return StreamSupport.stream(loops.spliterator(), false).map(this.placement::connections).toList();
	}

}
