package dev.asyncmysql.bulk;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Chunks}.
 */
class ChunksTests {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private static final int ROW = (int) ValueSize.of("") + 10;

	@Test
	void asksForAChunkOnlyWhereOneIsWanted() {
		AtomicLong asked = new AtomicLong();
		StepVerifier.create(chunks(rows(10_000).doOnRequest(asked::addAndGet), 100), 0)
			.then(() -> assertThat(asked).hasValue(0))
			.thenRequest(1)
			.expectNextMatches((chunk) -> chunk.size() == 100 && chunk.first() == 0)
			.then(() -> assertThat(asked).hasValue(100))
			.thenRequest(2)
			.expectNextCount(2)
			.then(() -> assertThat(asked).hasValue(300))
			.thenCancel()
			.verify(LIMIT);
	}

	@Test
	void asksForNoMoreRowsThanWillFit() {
		AtomicLong asked = new AtomicLong();
		Flux<String> large = Flux.range(0, 1000).map((i) -> "x".repeat(1000)).doOnRequest(asked::addAndGet);
		StepVerifier.create(new Chunks<>(large, reader(), new Shape(1, 1000, 40_000, 100_000, 10), false), 1)
			.assertNext((chunk) -> assertThat(chunk.size()).isEqualTo(36))
			.then(() -> assertThat(asked.get()).isLessThanOrEqualTo(40))
			.thenCancel()
			.verify(LIMIT);
	}

	@Test
	void largeRowsAfterSmallOnesDoNotPileUp() {
		AtomicLong large = new AtomicLong();
		Flux<String> rows = Flux.range(0, 5000).map((i) -> (i < 1000) ? "x" : "x".repeat(5000)).doOnNext((row) -> {
			if (row.length() > 1) {
				large.incrementAndGet();
			}
		});
		StepVerifier.create(new Chunks<>(rows, reader(), new Shape(1, 1000, 10_000, 600_000, 10), false), 2)
			.expectNextCount(2)
			.then(() -> assertThat(large.get()).isLessThan(40))
			.thenCancel()
			.verify(LIMIT);
	}

	@Test
	void noChunkExceedsTheSizeUnlessItIsOneRow() {
		List<Integer> lengths = new ArrayList<>();
		Flux<String> rows = Flux.range(0, 2000).map((i) -> "x".repeat((i % 97 == 0) ? 900 + i % 300 : i % 13));
		Flux<Chunk<String>> chunks = new Chunks<>(rows, reader(), new Shape(1, 500, 1000, 5000, 10), true);
		long total = chunks.doOnNext((chunk) -> {
			assertThat(chunk.first()).isEqualTo(lengths.size());
			assertThat(chunk.bytes()).isEqualTo(chunk.rows().stream().mapToLong((row) -> row.length() + ROW).sum());
			assertThat(chunk.bytes() <= 1000 || chunk.size() == 1).isTrue();
			assertThat(chunk.rows()).hasSize(chunk.size());
			chunk.rows().forEach((row) -> lengths.add(row.length()));
		}).count().blockOptional(LIMIT).orElseThrow();
		assertThat(lengths).isEqualTo(rows.map(String::length).collectList().block(LIMIT));
		assertThat(total).isGreaterThan(2000 / 40);
	}

	@Test
	void chunksThatSizeLimitsHaveFewDifferentCounts() {
		Flux<String> rows = Flux.range(0, 200_000).map((i) -> "x".repeat((int) (Math.abs(i * 2_654_435_761L) % 60)));
		assertThat(new Chunks<>(rows, reader(), new Shape(1, 10_000, 60_000, 60_000, 10), false).skipLast(1)
			.map(Chunk::size)
			.distinct()
			.count()
			.block(LIMIT)).isLessThan(8);
	}

	@Test
	void whatTheSourceFailsWithComesLast() {
		Flux<String> source = rows(250).concatWith(Mono.error(new IllegalStateException("on purpose")));
		StepVerifier.create(chunks(source, 100))
			.expectNextCount(2)
			.assertNext((chunk) -> assertThat(chunk.failure()).hasMessage("on purpose"))
			.expectComplete()
			.verify(LIMIT);
	}

	@Test
	void rowThatIsTooLargeIsNamedAndEndsTheSource() {
		TestPublisher<String> source = TestPublisher.create();
		StepVerifier.create(new Chunks<>(source, reader(), new Shape(1, 2, 100, 200, 10), false))
			.then(() -> source.next("a", "b", "c", "x".repeat(200)))
			.expectNextCount(1)
			.assertNext((chunk) -> assertThat(chunk.failure())
				.isInstanceOfSatisfying(RefusedRowException.class, (ex) -> assertThat(ex.row()).isEqualTo(3))
				.hasMessageContaining("max_allowed_packet"))
			.expectComplete()
			.verify(LIMIT);
		source.assertCancelled();
	}

	@Test
	void functionThatFailsIsHeardOf() {
		RowReader<String> failing = (row, values, offset) -> {
			throw new IllegalStateException("on purpose");
		};
		StepVerifier.create(new Chunks<>(rows(10), failing, new Shape(1, 2, 1000, 1000, 10), false))
			.assertNext((chunk) -> assertThat(chunk.failure()).isInstanceOf(RefusedRowException.class)
				.hasMessageEndingWith("on purpose"))
			.expectComplete()
			.verify(LIMIT);
	}

	@ParameterizedTest
	@MethodSource
	void whateverAFunctionFailsWithNamesTheRow(Throwable failure) {
		RowReader<String> failing = (row, values, offset) -> {
			if (row.equals("row 3")) {
				sneak(failure);
			}
			values[offset] = row;
		};
		StepVerifier.create(new Chunks<>(rows(10), failing, new Shape(1, 2, 1000, 1000, 10), false))
			.expectNextCount(1)
			.assertNext((chunk) -> assertThat(chunk.failure())
				.isInstanceOfSatisfying(RefusedRowException.class, (ex) -> assertThat(ex.row()).isEqualTo(3))
				.hasCause(failure))
			.expectComplete()
			.verify(LIMIT);
	}

	static List<Throwable> whateverAFunctionFailsWithNamesTheRow() {
		return List.of(new IllegalStateException("unchecked"), new IOException("checked"), new AssertionError("error"));
	}

	// As a language without checked exceptions does.
	@SuppressWarnings("unchecked")
	private static <X extends Throwable> void sneak(Throwable failure) throws X {
		throw (X) failure;
	}

	@Test
	void cancelEndsTheSource() {
		TestPublisher<String> source = TestPublisher.create();
		StepVerifier.create(chunks(source.flux(), 2)).then(() -> source.next("a")).thenCancel().verify(LIMIT);
		source.assertCancelled();
		StepVerifier.create(chunks(source.flux(), 2)).thenCancel().verify(LIMIT);
		source.assertCancelled();
	}

	@Test
	void nothingComesOfNothing() {
		StepVerifier.create(chunks(Flux.empty(), 2), 0).expectComplete().verify(LIMIT);
	}

	@Test
	void everyRowComesOnceAndInOrderWhoeverIsFaster() {
		for (int i = 0; i < 300; i++) {
			Flux<String> rows = rows(2000).publishOn(Schedulers.parallel(), 1 + i % 64);
			List<String> seen = Collections.synchronizedList(new ArrayList<>());
			new Chunks<>(rows, reader(), new Shape(1, 1 + i % 50, 400, 1000, 10), true)
				.publishOn(Schedulers.parallel(), 1 + i % 3)
				.doOnNext((chunk) -> seen.addAll(chunk.rows()))
				.then()
				.block(LIMIT);
			assertThat(seen).isEqualTo(rows(2000).collectList().block(LIMIT));
		}
	}

	@Test
	void cancelRacesWithRows() {
		for (int i = 0; i < 300; i++) {
			AtomicLong asked = new AtomicLong();
			long taken = i % 20;
			assertThat(new Chunks<>(rows(100_000).publishOn(Schedulers.parallel()).doOnRequest(asked::addAndGet),
					reader(), new Shape(1, 10, 10_000, 10_000, 10), false)
				.publishOn(Schedulers.parallel(), 1)
				.take(taken)
				.count()
				.block(LIMIT)).isEqualTo(taken);
			assertThat(asked.get()).isLessThanOrEqualTo((taken + 2) * 10);
		}
	}

	private static Flux<String> rows(int count) {
		return Flux.range(0, count).map((i) -> "row " + i);
	}

	private static Chunks<String> chunks(Flux<String> source, int maxRows) {
		return new Chunks<>(source, reader(), new Shape(1, maxRows, 1_000_000, 1_000_000, 10), false);
	}

	private static RowReader<String> reader() {
		return (row, values, offset) -> values[offset] = row;
	}

}
