package dev.asyncmysql.sample;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.transaction.reactive.TransactionalOperator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the import of deposits does over HTTP.
 */
abstract class AbstractDepositTests extends AbstractLedgerTests {

	private static final MediaType CSV = MediaType.valueOf("text/csv");

	@Autowired
	private TransactionalOperator transaction;

	@Test
	void importsBothFormats() {
		long id = open("1").id();
		assertThat(upload(id, CSV, Mono.just("reference,amount\nR-1,1.5\nR-2,2\n"))).isEqualTo(new Receipt(2, 0));
		assertThat(upload(id, MediaType.APPLICATION_NDJSON, Mono.just("{\"reference\":\"R-3\",\"amount\":3}")))
			.isEqualTo(new Receipt(1, 0));
		assertThat(read(id).balance()).isEqualTo("7.50");
		assertThat(statement(id)).extracting(Entry::reference).containsExactly("R-1", "R-2", "R-3");
		assertThat(statement(id)).extracting(Entry::amount).containsExactly("1.50", "2.00", "3.00");
	}

	@Test
	void importsHundredThousandLinesOnlyOnce() {
		long id = open("0").id();
		assertThat(upload(id, CSV, lines(100_000, ""))).isEqualTo(new Receipt(100_000, 0));
		assertThat(read(id).balance()).isEqualTo("100000.00");
		assertThat(upload(id, CSV, lines(1_000, ""))).isEqualTo(new Receipt(0, 1_000));
		assertThat(upload(id, CSV, Mono.just("new,1\nnew,2\nR-1,3\n"))).isEqualTo(new Receipt(1, 2));
		assertThat(read(id).balance()).isEqualTo("100001.00");
	}

	@Test
	void invalidLineLeavesWhatWasCommittedBefore() {
		long id = open("0").id();
		client().post()
			.uri("/accounts/{id}/deposits", id)
			.contentType(CSV)
			.body(lines(1_250, "").concatWithValues("R-0,\n"), String.class)
			.exchangeToMono((response) -> response.bodyToMono(Problem.class))
			.as(StepVerifier::create)
			.expectNext(new Problem("urn:problem-type:invalid-line", 1_251, 1_000, 0))
			.expectComplete()
			.verify(TIMEOUT);
		assertThat(read(id).balance()).isEqualTo("1000.00");
		assertThat(statement(id)).hasSize(1_000);
	}

	/**
	 * What the server does with its buffers after the answer, only the log tells.
	 */
	@ParameterizedTest
	@MethodSource("badUploads")
	@ExtendWith(OutputCaptureExtension.class)
	void badUploadReleasesEachBufferOnce(String body, CapturedOutput output) {
		long id = open("0").id();
		client().post()
			.uri("/accounts/{id}/deposits", id)
			.contentType(CSV)
			.bodyValue(body)
			.exchangeToMono((response) -> response.releaseBody().thenReturn(response.statusCode()))
			.as(StepVerifier::create)
			.expectNext(HttpStatus.BAD_REQUEST)
			.expectComplete()
			.verify(TIMEOUT);
		Awaitility.await()
			.during(Duration.ofSeconds(1))
			.untilAsserted(() -> assertThat(output).doesNotContain("IllegalReferenceCountException"));
	}

	static Stream<Named<String>> badUploads() {
		return Stream.of(Named.of("three bad lines", "x;1\ny,1\nz,1\n"),
				Named.of("a line of 3 MB", "R".repeat(3_000_000)));
	}

	@Test
	void uploadForAnUnknownAccountIsRefused() {
		client().post()
			.uri("/accounts/{id}/deposits", Long.MAX_VALUE)
			.contentType(CSV)
			.bodyValue("R-1,1\n")
			.exchangeToMono((response) -> response.releaseBody().thenReturn(response.statusCode()))
			.as(StepVerifier::create)
			.expectNext(HttpStatus.NOT_FOUND)
			.expectComplete()
			.verify(TIMEOUT);
	}

	@Test
	void uploadThatBreaksOffLeavesItsWholeBatches() {
		long id = open("0").id();
		Disposable upload = client().post()
			.uri("/accounts/{id}/deposits", id)
			.contentType(CSV)
			.body(lines(1_250, "").concatWith(Mono.never()), String.class)
			.retrieve()
			.toBodilessEntity()
			.subscribe();
		Awaitility.await().untilAsserted(() -> assertThat(read(id).balance()).isEqualTo("1000.00"));
		upload.dispose();
		Awaitility.await()
			.during(Duration.ofMillis(500))
			.untilAsserted(() -> assertThat(read(id).balance()).isEqualTo("1000.00"));
		assertThat(statement(id)).hasSize(1_000);
		Awaitility.await().untilAsserted(() -> assertThat(connectionsInUse()).isZero());
	}

	/**
	 * While somebody else holds the account, nothing can be written, and the upload comes
	 * to a stop as soon as the network's buffers are full.
	 */
	@Test
	void uploadGoesNoFasterThanItIsWritten() {
		long id = open("0").id();
		Sinks.Empty<Void> release = Sinks.empty();
		Disposable holder = this.databaseClient.sql("SELECT id FROM account WHERE id = :id FOR UPDATE")
			.bind("id", id)
			.fetch()
			.one()
			.then(release.asMono())
			.as(this.transaction::transactional)
			.subscribe();
		Awaitility.await().untilAsserted(() -> assertThat(connectionsInUse()).isOne());
		AtomicInteger sent = new AtomicInteger();
		Flux<String> lines = lines(4_000, " ".repeat(8_000)).doOnNext((line) -> sent.incrementAndGet());
		Mono<Receipt> upload = requestUpload(id, CSV, lines);
		StepVerifier.create(upload)
			.then(() -> Awaitility.await()
				.during(Duration.ofSeconds(1))
				.until(sent::get, (count) -> count > 0 && count < 2_500))
			.then(release::tryEmitEmpty)
			.expectNext(new Receipt(4_000, 0))
			.expectComplete()
			.verify(TIMEOUT);
		assertThat(holder.isDisposed()).isTrue();
	}

	private Receipt upload(long id, MediaType type, Publisher<String> body) {
		return requestUpload(id, type, body).block(TIMEOUT);
	}

	private Mono<Receipt> requestUpload(long id, MediaType type, Publisher<String> body) {
		return client().post()
			.uri("/accounts/{id}/deposits", id)
			.contentType(type)
			.body(body, String.class)
			.retrieve()
			.bodyToMono(Receipt.class);
	}

	private static Flux<String> lines(int count, String padding) {
		return Flux.range(1, count).map((i) -> "R-" + i + "," + padding + "1\n");
	}

	record Receipt(long imported, long duplicates) {
	}

	record Problem(String type, long line, long imported, long duplicates) {
	}

}
