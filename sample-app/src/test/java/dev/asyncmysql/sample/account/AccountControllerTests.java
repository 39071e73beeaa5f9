package dev.asyncmysql.sample.account;

import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mockito.BDDMockito;
import org.mockito.Mockito;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webflux.test.autoconfigure.WebFluxTest;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.test.web.reactive.server.WebTestClient.ResponseSpec;

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
	void changeWithoutAVersionIsAProblem() {
		change("""
				{"owner": "Grace"}""", null).expectStatus()
			.isEqualTo(HttpStatus.PRECONDITION_REQUIRED)
			.expectHeader()
			.contentType(MediaType.APPLICATION_PROBLEM_JSON)
			.expectBody()
			.jsonPath("$.type")
			.isEqualTo("urn:problem-type:version-required");
		BDDMockito.then(this.accounts).shouldHaveNoInteractions();
	}

	@Test
	void changeOfAnUnknownAccountIsAProblem() {
		BDDMockito.given(this.accounts.findById(7L)).willReturn(Mono.empty());
		change("""
				{"owner": "Grace"}""", "\"0\"").expectStatus()
			.isNotFound()
			.expectBody()
			.jsonPath("$.type")
			.isEqualTo("urn:problem-type:unknown-account");
	}

	@ParameterizedTest
	@ValueSource(strings = { "{}", "{\"owner\": \" \"}" })
	void invalidChangeIsAProblemWithItsFields(String body) {
		change(body, "\"0\"").expectStatus()
			.isBadRequest()
			.expectBody()
			.jsonPath("$.errors[0].field")
			.isEqualTo("owner");
	}

	@Test
	void changeThatWasOvertakenIsAProblem() {
		BDDMockito.given(this.accounts.findById(7L)).willReturn(Mono.just(new Account(7L, 0L, "Ada", BigDecimal.ONE)));
		BDDMockito.given(this.accounts.save(new Account(7L, 0L, "Grace", BigDecimal.ONE)))
			.willReturn(Mono.error(new OptimisticLockingFailureException("overtaken")));
		change("""
				{"owner": "Grace"}""", "\"0\"").expectStatus()
			.isEqualTo(HttpStatus.PRECONDITION_FAILED)
			.expectHeader()
			.contentType(MediaType.APPLICATION_PROBLEM_JSON)
			.expectBody()
			.jsonPath("$.type")
			.isEqualTo("urn:problem-type:account-changed");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
			*               | 200
			"0"             | 200
			"0", "9"        | 200
			"9", W/"1", "0" | 200
			"9", "10"       | 412
			W/"0"           | 412
			W/"0", "9"      | 412
			0               | 412
			""")
	void changeIsMadeToTheVersionsThatAreNamed(String versions, int status) {
		Account changed = new Account(7L, 0L, "Grace", BigDecimal.ONE);
		BDDMockito.given(this.accounts.findById(7L)).willReturn(Mono.just(new Account(7L, 0L, "Ada", BigDecimal.ONE)));
		BDDMockito.given(this.accounts.save(changed)).willReturn(Mono.just(changed));
		change("""
				{"owner": "Grace"}""", versions).expectStatus().isEqualTo(status);
		BDDMockito.then(this.accounts).should(Mockito.times((status == 200) ? 1 : 0)).save(changed);
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

	private ResponseSpec change(String body, @Nullable String version) {
		return this.web.patch()
			.uri("/accounts/7")
			.contentType(MediaType.APPLICATION_JSON)
			.headers((headers) -> Optional.ofNullable(version)
				.ifPresent((value) -> headers.set(HttpHeaders.IF_MATCH, value)))
			.bodyValue(body)
			.exchange();
	}

}
