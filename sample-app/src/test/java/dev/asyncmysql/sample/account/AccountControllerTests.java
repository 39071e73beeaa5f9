package dev.asyncmysql.sample.account;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mockito.BDDMockito;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webflux.test.autoconfigure.WebFluxTest;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.web.reactive.server.WebTestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The accounts over HTTP, without a database.
 */
@WebFluxTest(AccountController.class)
class AccountControllerTests {

	@Autowired
	private WebTestClient web;

	@MockitoBean
	private AccountRepository accounts;

	@MockitoBean
	private Statements statements;

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			{"owner": " ", "balance": 1}      | owner
			{"balance": 1}                    | owner
			{"owner": "Ada"}                  | balance
			{"owner": "Ada", "balance": -1}   | balance
			{"owner": "Ada", "balance": 0.001} | balance
			{"owner": "Ada", "balance": 1e12} | balance
			{}                                | balance owner
			""")
	void invalidAccountIsAProblemWithItsFields(String body, String fields) {
		this.web.post()
			.uri("/accounts")
			.contentType(MediaType.APPLICATION_JSON)
			.bodyValue(body)
			.exchange()
			.expectStatus()
			.isBadRequest()
			.expectHeader()
			.contentType(MediaType.APPLICATION_PROBLEM_JSON)
			.expectBody()
			.jsonPath("$.type")
			.isEqualTo("urn:problem-type:invalid-request")
			.jsonPath("$.title")
			.isEqualTo("Invalid request")
			.jsonPath("$.detail")
			.isNotEmpty()
			.jsonPath("$.status")
			.isEqualTo(400)
			.jsonPath("$.errors[*].field")
			.isEqualTo(List.of(fields.split(" ")))
			.jsonPath("$.errors[0].message")
			.isNotEmpty();
		BDDMockito.then(this.accounts).shouldHaveNoInteractions();
	}

	@Test
	void unreadableBodyIsAProblem() {
		this.web.post()
			.uri("/accounts")
			.contentType(MediaType.APPLICATION_JSON)
			.bodyValue("{")
			.exchange()
			.expectStatus()
			.isBadRequest()
			.expectHeader()
			.contentType(MediaType.APPLICATION_PROBLEM_JSON);
	}

	@Test
	void unknownAccountIsAProblem() {
		BDDMockito.given(this.accounts.findById(7L)).willReturn(Mono.empty());
		this.web.get()
			.uri("/accounts/7")
			.exchange()
			.expectStatus()
			.isNotFound()
			.expectHeader()
			.contentType(MediaType.APPLICATION_PROBLEM_JSON)
			.expectBody()
			.json("""
					{
					  "type": "urn:problem-type:unknown-account",
					  "title": "Unknown account",
					  "status": 404,
					  "detail": "There is no account 7.",
					  "instance": "/accounts/7"
					}""");
	}

	@Test
	void databaseThatDoesNotAnswerIsAProblemWithoutItsCause() {
		BDDMockito.given(this.accounts.findById(7L))
			.willReturn(Mono.error(new DataAccessResourceFailureException("secret")));
		this.web.get()
			.uri("/accounts/7")
			.exchange()
			.expectStatus()
			.isEqualTo(HttpStatus.SERVICE_UNAVAILABLE)
			.expectHeader()
			.contentType(MediaType.APPLICATION_PROBLEM_JSON)
			.expectBody(String.class)
			.value((body) -> assertThat(body).doesNotContain("secret", "Exception"));
	}

	@Test
	void entryIsSentBeforeTheNextIsThere() {
		TestPublisher<Entry> entries = TestPublisher.create();
		BDDMockito.given(this.accounts.findById(7L)).willReturn(Mono.just(new Account(7L, "Ada", BigDecimal.ONE)));
		BDDMockito.given(this.statements.of(7))
			.willReturn(entries.flux().startWith(new Entry(1, 1, new BigDecimal("5.00"))));
		Flux<String> lines = this.web.get()
			.uri("/accounts/7/statement")
			.exchange()
			.expectHeader()
			.contentType(MediaType.APPLICATION_NDJSON)
			.returnResult(String.class)
			.getResponseBody();
		StepVerifier.create(lines)
			.expectNext("{\"id\":1,\"transferId\":1,\"amount\":5.00}")
			.then(() -> entries.next(new Entry(2, 2, new BigDecimal("-1.00"))))
			.expectNext("{\"id\":2,\"transferId\":2,\"amount\":-1.00}")
			.then(entries::complete)
			.expectComplete()
			.verify(Duration.ofSeconds(10));
	}

}
