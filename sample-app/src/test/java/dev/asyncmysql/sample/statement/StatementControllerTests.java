package dev.asyncmysql.sample.statement;

import java.math.BigDecimal;
import java.time.Duration;

import dev.asyncmysql.sample.account.AccountRepository;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.mockito.BDDMockito;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webflux.test.autoconfigure.WebFluxTest;
import org.springframework.http.MediaType;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.web.reactive.server.WebTestClient;

/**
 * The statements over HTTP, without a database.
 */
@WebFluxTest(StatementController.class)
class StatementControllerTests {

	@Autowired
	private WebTestClient web;

	@MockitoBean
	private AccountRepository accounts;

	@MockitoBean
	private Statements statements;

	@BeforeEach
	void accountExists() {
		BDDMockito.given(this.accounts.existsById(7L)).willReturn(Mono.just(true));
	}

	@Test
	void entryIsSentBeforeTheNextIsThere() {
		TestPublisher<Entry> entries = TestPublisher.create();
		BDDMockito.given(this.statements.of(7, 0))
			.willReturn(entries.flux().startWith(new Entry(1, 1L, null, new BigDecimal("5.00"))));
		Flux<String> lines = this.web.get()
			.uri("/accounts/7/statement")
			.exchange()
			.expectHeader()
			.contentType(MediaType.APPLICATION_NDJSON)
			.returnResult(String.class)
			.getResponseBody();
		StepVerifier.create(lines)
			.expectNext("{\"id\":1,\"transferId\":1,\"amount\":5.00}")
			.then(() -> entries.next(new Entry(2, null, "R-1", new BigDecimal("1.00"))))
			.expectNext("{\"id\":2,\"reference\":\"R-1\",\"amount\":1.00}")
			.then(entries::complete)
			.expectComplete()
			.verify(Duration.ofSeconds(10));
	}

	@Test
	void eventsBeginAfterTheOneThatTheClientSawLast() {
		BDDMockito.given(this.statements.of(7, 41))
			.willReturn(Flux.just(new Entry(42, 1L, null, new BigDecimal("5.00"))));
		this.web.get()
			.uri("/accounts/7/statement")
			.accept(MediaType.TEXT_EVENT_STREAM)
			.header("Last-Event-ID", "41")
			.exchange()
			.expectHeader()
			.contentTypeCompatibleWith(MediaType.TEXT_EVENT_STREAM)
			.expectBody(String.class)
			.isEqualTo("""
					id:42
					data:{"id":42,"transferId":1,"amount":5.00}

					""");
	}

}
