package dev.asyncmysql.connection;

import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Reservation}.
 */
class ReservationTests {

	private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

	private final EventLoop loop = this.group.next();

	private final Placement placement = new Placement(1);

	private final ExecutorService threads = Executors.newFixedThreadPool(2);

	@AfterEach
	void end() throws InterruptedException {
		this.threads.shutdownNow();
		this.group.shutdownGracefully(0, 0, TimeUnit.SECONDS).sync();
	}

	@Test
	void oneConnectionTakesOneSeatHoweverOftenItAsks() {
		Reservation reservation = new Reservation(this.placement);
		assertThat(reservation.take(this.group)).isSameAs(reservation.take(this.group));
		assertThat(this.placement.connections(this.loop)).isOne();
		reservation.end();
		assertThat(this.placement.connections(this.loop)).isZero();
		reservation.take(this.group);
		assertThat(this.placement.connections(this.loop)).isOne();
	}

	@Test
	void aConnectionThatIsOpenKeepsItsSeatUntilItEnds() throws InterruptedException {
		for (boolean cancelled : new boolean[] { false, true }) {
			Reservation reservation = new Reservation(this.placement);
			reservation.take(this.group);
			Channel channel = new NioSocketChannel();
			this.loop.register(channel).sync();
			reservation.attach(channel);
			if (cancelled) {
				reservation.cancel();
			}
			else {
				reservation.end();
			}
			assertThat(this.placement.connections(this.loop)).isOne();
			channel.close().sync();
			Awaitility.await().until(() -> this.placement.connections(this.loop) == 0);
		}
	}

	@Test
	void aSeatThatIsTakenAfterACancelIsFree() {
		Reservation reservation = new Reservation(this.placement);
		reservation.cancel();
		assertThat(reservation.take(this.group)).isSameAs(this.loop);
		assertThat(this.placement.connections(this.loop)).isZero();
	}

	@Test
	void aCancelInTheRaceWithTheDriverLeavesNoSeatTaken() throws Exception {
		CyclicBarrier start = new CyclicBarrier(2);
		for (int i = 0; i < 20_000; i++) {
			Reservation reservation = new Reservation(this.placement);
			Future<?> driver = this.threads.submit(() -> {
				start.await();
				return reservation.take(this.group);
			});
			Future<?> caller = this.threads.submit(() -> {
				start.await();
				reservation.cancel();
				return null;
			});
			driver.get(20, TimeUnit.SECONDS);
			caller.get(20, TimeUnit.SECONDS);
		}
		assertThat(this.placement.connections(this.loop)).isZero();
	}

}
