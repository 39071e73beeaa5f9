package dev.asyncmysql.connection;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SeekableByteChannel;

import io.asyncer.r2dbc.mysql.ConnectionContext;
import io.asyncer.r2dbc.mysql.message.client.LocalInfileResponse;
import io.asyncer.r2dbc.mysql.message.client.SubsequenceClientMessage;
import io.asyncer.r2dbc.mysql.message.server.LocalInfileRequest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
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
 * they are written. A refusal fails the statement and ends the connection, and nothing is
 * sent.
 */
final class LocalInfileGuard extends ChannelDuplexHandler {

	/** The longest payload of one packet. */
	private static final int MAX_CHUNK = 0xFFFFFF - 1;

	private final LocalInfileFolder folder;

	private @Nullable String requested;

	private LocalInfileGuard(LocalInfileFolder folder) {
		this.folder = folder;
	}

	@Override
	public void channelRead(ChannelHandlerContext context, Object message) {
		if (message instanceof LocalInfileRequest request) {
			this.requested = request.getPath();
		}
		context.fireChannelRead(message);
	}

	@Override
	public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
		if (!(message instanceof LocalInfileResponse)) {
			context.write(message, promise);
			return;
		}
		String name = (this.requested != null) ? this.requested : "";
		this.requested = null;
		context.write(new Answer(this.folder, name), promise);
	}

	@Override
	public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
		context.fireExceptionCaught(cause);
		if (cause instanceof R2dbcException) {
			context.close();
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
	private record Answer(LocalInfileFolder folder, String name) implements SubsequenceClientMessage {

		@Override
		public boolean isCumulative() {
			return false;
		}

		@Override
		public Flux<ByteBuf> encode(ByteBufAllocator allocator, ConnectionContext context) {
			int size = Math.min(context.getLocalInfileBufferSize(), MAX_CHUNK);
			return Flux.<ByteBuf, SeekableByteChannel>generate(() -> this.folder.open(this.name), (file, chunks) -> {
				read(file, allocator.buffer(size), size, chunks);
				return file;
			}, Answer::close).subscribeOn(Schedulers.boundedElastic());
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
