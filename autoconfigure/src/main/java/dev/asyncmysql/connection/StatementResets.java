package dev.asyncmysql.connection;

import io.asyncer.r2dbc.mysql.constant.ServerStatuses;
import io.asyncer.r2dbc.mysql.message.client.PreparedResetMessage;
import io.asyncer.r2dbc.mysql.message.server.ServerStatusMessage;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import reactor.netty.NettyPipeline;

/**
 * Answers the driver's COM_STMT_RESET in place of the server. The driver sends one, and
 * waits for the answer, before each execution of a statement that it has prepared
 * already, which doubles the round trips. The command drops what COM_STMT_SEND_LONG_DATA
 * has sent, which the driver never uses, and closes a cursor, which is read to its end
 * here and would be closed by the next execution as well.
 *
 * @see <a href=
 * "https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_stmt_reset.html">COM_STMT_RESET</a>
 */
final class StatementResets extends ChannelDuplexHandler {

	private static final String CODEC = "R2dbcMySqlMessageDuplexCodec";

	private static final int OK_LENGTH = 7;

	/** What the server says of a transaction or a session, rather than of a result. */
	private static final int LASTING = ~(ServerStatuses.MORE_RESULTS_EXISTS | ServerStatuses.CURSOR_EXISTS
			| ServerStatuses.LAST_ROW_SENT);

	private int statuses = ServerStatuses.AUTO_COMMIT;

	/** Whether the driver waits for an answer that the server does not give. */
	private boolean asked;

	StatementResets() {
	}

	/**
	 * Install the handler as soon as the driver's codec is in place.
	 * @param channel the channel of a connection, not yet connected
	 */
	static void install(Channel channel) {
		channel.pipeline().addLast(new Installer());
	}

	// Whatever comes is taken for the answer, as where the server says unasked that it
	// ends the connection: another one would be taken for that of the next command.
	@Override
	public void channelRead(ChannelHandlerContext context, Object message) {
		this.asked = false;
		if (message instanceof ServerStatusMessage told) {
			this.statuses = told.getServerStatuses();
		}
		context.fireChannelRead(message);
	}

	// The answer comes as from the server, not before the driver has sent its question:
	// it begins to listen after that.
	@Override
	public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
		ChannelHandlerContext codec = (message instanceof PreparedResetMessage) ? context.pipeline().context(CODEC)
				: null;
		if (codec == null) {
			context.write(message, promise);
			return;
		}
		this.asked = true;
		promise.setSuccess();
		context.executor().execute(() -> answer(codec));
	}

	// Header, no row changed, no key generated, statuses, no warning.
	private void answer(ChannelHandlerContext codec) {
		if (!this.asked || !codec.channel().isActive() || !(codec.handler() instanceof ChannelInboundHandler decoder)) {
			return;
		}
		ByteBuf ok = codec.alloc()
			.buffer(Integer.BYTES + OK_LENGTH)
			.writeMediumLE(OK_LENGTH)
			.writeByte(1)
			.writeMedium(0)
			.writeShortLE(this.statuses & LASTING)
			.writeShortLE(0);
		try {
			decoder.channelRead(codec, ok);
		}
		catch (Exception ex) {
			codec.pipeline().fireExceptionCaught(ex);
		}
	}

	/**
	 * Waits for the first bytes of the server. Only then the driver's codec is in place.
	 */
	private static final class Installer extends ChannelInboundHandlerAdapter {

		@Override
		public void channelRead(ChannelHandlerContext context, Object message) {
			context.pipeline()
				.addBefore(NettyPipeline.ReactiveBridge, StatementResets.class.getName(), new StatementResets())
				.remove(this);
			context.fireChannelRead(message);
		}

	}

}
