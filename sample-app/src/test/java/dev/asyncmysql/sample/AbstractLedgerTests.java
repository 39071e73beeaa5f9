package dev.asyncmysql.sample;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.ConnectionFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.boot.webtestclient.autoconfigure.AutoConfigureWebTestClient;
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
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@AutoConfigureWebTestClient(timeout = "20s")
abstract class AbstractLedgerTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	@Autowired
	private WebTestClient web;

	@Autowired
	private DatabaseClient databaseClient;

	@Autowired
	private ConnectionFactory connectionFactory;

	@LocalServerPort
	private int port;

	@Test
	void healthIsUp() {
		this.web.get()
			.uri("/actuator/health")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody()
			.jsonPath("$.status")
			.isEqualTo("UP")
			.jsonPath("$.components.r2dbc.status")
			.isEqualTo("UP");
	}

	@Test
	void opensAnAccountAndReadsIt() {
		Account account = open("100.5");
		assertThat(account.balance()).isEqualTo("100.50");
		assertThat(read(account.id())).isEqualTo(account);
	}

	@Test
	void saysWhereTheNewAccountIs() {
		this.web.post()
			.uri("/accounts")
			.contentType(MediaType.APPLICATION_JSON)
			.bodyValue("""
					{"owner":"Ada","balance":1}""")
			.exchange()
			.expectStatus()
			.isCreated()
			.expectHeader()
			.valueMatches("Location", "/accounts/\\d+");
	}

	@Test
	void pagesAreStableAndInOrder() {
		IntStream.range(0, 5).forEach((i) -> open("1"));
		List<Account> both = list(0, 4);
		assertThat(both).hasSize(4).isSortedAccordingTo((a, b) -> Long.compare(a.id(), b.id()));
		assertThat(list(0, 2)).isEqualTo(both.subList(0, 2));
		assertThat(list(1, 2)).isEqualTo(both.subList(2, 4));
		assertThat(list(1_000_000, 100)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({ "0, 0, size", "0, 101, size", "-1, 20, page" })
	void pagesAreBounded(int page, int size, String field) {
		this.web.get()
			.uri("/accounts?page={page}&size={size}", page, size)
			.exchange()
			.expectStatus()
			.isBadRequest()
			.expectHeader()
			.contentType(MediaType.APPLICATION_PROBLEM_JSON)
			.expectBody()
			.jsonPath("$.errors.length()")
			.isEqualTo(1)
			.jsonPath("$.errors[0].field")
			.isEqualTo(field);
	}

	@Test
	void transferMovesMoneyAndWritesBothEntries() {
		long from = open("100").id();
		long to = open("0").id();
		this.web.post()
			.uri("/transfers")
			.bodyValue(new Transfer(from, to, "30"))
			.exchange()
			.expectStatus()
			.isCreated()
			.expectBody()
			.jsonPath("$.id")
			.isNumber()
			.jsonPath("$.from")
			.isEqualTo(from)
			.jsonPath("$.to")
			.isEqualTo(to);
		assertThat(read(from).balance()).isEqualTo("70.00");
		assertThat(read(to).balance()).isEqualTo("30.00");
		List<Entry> debits = statement(from);
		List<Entry> credits = statement(to);
		assertThat(debits).extracting(Entry::amount).containsExactly("-30.00");
		assertThat(credits).extracting(Entry::amount).containsExactly("30.00");
		assertThat(credits.get(0).transferId()).isEqualTo(debits.get(0).transferId());
	}

	@ParameterizedTest(name = "the payer is the older account: {0}")
	@ValueSource(booleans = { true, false })
	void overdraftRollsBackBothSides(boolean payerIsOlder) {
		long older = open("10").id();
		long younger = open("10").id();
		long from = payerIsOlder ? older : younger;
		long to = payerIsOlder ? younger : older;
		assertThat(transfer(from, to, "10.01")).isEqualTo(HttpStatus.CONFLICT);
		assertThat(read(from).balance()).isEqualTo("10.00");
		assertThat(read(to).balance()).isEqualTo("10.00");
		assertThat(statement(from)).isEmpty();
		assertThat(statement(to)).isEmpty();
	}

	@ParameterizedTest(name = "the known account pays: {0}")
	@ValueSource(booleans = { true, false })
	void transferWithAnUnknownAccountChangesNothing(boolean knownPays) {
		long known = open("10").id();
		long unknown = Long.MAX_VALUE;
		assertThat(knownPays ? transfer(known, unknown, "1") : transfer(unknown, known, "1"))
			.isEqualTo(HttpStatus.NOT_FOUND);
		assertThat(read(known).balance()).isEqualTo("10.00");
		assertThat(statement(known)).isEmpty();
	}

	@Test
	void transferToTheSameAccountIsRefused() {
		long id = open("10").id();
		assertThat(transfer(id, id, "1")).isEqualTo(HttpStatus.BAD_REQUEST);
		assertThat(read(id).balance()).isEqualTo("10.00");
	}

	@Test
	void invalidTransferSaysWhichFieldsAreWrong() {
		this.web.post()
			.uri("/transfers")
			.contentType(MediaType.APPLICATION_JSON)
			.bodyValue("""
					{"from":1,"amount":-1.001}""")
			.exchange()
			.expectStatus()
			.isBadRequest()
			.expectHeader()
			.contentType(MediaType.APPLICATION_PROBLEM_JSON)
			.expectBody()
			.jsonPath("$.type")
			.isEqualTo("urn:problem-type:invalid-request")
			.jsonPath("$.instance")
			.isEqualTo("/transfers")
			.jsonPath("$.errors[*].field")
			.isEqualTo(List.of("amount", "amount", "to"));
	}

	@Test
	void oppositeTransfersAtTheSameTimeAllSucceed() {
		long first = open("1000").id();
		long second = open("1000").id();
		WebClient client = client();
		Flux.range(0, 50)
			.map((i) -> (i % 2 == 0) ? new Transfer(first, second, "2") : new Transfer(second, first, "3"))
			.flatMap((transfer) -> client.post()
				.uri("/transfers")
				.bodyValue(transfer)
				.exchangeToMono((response) -> response.releaseBody().thenReturn(response.statusCode())), 50)
			.collectList()
			.as(StepVerifier::create)
			.assertNext((answers) -> assertThat(answers).hasSize(50).containsOnly(HttpStatus.CREATED))
			.expectComplete()
			.verify(TIMEOUT);
		assertThat(read(first).balance()).isEqualTo("1025.00");
		assertThat(read(second).balance()).isEqualTo("975.00");
		assertThat(statement(first)).hasSize(50);
		assertThat(statement(second)).hasSize(50);
	}

	@Test
	void statementIsInOrderOneEntryPerLine() {
		long from = open("100").id();
		long to = open("0").id();
		IntStream.rangeClosed(1, 3).forEach((i) -> transfer(from, to, Integer.toString(i)));
		String body = this.web.get()
			.uri("/accounts/{id}/statement", to)
			.exchange()
			.expectStatus()
			.isOk()
			.expectHeader()
			.contentType(MediaType.APPLICATION_NDJSON)
			.expectBody(String.class)
			.returnResult()
			.getResponseBody();
		assertThat(body).matches("""
				\\{"id":\\d+,"transferId":\\d+,"amount":1.00}
				\\{"id":\\d+,"transferId":\\d+,"amount":2.00}
				\\{"id":\\d+,"transferId":\\d+,"amount":3.00}
				""");
	}

	@Test
	void statementOfAnUnknownAccountIsAProblem() {
		this.web.get()
			.uri("/accounts/{id}/statement", Long.MAX_VALUE)
			.accept(MediaType.APPLICATION_NDJSON)
			.exchange()
			.expectStatus()
			.isNotFound()
			.expectHeader()
			.contentType(MediaType.APPLICATION_PROBLEM_JSON);
	}

	@Test
	void longStatementArrivesWholeAndInOrder() {
		long id = openWithEntries(13);
		statement(client(), id).limitRate(100)
			.map(Entry::id)
			.collectList()
			.as(StepVerifier::create)
			.assertNext((ids) -> assertThat(ids).hasSize(1 << 13).doesNotHaveDuplicates().isSorted())
			.expectComplete()
			.verify(TIMEOUT);
	}

	/**
	 * More entries than the network buffers on the way can hold: as long as the client
	 * takes no more, the query cannot end. It ends when the client leaves.
	 */
	@Test
	void statementIsReadOnlyAsFastAsItIsTaken() {
		long id = openWithEntries(17);
		StepVerifier.create(statement(client(), id), 1)
			.expectNextCount(1)
			.then(() -> Awaitility.await()
				.during(Duration.ofMillis(500))
				.untilAsserted(() -> assertThat(connectionsInUse()).isOne()))
			.thenCancel()
			.verify(TIMEOUT);
		Awaitility.await().untilAsserted(() -> assertThat(connectionsInUse()).isZero());
	}

	private Account open(String balance) {
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
	private long openWithEntries(int doublings) {
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

	private Account read(long id) {
		return this.web.get()
			.uri("/accounts/{id}", id)
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody(Account.class)
			.returnResult()
			.getResponseBody();
	}

	private List<Account> list(int page, int size) {
		return this.web.get()
			.uri("/accounts?page={page}&size={size}", page, size)
			.exchange()
			.expectStatus()
			.isOk()
			.expectBodyList(Account.class)
			.returnResult()
			.getResponseBody();
	}

	private HttpStatusCode transfer(long from, long to, String amount) {
		return this.web.post()
			.uri("/transfers")
			.bodyValue(new Transfer(from, to, amount))
			.exchange()
			.returnResult(Void.class)
			.getStatus();
	}

	private List<Entry> statement(long id) {
		return this.web.get()
			.uri("/accounts/{id}/statement", id)
			.exchange()
			.expectStatus()
			.isOk()
			.expectBodyList(Entry.class)
			.returnResult()
			.getResponseBody();
	}

	private Flux<Entry> statement(WebClient client, long id) {
		return client.get().uri("/accounts/{id}/statement", id).retrieve().bodyToFlux(Entry.class);
	}

	private WebClient client() {
		return WebClient.create("http://localhost:" + this.port);
	}

	private int connectionsInUse() {
		return ((ConnectionPool) this.connectionFactory).getMetrics().orElseThrow().acquiredSize();
	}

	record NewAccount(String owner, String balance) {
	}

	record Account(long id, String owner, String balance) {
	}

	record Transfer(long from, long to, String amount) {
	}

	record Entry(long id, long transferId, String amount) {
	}

}
