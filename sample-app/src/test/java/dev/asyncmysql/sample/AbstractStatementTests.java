package dev.asyncmysql.sample;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.test.StepVerifier;

import org.springframework.http.MediaType;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What statements do over HTTP.
 */
abstract class AbstractStatementTests extends AbstractLedgerTests {

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
		statement(client(), id, MediaType.APPLICATION_NDJSON).limitRate(100)
			.map(Entry::id)
			.collectList()
			.as(StepVerifier::create)
			.assertNext((ids) -> assertThat(ids).hasSize(1 << 13).doesNotHaveDuplicates().isSorted())
			.expectComplete()
			.verify(TIMEOUT);
	}

	@Test
	void eventsCarryTheEntriesAndGoOnWhereTheClientWas() {
		long from = open("100").id();
		long to = open("0").id();
		IntStream.rangeClosed(1, 3).forEach((i) -> transfer(from, to, Integer.toString(i)));
		List<Entry> entries = statement(to);
		assertThat(events(to, "0")).isEqualTo(entries);
		assertThat(events(to, Long.toString(entries.get(1).id()))).isEqualTo(entries.subList(2, 3));
	}

	/**
	 * More entries than the network buffers on the way can hold: as long as the client
	 * takes no more, the query cannot end. When the client leaves, the query ends, here
	 * and on the server.
	 */
	@ParameterizedTest
	@ValueSource(strings = { MediaType.APPLICATION_NDJSON_VALUE, MediaType.TEXT_EVENT_STREAM_VALUE })
	void statementIsReadOnlyAsFastAsItIsTaken(String type) {
		long id = openWithEntries(17);
		StepVerifier.create(statement(client(), id, MediaType.valueOf(type)), 1)
			.expectNextCount(1)
			.then(() -> Awaitility.await()
				.during(Duration.ofMillis(500))
				.untilAsserted(() -> assertThat(connectionsInUse()).isOne()))
			.thenCancel()
			.verify(TIMEOUT);
		Awaitility.await().untilAsserted(() -> assertThat(connectionsInUse()).isZero());
		assertThat(statementsOnTheServer()).isZero();
		assertThat(read(id).balance()).isEqualTo("1.00");
	}

	private List<Entry> events(long id, String lastSeen) {
		return this.web.get()
			.uri("/accounts/{id}/statement", id)
			.accept(MediaType.TEXT_EVENT_STREAM)
			.header("Last-Event-ID", lastSeen)
			.exchange()
			.expectStatus()
			.isOk()
			.expectBodyList(Entry.class)
			.returnResult()
			.getResponseBody();
	}

	private long statementsOnTheServer() {
		return this.databaseClient
			.sql("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT id, transfer_id%'")
			.mapValue(Long.class)
			.one()
			.block(TIMEOUT);
	}

}
