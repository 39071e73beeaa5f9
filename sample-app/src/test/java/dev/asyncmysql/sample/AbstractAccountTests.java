package dev.asyncmysql.sample;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Flux;

import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.client.WebClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What accounts do over HTTP.
 */
abstract class AbstractAccountTests extends AbstractLedgerTests {

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

	// Where the rows meet a connection that is closed but not known to be, WebFlux lets
	// them be.
	@Test
	void readersThatGoAwayLeaveNoConnectionInUse() {
		IntStream.range(0, 100).forEach((i) -> open("1"));
		WebClient client = client();
		Flux.range(0, 2000)
			.flatMap((i) -> client.get()
				.uri("/accounts?size=100")
				.retrieve()
				.bodyToMono(String.class)
				.timeout(Duration.ofMillis(1 + i % 20))
				.onErrorComplete(TimeoutException.class), 40)
			.blockLast(TIMEOUT);
		Awaitility.await().untilAsserted(() -> assertThat(connectionsInUse()).isZero());
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
	void changesTheOwnerOfTheVersionThatWasRead() {
		long id = open("1").id();
		String version = version(id);
		assertThat(changeOwner(id, "Grace", version)).isEqualTo(HttpStatus.OK);
		assertThat(read(id)).isEqualTo(new Account(id, "Grace", "1.00"));
		assertThat(version(id)).isNotEqualTo(version);
	}

	@Test
	void accountThatIsKnownIsNotSentAgain() {
		long id = open("1").id();
		this.web.get().uri("/accounts/{id}", id).ifNoneMatch(version(id)).exchange().expectStatus().isNotModified();
	}

	@Test
	void transferIsAChangeToo() {
		long payer = open("10").id();
		long payee = open("10").id();
		String ofPayer = version(payer);
		String ofPayee = version(payee);
		assertThat(transfer(payer, payee, "4")).isEqualTo(HttpStatus.CREATED);
		assertThat(changeOwner(payer, "Grace", ofPayer)).isEqualTo(HttpStatus.PRECONDITION_FAILED);
		assertThat(changeOwner(payee, "Grace", ofPayee)).isEqualTo(HttpStatus.PRECONDITION_FAILED);
		assertThat(read(payer)).isEqualTo(new Account(payer, "Ada", "6.00"));
		assertThat(read(payee)).isEqualTo(new Account(payee, "Ada", "14.00"));
	}

	@RepeatedTest(5)
	void ofTwoChangesAtTheSameTimeOneWins() {
		long id = open("1").id();
		String version = version(id);
		Map<String, HttpStatusCode> answers = Flux.just("Grace", "Edsger")
			.flatMap((owner) -> requestOwnerChange(id, owner, version).map((status) -> Map.entry(owner, status)))
			.collectMap(Map.Entry::getKey, Map.Entry::getValue)
			.block(TIMEOUT);
		assertThat(answers.values()).containsExactlyInAnyOrder(HttpStatus.OK, HttpStatus.PRECONDITION_FAILED);
		assertThat(answers.get(read(id).owner())).isEqualTo(HttpStatus.OK);
	}

	private String version(long id) {
		return requestVersion(id).block(TIMEOUT);
	}

}
