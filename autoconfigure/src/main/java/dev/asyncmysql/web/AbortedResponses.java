package dev.asyncmysql.web;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.ZeroCopyHttpOutputMessage;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;

/**
 * Cancels what a response is made of once the response has ended. WebFlux asks for the
 * first element before it begins to write; where the client has gone by then, the write
 * fails and nobody cancels the rest ({@code ChannelSendOperator} of Spring Framework
 * 7.0.8): rows of a query would keep their connection, and a transaction its locks, for
 * ever. A response of one element is not affected, and is passed on as it is.
 */
public final class AbortedResponses implements HttpHandlerDecoratorFactory {

	@Override
	public HttpHandler apply(HttpHandler handler) {
		return (request, response) -> handler.handle(request, decorate(response));
	}

	// A file goes from the disk to the network without a copy only where the type says
	// so.
	private static ServerHttpResponse decorate(ServerHttpResponse response) {
		return (response instanceof ZeroCopyHttpOutputMessage zeroCopy) ? new ZeroCopyResponse(response, zeroCopy)
				: new Response(response);
	}

	/**
	 * A response that does not outlive its body, nor the other way round.
	 */
	private static class Response extends ServerHttpResponseDecorator {

		Response(ServerHttpResponse delegate) {
			super(delegate);
		}

		@Override
		public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
			return write(body, super::writeWith);
		}

		@Override
		public Mono<Void> writeAndFlushWith(Publisher<? extends Publisher<? extends DataBuffer>> body) {
			return write(body, super::writeAndFlushWith);
		}

		private static <T> Mono<Void> write(Publisher<T> body, Function<Publisher<T>, Mono<Void>> writer) {
			if (body instanceof Mono) {
				return writer.apply(body);
			}
			// Who watches for a cancel is not to hear of one that comes too late, or
			// twice.
			AtomicReference<@Nullable Subscription> open = new AtomicReference<>();
			Flux<T> source = Flux.from(body)
				.doOnSubscribe(open::set)
				.doOnTerminate(() -> open.set(null))
				.doOnCancel(() -> open.set(null));
			return writer.apply(source).doFinally((signal) -> {
				Subscription left = open.get();
				if (left != null) {
					left.cancel();
				}
			});
		}

	}

	/**
	 * A response that can send a file as it is.
	 */
	private static final class ZeroCopyResponse extends Response implements ZeroCopyHttpOutputMessage {

		private final ZeroCopyHttpOutputMessage zeroCopy;

		ZeroCopyResponse(ServerHttpResponse delegate, ZeroCopyHttpOutputMessage zeroCopy) {
			super(delegate);
			this.zeroCopy = zeroCopy;
		}

		@Override
		public Mono<Void> writeWith(Path file, long position, long count) {
			return this.zeroCopy.writeWith(file, position, count);
		}

	}

}
