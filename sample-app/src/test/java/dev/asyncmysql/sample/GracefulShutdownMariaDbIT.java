package dev.asyncmysql.sample;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import io.r2dbc.pool.ConnectionPool;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.http.client.HttpClient;

import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.web.reactive.function.client.WebClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The end of the application while it has work to do.
 */
class GracefulShutdownMariaDbIT {

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	@Test
	void transferThatIsRunningCompletesAndNoOtherBegins() {
		ConfigurableApplicationContext application = SpringApplication.run(SampleApplication.class, "--server.port=0");
		WebClient client = WebClient.builder()
			.clientConnector(new ReactorClientHttpConnector(HttpClient.newConnection()))
			.baseUrl("http://localhost:" + application.getEnvironment().getProperty("local.server.port"))
			.build();
		assertThat(open(client).then(open(client)).block(TIMEOUT)).isEqualTo(HttpStatus.CREATED);
		Sinks.Empty<Void> release = Sinks.empty();
		CompletableFuture<?> holder = holdAllAccounts(application, release);
		ConnectionPool pool = application.getBean(ConnectionPool.class);
		Awaitility.await().until(() -> connectionsInUse(pool), (count) -> count == 1);
		CompletableFuture<HttpStatusCode> transfer = post(client, "/transfers", Map.of("from", 1, "to", 2, "amount", 1))
			.toFuture();
		Awaitility.await().until(() -> connectionsInUse(pool), (count) -> count == 2);
		CompletableFuture<Void> end = CompletableFuture.runAsync(application::close);
		Awaitility.await().untilAsserted(() -> assertThat(open(client).toFuture()).failsWithin(TIMEOUT));
		assertThat(transfer).isNotDone();
		assertThat(end).isNotDone();
		release.tryEmitEmpty();
		assertThat(transfer).succeedsWithin(TIMEOUT).isEqualTo(HttpStatus.CREATED);
		assertThat(end).succeedsWithin(TIMEOUT);
		assertThat(holder).isDone();
	}

	private static CompletableFuture<?> holdAllAccounts(ConfigurableApplicationContext application,
			Sinks.Empty<Void> release) {
		return application.getBean(DatabaseClient.class)
			.sql("SELECT id FROM account FOR UPDATE")
			.fetch()
			.all()
			.then(release.asMono())
			.as(application.getBean(TransactionalOperator.class)::transactional)
			.toFuture();
	}

	private static int connectionsInUse(ConnectionPool pool) {
		return pool.getMetrics().orElseThrow().acquiredSize();
	}

	private static Mono<HttpStatusCode> open(WebClient client) {
		return post(client, "/accounts", Map.of("owner", "Ada", "balance", 1));
	}

	private static Mono<HttpStatusCode> post(WebClient client, String path, Object body) {
		return client.post()
			.uri(path)
			.bodyValue(body)
			.exchangeToMono((response) -> response.releaseBody().thenReturn(response.statusCode()));
	}

}
