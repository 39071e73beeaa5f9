package dev.asyncmysql.benchmarks.http;

import java.nio.charset.StandardCharsets;
import java.util.function.LongFunction;
import java.util.stream.Stream;

import dev.asyncmysql.benchmarks.peer.Operation;
import dev.asyncmysql.benchmarks.peer.Peer;
import dev.asyncmysql.benchmarks.peer.PeerFactory;
import dev.asyncmysql.benchmarks.workload.Task;
import dev.asyncmysql.benchmarks.workload.Transfer;
import dev.asyncmysql.benchmarks.workload.Way;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientResponse;
import reactor.netty.resources.ConnectionProvider;

/**
 * Callers of a web application that has the endpoints of the sample.
 */
public final class HttpFactory implements PeerFactory {

	/** As many as the most callers of a workload. */
	private static final int CONNECTIONS = 256;

	@Override
	public Peer open(Target target) {
		ConnectionProvider provider = ConnectionProvider.create("callers", CONNECTIONS);
		return new HttpPeer(HttpClient.create(provider)
			.host(target.host())
			.port(target.port())
			.headers((headers) -> headers.set("Content-Type", "application/json")), provider);
	}

	/**
	 * The callers.
	 */
	private record HttpPeer(HttpClient client, ConnectionProvider provider) implements Peer {

		@Override
		public Operation.@Nullable Async operation(Task task, Way way) {
			return switch (task) {
				case HTTP_READ -> async(this::read);
				case HTTP_TRANSFER -> async(this::transfer);
				default -> null;
			};
		}

		private static Operation.Async async(LongFunction<Mono<?>> work) {
			return (key, outcome) -> work.apply(key).subscribe((answer) -> outcome.succeeded(), outcome::failed);
		}

		private Mono<String> read(long key) {
			long id = key % Transfer.ACCOUNTS + 1;
			return this.client.get()
				.uri("/accounts/" + id)
				.responseSingle((response, body) -> body.asString()
					.map((json) -> expect(response, 200, json, "\"id\":" + id + ",", "\"owner\":\"", "\"balance\":")));
		}

		private Mono<String> transfer(long key) {
			Transfer transfer = Transfer.of(key);
			String request = "{\"from\":%d,\"to\":%d,\"amount\":1}".formatted(transfer.low(), transfer.high());
			return this.client.post()
				.uri("/transfers")
				.send(Mono.fromSupplier(() -> Unpooled.copiedBuffer(request, StandardCharsets.UTF_8)))
				.responseSingle((response, body) -> body.asString()
					.map((json) -> expect(response, 201, json, "\"from\":" + transfer.low() + ",",
							"\"to\":" + transfer.high() + ",", "\"amount\":1.00")));
		}

		private static String expect(HttpClientResponse response, int status, String json, String... parts) {
			if (response.status().code() != status || !Stream.of(parts).allMatch(json::contains)) {
				throw new IllegalStateException("The answer is %s: %s".formatted(response.status(), json));
			}
			return json;
		}

		@Override
		public void close() {
			this.provider.dispose();
		}

	}

}
