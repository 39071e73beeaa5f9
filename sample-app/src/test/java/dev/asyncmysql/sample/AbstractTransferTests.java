package dev.asyncmysql.sample;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import dev.asyncmysql.sample.transfer.TransferService;
import dev.asyncmysql.test.RollbackOperator;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.function.Tuple2;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.web.reactive.function.client.WebClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What transfers do over HTTP.
 */
abstract class AbstractTransferTests extends AbstractLedgerTests {

	@Autowired
	private TransferService transfers;

	@Autowired
	private ReactiveTransactionManager transactionManager;

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

	@Test
	void transferTakesPartInTheTransactionOfItsCaller() {
		long from = open("100").id();
		long to = open("0").id();
		Flux<BigDecimal> balances = this.databaseClient.sql("SELECT balance FROM account WHERE id >= :from ORDER BY id")
			.bind("from", from)
			.mapValue(BigDecimal.class)
			.all();
		this.transfers.execute(new dev.asyncmysql.sample.transfer.Transfer(null, from, to, new BigDecimal("30.00")))
			.thenMany(balances)
			.as(RollbackOperator.create(this.transactionManager)::flux)
			.as(StepVerifier::create)
			.expectNext(new BigDecimal("70.00"), new BigDecimal("30.00"))
			.expectComplete()
			.verify(TIMEOUT);
		assertThat(read(from).balance()).isEqualTo("100.00");
		assertThat(read(to).balance()).isEqualTo("0.00");
		assertThat(statement(from)).isEmpty();
		assertThat(statement(to)).isEmpty();
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
	void transferThatTheAccountHasNoRoomForIsRefused() {
		long from = open("10").id();
		long to = open("0").id();
		this.databaseClient.sql("UPDATE account SET balance = 99999999999999999.00 WHERE id = :id")
			.bind("id", to)
			.then()
			.block(TIMEOUT);
		this.web.post()
			.uri("/transfers")
			.bodyValue(new Transfer(from, to, "5"))
			.exchange()
			.expectStatus()
			.isEqualTo(HttpStatus.UNPROCESSABLE_CONTENT)
			.expectHeader()
			.contentType(MediaType.APPLICATION_PROBLEM_JSON)
			.expectBody()
			.jsonPath("$.type")
			.isEqualTo("urn:problem-type:out-of-range");
		assertThat(read(from).balance()).isEqualTo("10.00");
		assertThat(read(to).balance()).isEqualTo("99999999999999999.00");
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
	void transfersThatLoseADeadlockAreExecutedAgain() {
		List<Long> accounts = Stream.generate(() -> open("1000").id()).limit(5).toList();
		List<Long> others = Stream.generate(() -> open("0").id()).limit(10).toList();
		double before = retries();
		Random random = new Random(42);
		WebClient client = client();
		Flux<HttpStatusCode> answers = Flux.range(0, 200).map((i) -> {
			int from = random.nextInt(5);
			int to = (from + 1 + random.nextInt(4)) % 5;
			return new Transfer(accounts.get(from), accounts.get(to), "1");
		})
			.flatMap((transfer) -> client.post()
				.uri("/transfers")
				.bodyValue(transfer)
				.exchangeToMono((response) -> response.releaseBody().thenReturn(response.statusCode())), 200);
		lockInTheOtherOrder(accounts.get(0), accounts.get(4), others, answers.collectList()).as(StepVerifier::create)
			.assertNext((statuses) -> assertThat(statuses).hasSize(200).containsOnly(HttpStatus.CREATED))
			.expectComplete()
			.verify(TIMEOUT);
		assertThat(accounts.stream().map((id) -> new BigDecimal(read(id).balance())).reduce(BigDecimal::add))
			.contains(new BigDecimal("5000.00"));
		assertThat(retries()).isGreaterThan(before);
	}

	// Whoever has the one waits for the other by the time that this one does so, and has
	// written less, so that the server lets this one live.
	private <T> Mono<T> lockInTheOtherOrder(long low, long high, List<Long> others, Mono<T> meanwhile) {
		return Mono.usingWhen(this.connectionFactory.create(),
				(connection) -> Mono.from(connection.beginTransaction())
					.thenMany(Flux.fromIterable(others))
					.concatWithValues(high)
					.concatMap((id) -> touch(connection, id))
					.then(Mono.zip(meanwhile,
							Mono.delay(Duration.ofMillis(500))
								.then(touch(connection, low))
								.then(Mono.from(connection.rollbackTransaction()))
								.thenReturn(true)))
					.map(Tuple2::getT1),
				Connection::close);
	}

	private static Mono<Long> touch(Connection connection, long id) {
		return Flux
			.from(connection.createStatement("UPDATE account SET version = version + 1 WHERE id = " + id).execute())
			.concatMap(Result::getRowsUpdated)
			.single();
	}

	private double retries() {
		return this.web.get()
			.uri("/actuator/metrics/asyncmysql.transactions.retries?tag=outcome:retried")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody(Metric.class)
			.returnResult()
			.getResponseBody()
			.measurements()
			.get(0)
			.value();
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

	/**
	 * Among the transfers are some that one side can only refuse after the other has been
	 * written, so that real work is rolled back amid the rest. All the while the owners
	 * change, and with each the whole row is written.
	 */
	@Test
	void manyTransfersAtTheSameTimeKeepTheSumOfAllBalances() {
		List<Long> accounts = Stream.generate(() -> open("100").id()).limit(10).toList();
		WebClient client = client();
		Random random = new Random(42);
		AtomicBoolean transferring = new AtomicBoolean(true);
		Mono<Map<HttpStatusCode, Long>> transfers = Flux.range(0, 300)
			.map((i) -> anyTransfer(accounts, random))
			.flatMap((transfer) -> client.post()
				.uri("/transfers")
				.bodyValue(transfer)
				.exchangeToMono((response) -> response.releaseBody().thenReturn(response.statusCode())), 100)
			.collect(Collectors.groupingBy((status) -> status, Collectors.counting()))
			.doFinally((signal) -> transferring.set(false));
		Mono<Set<HttpStatusCode>> changes = Flux.fromIterable(accounts)
			.concatMap((id) -> requestVersion(id).flatMap((version) -> requestOwnerChange(id, "Grace", version)))
			.repeat(transferring::get)
			.collect(Collectors.toSet());
		Tuple2<Map<HttpStatusCode, Long>, Set<HttpStatusCode>> both = Mono.zip(transfers, changes).block(TIMEOUT);
		Map<HttpStatusCode, Long> answers = both.getT1();
		assertThat(both.getT2()).contains(HttpStatus.OK).isSubsetOf(HttpStatus.OK, HttpStatus.PRECONDITION_FAILED);
		assertThat(answers).containsOnlyKeys(HttpStatus.CREATED, HttpStatus.CONFLICT, HttpStatus.NOT_FOUND);
		List<BigDecimal> balances = accounts.stream().map((id) -> new BigDecimal(read(id).balance())).toList();
		assertThat(balances.stream().reduce(BigDecimal::add)).hasValue(new BigDecimal("1000.00"));
		List<List<Entry>> statements = accounts.stream().map(this::statement).toList();
		assertThat(statements).extracting((entries) -> sum(entries).add(new BigDecimal("100"))).isEqualTo(balances);
		assertThat(statements.stream().mapToInt(List::size).sum())
			.isEqualTo(2 * answers.get(HttpStatus.CREATED).intValue());
		assertThat(connectionsInUse()).isZero();
	}

	private static Transfer anyTransfer(List<Long> accounts, Random random) {
		List<Long> pair = new ArrayList<>(accounts);
		Collections.shuffle(pair, random);
		long to = (random.nextInt(10) == 0) ? Long.MAX_VALUE : pair.get(1);
		return new Transfer(pair.get(0), to, BigDecimal.valueOf(1 + random.nextInt(10_000), 2).toString());
	}

	private static BigDecimal sum(List<Entry> entries) {
		return entries.stream().map((entry) -> new BigDecimal(entry.amount())).reduce(BigDecimal.ZERO, BigDecimal::add);
	}

	private record Metric(List<Measurement> measurements) {

		private record Measurement(double value) {
		}

	}

}
