package dev.asyncmysql.web;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Function;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.publisher.PublisherProbe;
import reactor.test.publisher.TestPublisher;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.ZeroCopyHttpOutputMessage;
import org.springframework.http.server.reactive.AbstractServerHttpResponse;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What becomes of the source of a response whose client has gone.
 */
class AbortedResponsesTests {

	private static final DefaultDataBufferFactory BUFFERS = DefaultDataBufferFactory.sharedInstance;

	/**
	 * Where this fails, Spring cancels the source by itself, and this project's part can
	 * go.
	 */
	@ParameterizedTest
	@EnumSource
	void springLeavesTheSourceOpen(Writing writing) {
		TestPublisher<DataBuffer> rows = TestPublisher.create();
		StepVerifier.create(writing.write(new GoneResponse(), rows.flux()))
			.then(() -> rows.next(buffer("first")))
			.expectError(IOException.class)
			.verify();
		rows.assertNotCancelled();
		rows.assertSubscribers(1);
	}

	@ParameterizedTest
	@EnumSource
	void theSourceOfAnAbortedResponseIsCancelled(Writing writing) {
		TestPublisher<DataBuffer> rows = TestPublisher.create();
		StepVerifier.create(handle(new GoneResponse(), (response) -> writing.write(response, rows.flux())))
			.then(() -> rows.next(buffer("first")))
			.expectError(IOException.class)
			.verify();
		rows.assertCancelled();
		rows.assertNoSubscribers();
	}

	@ParameterizedTest
	@EnumSource
	void aWholeResponseIsWrittenAsItIs(Writing writing) {
		MockServerHttpResponse response = new MockServerHttpResponse();
		StepVerifier
			.create(handle(response, (decorated) -> writing.write(decorated, Flux.just(buffer("one "), buffer("two")))))
			.expectComplete()
			.verify();
		StepVerifier.create(response.getBodyAsString()).expectNext("one two").expectComplete().verify();
	}

	@Test
	void aClientThatGoesAmidTheResponseCancelsIt() {
		PublisherProbe<DataBuffer> rows = PublisherProbe.of(Flux.<DataBuffer>never().startWith(buffer("first")));
		StepVerifier.create(handle(new MockServerHttpResponse(), (response) -> response.writeWith(rows.flux())))
			.thenCancel()
			.verify();
		rows.assertWasCancelled();
	}

	@Test
	void aCancelIsHeardOfOnceAndNotAfterTheEnd() {
		AtomicInteger cancels = new AtomicInteger();
		Flux<DataBuffer> whole = Flux.just(buffer("one "), buffer("two")).doOnCancel(cancels::incrementAndGet);
		StepVerifier.create(handle(new MockServerHttpResponse(), (response) -> response.writeWith(whole)))
			.expectComplete()
			.verify();
		assertThat(cancels).as("after the end").hasValue(0);
		Flux<DataBuffer> failing = Flux.just(buffer("one "))
			.concatWith(Mono.error(new IllegalStateException("refused")))
			.doOnCancel(cancels::incrementAndGet);
		StepVerifier.create(handle(new MockServerHttpResponse(), (response) -> response.writeWith(failing)))
			.expectError(IllegalStateException.class)
			.verify();
		assertThat(cancels).as("after an error").hasValue(0);
		Flux<DataBuffer> endless = Flux.<DataBuffer>never()
			.startWith(buffer("first"))
			.doOnCancel(cancels::incrementAndGet);
		StepVerifier.create(handle(new MockServerHttpResponse(), (response) -> response.writeWith(endless)))
			.thenCancel()
			.verify();
		assertThat(cancels).as("amid the response").hasValue(1);
		StepVerifier.create(handle(new GoneResponse(), (response) -> response.writeWith(endless)))
			.expectError(IOException.class)
			.verify();
		assertThat(cancels).as("of an aborted response").hasValue(2);
	}

	@Test
	void aResponseOfOneElementIsPassedOn() {
		Mono<DataBuffer> one = Mono.just(buffer("one"));
		MockServerHttpResponse response = new MockServerHttpResponse();
		ServerHttpResponse watched = new ServerHttpResponseDecorator(response) {

			@Override
			public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
				assertThat(body).isSameAs(one);
				return super.writeWith(body);
			}

		};
		StepVerifier.create(handle(watched, (decorated) -> decorated.writeWith(one))).expectComplete().verify();
		StepVerifier.create(response.getBodyAsString()).expectNext("one").expectComplete().verify();
	}

	@Test
	void aFileIsStillSentWithoutACopy() {
		ZeroCopyResponse response = new ZeroCopyResponse();
		Path file = Path.of("file");
		StepVerifier.create(handle(response, (decorated) -> {
			assertThat(decorated).isInstanceOf(ZeroCopyHttpOutputMessage.class);
			return ((ZeroCopyHttpOutputMessage) decorated).writeWith(file, 3, 5);
		})).expectComplete().verify();
		assertThat(response.sent).isEqualTo(List.of(file, 3L, 5L));
		StepVerifier.create(handle(new MockServerHttpResponse(), (decorated) -> {
			assertThat(decorated).isNotInstanceOf(ZeroCopyHttpOutputMessage.class);
			return Mono.empty();
		})).expectComplete().verify();
	}

	private static Mono<Void> handle(ServerHttpResponse response, Function<ServerHttpResponse, Mono<Void>> writer) {
		HttpHandler handler = new AbortedResponses().apply((request, decorated) -> writer.apply(decorated));
		return handler.handle(MockServerHttpRequest.get("/").build(), response);
	}

	private static DataBuffer buffer(String text) {
		return BUFFERS.wrap(text.getBytes());
	}

	/**
	 * How a response is written.
	 */
	enum Writing {

		AT_ONCE(ServerHttpResponse::writeWith),

		FLUSHED((response, body) -> response.writeAndFlushWith(body.map(Flux::just)));

		private final BiFunction<ServerHttpResponse, Flux<DataBuffer>, Mono<Void>> writer;

		Writing(BiFunction<ServerHttpResponse, Flux<DataBuffer>, Mono<Void>> writer) {
			this.writer = writer;
		}

		Mono<Void> write(ServerHttpResponse response, Flux<DataBuffer> body) {
			return this.writer.apply(response, body);
		}

	}

	/**
	 * A response whose connection is closed when it is to be written, as Reactor Netty
	 * answers then.
	 */
	private static class GoneResponse extends AbstractServerHttpResponse {

		GoneResponse() {
			super(BUFFERS, new HttpHeaders());
		}

		@Override
		@SuppressWarnings("unchecked")
		public <T> T getNativeResponse() {
			return (T) this;
		}

		@Override
		protected Mono<Void> writeWithInternal(Publisher<? extends DataBuffer> body) {
			return Mono.error(new IOException("Connection has been closed BEFORE send operation"));
		}

		@Override
		protected Mono<Void> writeAndFlushWithInternal(Publisher<? extends Publisher<? extends DataBuffer>> body) {
			return Mono.error(new IOException("Connection has been closed BEFORE send operation"));
		}

		@Override
		protected void applyStatusCode() {
		}

		@Override
		protected void applyHeaders() {
		}

		@Override
		protected void applyCookies() {
		}

	}

	/**
	 * A response that takes files.
	 */
	private static final class ZeroCopyResponse extends GoneResponse implements ZeroCopyHttpOutputMessage {

		private List<Object> sent = List.of();

		@Override
		public Mono<Void> writeWith(Path file, long position, long count) {
			this.sent = List.of(file, position, count);
			return Mono.empty();
		}

	}

}
