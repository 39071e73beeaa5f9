package dev.asyncmysql.sample;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.ConnectionFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.boot.webtestclient.autoconfigure.AutoConfigureWebTestClient;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.web.reactive.function.client.WebClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the ledger does over HTTP, on the database that a subclass brings. The tests share
 * it, so each opens accounts of its own.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "async-mysql.health.interval=0s", "async-mysql.slow-query.threshold=1s" })
@AutoConfigureWebTestClient(timeout = "20s")
abstract class AbstractLedgerTests {

	static final Duration TIMEOUT = Duration.ofSeconds(60);

	@Autowired
	WebTestClient web;

	@Autowired
	DatabaseClient databaseClient;

	@Autowired
	ConnectionFactory connectionFactory;

	@LocalServerPort
	int port;

	Account open(String balance) {
		return this.web.post()
			.uri("/accounts")
			.bodyValue(new NewAccount("Ada", balance))
			.exchange()
			.expectStatus()
			.isCreated()
			.expectBody(Account.class)
			.returnResult()
			.getResponseBody();
	}

	/**
	 * Open an account and give it many entries.
	 * @param doublings the binary logarithm of how many
	 * @return the key of the account
	 */
	long openWithEntries(int doublings) {
		long payer = open("1").id();
		long id = open("0").id();
		assertThat(transfer(payer, id, "1")).isEqualTo(HttpStatus.CREATED);
		this.databaseClient.sql("""
				INSERT INTO entry (transfer_id, account_id, amount)
				SELECT transfer_id, account_id, amount FROM entry WHERE account_id = :id""")
			.bind("id", id)
			.then()
			.repeat(doublings - 1)
			.as(StepVerifier::create)
			.expectComplete()
			.verify(TIMEOUT);
		return id;
	}

	Account read(long id) {
		return this.web.get()
			.uri("/accounts/{id}", id)
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody(Account.class)
			.returnResult()
			.getResponseBody();
	}

	List<Account> list(int page, int size) {
		return this.web.get()
			.uri("/accounts?page={page}&size={size}", page, size)
			.exchange()
			.expectStatus()
			.isOk()
			.expectBodyList(Account.class)
			.returnResult()
			.getResponseBody();
	}

	HttpStatusCode transfer(long from, long to, String amount) {
		return this.web.post()
			.uri("/transfers")
			.bodyValue(new Transfer(from, to, amount))
			.exchange()
			.returnResult(Void.class)
			.getStatus();
	}

	HttpStatusCode changeOwner(long id, String owner, String version) {
		return requestOwnerChange(id, owner, version).block(TIMEOUT);
	}

	Mono<HttpStatusCode> requestOwnerChange(long id, String owner, String version) {
		return client().patch()
			.uri("/accounts/{id}", id)
			.header(HttpHeaders.IF_MATCH, version)
			.bodyValue(Map.of("owner", owner))
			.exchangeToMono((response) -> response.releaseBody().thenReturn(response.statusCode()));
	}

	Mono<String> requestVersion(long id) {
		return client().get()
			.uri("/accounts/{id}", id)
			.exchangeToMono((response) -> response.releaseBody()
				.thenReturn(Objects.requireNonNull(response.headers().asHttpHeaders().getETag())));
	}

	List<Entry> statement(long id) {
		return this.web.get()
			.uri("/accounts/{id}/statement", id)
			.exchange()
			.expectStatus()
			.isOk()
			.expectBodyList(Entry.class)
			.returnResult()
			.getResponseBody();
	}

	Flux<Entry> statement(WebClient client, long id, MediaType type) {
		return client.get().uri("/accounts/{id}/statement", id).accept(type).retrieve().bodyToFlux(Entry.class);
	}

	WebClient client() {
		return WebClient.create("http://localhost:" + this.port);
	}

	int connectionsInUse() {
		return ((ConnectionPool) this.connectionFactory).getMetrics().orElseThrow().acquiredSize();
	}

	record NewAccount(String owner, String balance) {
	}

	record Account(long id, String owner, String balance) {
	}

	record Transfer(long from, long to, String amount) {
	}

	record Entry(long id, Long transferId, String reference, String amount) {
	}

}
