package dev.asyncmysql.sample.deposit;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mockito.ArgumentMatchers;
import org.mockito.BDDMockito;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import tools.jackson.core.JacksonException;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webflux.test.autoconfigure.WebFluxTest;
import org.springframework.context.annotation.Import;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.test.web.reactive.server.WebTestClient.ResponseSpec;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The import over HTTP, without a database.
 */
@WebFluxTest(DepositController.class)
@Import({ DepositImport.class, DepositFormats.class })
class DepositControllerTests {

	private static final MediaType CSV = MediaType.valueOf("text/csv");

	@Autowired
	private WebTestClient web;

	@MockitoBean
	private Deposits deposits;

	@Test
	void readsLinesOfJson() {
		assertThat(imported(MediaType.APPLICATION_NDJSON, """
				{"reference": "R-1", "amount": 1.5}

				{"amount": 2, "reference": "R-2", "memo": "not for us"}
				""")).containsExactly(deposit("R-1", "1.5"), deposit("R-2", "2"));
	}

	@Test
	void readsRecordsOfCsv() {
		assertThat(imported(CSV, """
				reference,amount
				R-1,1.5
				"R,""2""\",2
				""")).containsExactly(deposit("R-1", "1.5"), deposit("R,\"2\"", "2"));
	}

	@Test
	void headerOfCsvCanBeLeftOut() {
		assertThat(imported(CSV, "R-1,1.5\r\nR-2,2")).containsExactly(deposit("R-1", "1.5"), deposit("R-2", "2"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "reference,amount\n" })
	void byteOrderMarkIsSkipped(String header) {
		assertThat(imported(CSV, "\uFEFF" + header + "R-1,1.5\nR-2,2")).containsExactly(deposit("R-1", "1.5"),
				deposit("R-2", "2"));
	}

	@Test
	void lineThatCannotBeReadSaysWhy(@Autowired DepositFormats formats) {
		StepVerifier.create(formats.json().read(Flux.just("{")))
			.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(InvalidLineException.class)
				.hasCauseInstanceOf(JacksonException.class))
			.verify(Duration.ofSeconds(10));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
			{                                    | cannot be read
			null                                 | cannot be read
			[]                                   | cannot be read
			{"reference":"R","amount":"much"}    | cannot be read
			{"reference":"R","amount":1} {}      | cannot be read
			{"reference":"R"}                    | is not valid: amount must not be null
			{"amount":1}                         | is not valid: reference must not be null
			{"reference":"R","amount":0}         | is not valid: amount must be greater than 0
			{"reference":"R R","amount":1}       | is not valid: reference must have 1 to 64 visible ASCII characters
			""")
	void invalidLineOfJsonIsNamed(String line, String reason) {
		invalid(MediaType.APPLICATION_NDJSON, "{\"reference\":\"first\",\"amount\":1}\n\n" + line + "\n", 3, reason);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					"R,1                                 | cannot be read
					R,1,2                                | cannot be read
					R,much                               | cannot be read
					reference,amount                     | cannot be read
					R                                    | is not valid: amount must not be null
					R,1.001                              | is not valid: amount numeric value out of bounds (<12 digits>.<2 digits> expected)
					""")
	void invalidRecordOfCsvIsNamed(String line, String reason) {
		invalid(CSV, "reference,amount\nfirst,1\n" + line + "\n", 3, reason);
	}

	@Test
	void lineThatIsTooLongIsNamed() {
		this.web.post()
			.uri("/accounts/7/deposits")
			.contentType(CSV)
			.body(Flux.just("first,1\n").concatWith(Flux.just("R".repeat(100_000)).repeat(2)), String.class)
			.exchange()
			.expectStatus()
			.isBadRequest()
			.expectBody()
			.jsonPath("$.detail")
			.isEqualTo("Line 2 is too long.");
		BDDMockito.then(this.deposits).shouldHaveNoInteractions();
	}

	@Test
	void otherFormatsAreRefused() {
		post(MediaType.TEXT_PLAIN, "R-1,1.5").expectStatus()
			.isEqualTo(HttpStatus.UNSUPPORTED_MEDIA_TYPE)
			.expectHeader()
			.contentType(MediaType.APPLICATION_PROBLEM_JSON);
	}

	private List<Deposit> imported(MediaType type, String body) {
		List<Deposit> all = new ArrayList<>();
		BDDMockito.given(this.deposits.write(ArgumentMatchers.eq(7L), ArgumentMatchers.anyList()))
			.willAnswer((call) -> {
				all.addAll(call.getArgument(1));
				return Mono.just(new Receipt(2, 0));
			});
		post(type, body).expectStatus().isOk().expectBody().json("""
				{"imported": 2, "duplicates": 0}""");
		return all;
	}

	private void invalid(MediaType type, String body, int line, String reason) {
		post(type, body).expectStatus()
			.isBadRequest()
			.expectHeader()
			.contentType(MediaType.APPLICATION_PROBLEM_JSON)
			.expectBody()
			.jsonPath("$.type")
			.isEqualTo("urn:problem-type:invalid-line")
			.jsonPath("$.detail")
			.isEqualTo("Line %d %s.".formatted(line, reason))
			.jsonPath("$.line")
			.isEqualTo(line)
			.jsonPath("$.imported")
			.isEqualTo(0);
		BDDMockito.then(this.deposits).shouldHaveNoInteractions();
	}

	private ResponseSpec post(MediaType type, String body) {
		return this.web.post().uri("/accounts/7/deposits").contentType(type).bodyValue(body).exchange();
	}

	private static Deposit deposit(String reference, String amount) {
		return new Deposit(reference, new BigDecimal(amount));
	}

}
