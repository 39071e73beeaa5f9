package dev.asyncmysql.sample.transfer;

import java.math.BigDecimal;
import java.util.List;
import java.util.concurrent.TimeoutException;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mockito.BDDMockito;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.webflux.test.autoconfigure.WebFluxTest;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.transaction.CannotCreateTransactionException;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The transfers over HTTP, without a database.
 */
@WebFluxTest(TransferController.class)
class TransferControllerTests {

	private static final Transfer transfer = new Transfer(null, 1, 2, new BigDecimal("5.00"));

	private static final String body = """
			{"from": 1, "to": 2, "amount": 5}""";

	@Autowired
	private WebTestClient web;

	@MockitoBean
	private TransferService transfers;

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			{"to": 2, "amount": 1}                | from
			{"from": 1, "amount": 1}              | to
			{"from": 1, "to": 2}                  | amount
			{"from": 1, "to": 2, "amount": 0}     | amount
			{"from": 1, "to": 2, "amount": -1}    | amount
			{"from": 1, "to": 2, "amount": 1.001} | amount
			{"from": 1, "to": 2, "amount": 1e12}  | amount
			{"from": 1, "to": 1, "amount": 1}     | betweenTwoAccounts
			""")
	void invalidTransferIsAProblemWithItsFields(String body, String fields) {
		post(body).expectStatus()
			.isBadRequest()
			.expectHeader()
			.contentType(MediaType.APPLICATION_PROBLEM_JSON)
			.expectBody()
			.jsonPath("$.type")
			.isEqualTo("urn:problem-type:invalid-request")
			.jsonPath("$.errors[*].field")
			.isEqualTo(List.of(fields.split(" ")));
		BDDMockito.then(this.transfers).shouldHaveNoInteractions();
	}

	@Test
	void overdraftIsAProblem() {
		BDDMockito.given(this.transfers.execute(transfer)).willReturn(Mono.error(new OverdraftException(transfer)));
		post(body).expectStatus()
			.isEqualTo(HttpStatus.CONFLICT)
			.expectHeader()
			.contentType(MediaType.APPLICATION_PROBLEM_JSON)
			.expectBody()
			.json("""
					{
					  "type": "urn:problem-type:overdraft",
					  "title": "Overdraft",
					  "status": 409,
					  "detail": "Account 1 holds less than 5.00.",
					  "instance": "/transfers"
					}""");
	}

	@Test
	void transactionThatCannotStartIsAProblem() {
		BDDMockito.given(this.transfers.execute(transfer))
			.willReturn(Mono.error(new CannotCreateTransactionException("secret")));
		post(body).expectStatus()
			.isEqualTo(HttpStatus.SERVICE_UNAVAILABLE)
			.expectBody()
			.jsonPath("$.type")
			.isEqualTo("urn:problem-type:database-unavailable");
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void theLogTellsWhatTheDriverOrThePoolSaid(CapturedOutput output) {
		R2dbcException failure = new R2dbcTimeoutException("No connection", new TimeoutException("No item"));
		BDDMockito.given(this.transfers.execute(transfer))
			.willReturn(Mono.error(new CannotCreateTransactionException("No transaction", failure)));
		post(body).expectStatus().isEqualTo(HttpStatus.SERVICE_UNAVAILABLE);
		assertThat(output).contains("The database did not answer: " + failure).doesNotContain("No item");
	}

	@ParameterizedTest
	@ValueSource(ints = { 1264, 1690 })
	void numberThatIsTooLargeIsNoOutage(int code) {
		BDDMockito.given(this.transfers.execute(transfer))
			.willReturn(Mono.error(new DataAccessResourceFailureException("secret",
					new R2dbcNonTransientResourceException("Out of range", null, code))));
		post(body).expectStatus()
			.isEqualTo(HttpStatus.UNPROCESSABLE_CONTENT)
			.expectBody()
			.jsonPath("$.type")
			.isEqualTo("urn:problem-type:out-of-range");
	}

	private WebTestClient.ResponseSpec post(String body) {
		return this.web.post().uri("/transfers").contentType(MediaType.APPLICATION_JSON).bodyValue(body).exchange();
	}

}
