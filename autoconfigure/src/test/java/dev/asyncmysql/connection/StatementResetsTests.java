package dev.asyncmysql.connection;

import java.util.ArrayList;
import java.util.List;

import io.asyncer.r2dbc.mysql.constant.ServerStatuses;
import io.asyncer.r2dbc.mysql.message.client.PreparedResetMessage;
import io.asyncer.r2dbc.mysql.message.server.ServerStatusMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link StatementResets}.
 */
class StatementResetsTests {

	private final List<String> answers = new ArrayList<>();

	private final EmbeddedChannel channel = new EmbeddedChannel();

	StatementResetsTests() {
		this.channel.pipeline().addLast("R2dbcMySqlMessageDuplexCodec", new ChannelDuplexHandler() {

			@Override
			public void channelRead(ChannelHandlerContext context, Object message) {
				if (message instanceof ByteBuf bytes) {
					StatementResetsTests.this.answers.add(ByteBufUtil.hexDump(bytes));
					bytes.release();
				}
				else {
					context.fireChannelRead(message);
				}
			}

		});
		this.channel.pipeline().addLast(new StatementResets());
	}

	@AfterEach
	void close() {
		this.channel.finishAndReleaseAll();
	}

	@Test
	void aResetIsAnsweredAndNotSent() {
		ChannelFuture sent = ask();
		assertThat(sent.isSuccess()).isTrue();
		assertThat(this.answers).isEmpty();
		this.channel.runPendingTasks();
		assertThat(this.answers).containsExactly("07000001" + "000000" + "0200" + "0000");
		assertThat(this.channel.outboundMessages()).isEmpty();
	}

	@Test
	void theAnswerHasTheLastStatusesOfTheSession() {
		tell(ServerStatuses.IN_TRANSACTION | ServerStatuses.NO_BACKSLASH_ESCAPES | ServerStatuses.MORE_RESULTS_EXISTS
				| ServerStatuses.CURSOR_EXISTS | ServerStatuses.LAST_ROW_SENT);
		ask();
		this.channel.runPendingTasks();
		assertThat(this.answers).containsExactly("07000001" + "000000" + "0102" + "0000");
	}

	@Test
	void whatTheServerSaysMeanwhileIsTheAnswer() {
		ask();
		tell(ServerStatuses.AUTO_COMMIT);
		this.channel.runPendingTasks();
		assertThat(this.answers).isEmpty();
		ask();
		this.channel.runPendingTasks();
		assertThat(this.answers).hasSize(1);
	}

	@Test
	void nobodyIsAnsweredOnceTheConnectionIsClosed() {
		ask();
		this.channel.unsafe().closeForcibly();
		this.channel.runPendingTasks();
		assertThat(this.answers).isEmpty();
	}

	@Test
	void whatIsNoResetIsSent() {
		this.channel.writeOutbound("SELECT 1");
		assertThat(this.channel.outboundMessages()).containsExactly("SELECT 1");
		assertThat(this.answers).isEmpty();
	}

	private ChannelFuture ask() {
		return this.channel.pipeline().write(new PreparedResetMessage(1));
	}

	private void tell(int statuses) {
		this.channel.pipeline().fireChannelRead((ServerStatusMessage) () -> (short) statuses);
	}

}
