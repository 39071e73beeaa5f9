package dev.asyncmysql.connection;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;

import io.asyncer.r2dbc.mysql.ConnectionContext;
import io.asyncer.r2dbc.mysql.message.client.LocalInfileResponse;
import io.asyncer.r2dbc.mysql.message.client.SubsequenceClientMessage;
import io.asyncer.r2dbc.mysql.message.server.ErrorMessage;
import io.asyncer.r2dbc.mysql.message.server.LocalInfileRequest;
import io.asyncer.r2dbc.mysql.message.server.OkMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.r2dbc.spi.R2dbcException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.SynchronousSink;
import reactor.core.scheduler.Schedulers;
import reactor.netty.NettyPipeline;

/**
 * Answers a server's request for a file in place of the driver, which compares paths as
 * they are written. Where a file is refused, the server is told that it is empty, and its
 * answer becomes the error of the statement: nothing is sent, and connection and
 * transaction go on.
 */
final class LocalInfileGuard extends ChannelDuplexHandler {

	/** The longest payload of one packet. */
	private static final int MAX_CHUNK = 0xFFFFFF - 1;

	private static final String CODEC = "R2dbcMySqlMessageDuplexCodec";

	/** The whole packet of a server that asks for a file without a name. */
	private static final ByteBuf NAMELESS_REQUEST = Unpooled
		.unreleasableBuffer(Unpooled.wrappedBuffer(new byte[] { 1, 0, 0, 1, (byte) 0xFB }).asReadOnly());

	/** A name that no file can have, in place of none. */
	private static final String NAMELESS = "\0";

	private final LocalInfileFolder folder;

	private String requested = "";

	private @Nullable Answer answer;

	private boolean loggedIn;

	private boolean newCommand;

	private LocalInfileGuard(LocalInfileFolder folder) {
		this.folder = folder;
	}

	@Override
	public void channelRead(ChannelHandlerContext context, Object message) {
		if (message instanceof LocalInfileRequest request) {
			this.requested = request.getPath().equals(NAMELESS) ? "" : request.getPath();
		}
		if (message instanceof OkMessage) {
			this.loggedIn = true;
		}
		R2dbcException refusal = (this.answer != null) ? this.answer.refusal : null;
		this.answer = null;
		if (refusal != null && message instanceof OkMessage ok) {
			refuse(context, ok, refusal);
			return;
		}
		context.fireChannelRead(message);
	}

	private static void refuse(ChannelHandlerContext context, OkMessage ok, R2dbcException refusal) {
		if (ok.isDone()) {
			context.fireChannelRead(error(context.alloc(), refusal));
			return;
		}
		// Further statements of the same text have been run. The driver ends with the
		// first error and would take their results for those of its next command.
		context.fireExceptionCaught(refusal);
		context.close();
	}

	private static ErrorMessage error(ByteBufAllocator allocator, R2dbcException refusal) {
		ByteBuf packet = allocator.buffer();
		try {
			packet.writeByte(0xFF).writeShortLE(refusal.getErrorCode());
			packet.writeCharSequence("#" + refusal.getSqlState() + refusal.getMessage(), StandardCharsets.US_ASCII);
			return ErrorMessage.decode(packet);
		}
		finally {
			packet.release();
		}
	}

	@Override
	public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
		if (message instanceof LocalInfileResponse) {
			this.answer = new Answer(this.folder, this.requested);
			context.write(this.answer, promise);
			return;
		}
		// Only after the login nothing is put in front of the codec any more.
		if (this.loggedIn && context.pipeline().get(NamelessRequests.class) == null
				&& context.pipeline().get(CODEC) != null) {
			context.pipeline().addBefore(CODEC, NamelessRequests.class.getName(), new NamelessRequests());
		}
		this.newCommand = true;
		context.write(message, promise);
	}

	@Override
	public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
		context.fireExceptionCaught(cause);
		context.close();
	}

	/**
	 * Gives a name to the file of a server that asks for one without. The driver would
	 * take the request for the number of columns of a result, and wait for these.
	 */
	private final class NamelessRequests extends ChannelInboundHandlerAdapter {

		@Override
		public void channelRead(ChannelHandlerContext context, Object message) {
			boolean first = LocalInfileGuard.this.newCommand;
			LocalInfileGuard.this.newCommand = false;
			if (first && message instanceof ByteBuf bytes && bytes.equals(NAMELESS_REQUEST)) {
				bytes.release();
				context.fireChannelRead(context.alloc().buffer().writeBytes(new byte[] { 2, 0, 0, 1, (byte) 0xFB, 0 }));
				return;
			}
			context.fireChannelRead(message);
		}

	}

	/**
	 * Waits for the first bytes of the server. Only then the driver's codec is in place,
	 * behind which the guard sees messages.
	 */
	static final class Installer extends ChannelInboundHandlerAdapter {

		private final LocalInfileFolder folder;

		Installer(LocalInfileFolder folder) {
			this.folder = folder;
		}

		@Override
		public void channelRead(ChannelHandlerContext context, Object message) {
			context.pipeline()
				.addBefore(NettyPipeline.ReactiveBridge, LocalInfileGuard.class.getName(),
						new LocalInfileGuard(this.folder))
				.remove(this);
			context.fireChannelRead(message);
		}

	}

	/**
	 * The contents of a file, read away from the event loop. An error in the middle ends
	 * the connection, so that the server does not keep a part.
	 */
	private static final class Answer implements SubsequenceClientMessage {

		private final LocalInfileFolder folder;

		private final String name;

		private volatile @Nullable R2dbcException refusal;

		Answer(LocalInfileFolder folder, String name) {
			this.folder = folder;
			this.name = name;
		}

		@Override
		public boolean isCumulative() {
			return false;
		}

		@Override
		public Flux<ByteBuf> encode(ByteBufAllocator allocator, ConnectionContext context) {
			int size = Math.min(context.getLocalInfileBufferSize(), MAX_CHUNK);
			return Flux.defer(() -> chunks(allocator, size)).subscribeOn(Schedulers.boundedElastic());
		}

		private Flux<ByteBuf> chunks(ByteBufAllocator allocator, int size) {
			SeekableByteChannel opened;
			try {
				opened = this.folder.open(this.name);
			}
			catch (R2dbcException ex) {
				this.refusal = ex;
				return Flux.just(allocator.buffer(0));
			}
			return Flux.<ByteBuf, SeekableByteChannel>generate(() -> opened, (file, chunks) -> {
				read(file, allocator.buffer(size), size, chunks);
				return file;
			}, Answer::close);
		}

		// An empty packet tells the server that the file has ended.
		private static void read(SeekableByteChannel file, ByteBuf chunk, int size, SynchronousSink<ByteBuf> chunks) {
			try {
				int length = Math.max(0, file.read(chunk.nioBuffer(0, size)));
				chunks.next(chunk.writerIndex(length));
				if (length == 0) {
					chunks.complete();
				}
			}
			catch (IOException ex) {
				chunk.release();
				chunks.error(ex);
			}
		}

		private static void close(SeekableByteChannel file) {
			try {
				file.close();
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

	}

}
