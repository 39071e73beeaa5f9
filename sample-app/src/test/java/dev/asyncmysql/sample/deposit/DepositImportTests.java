package dev.asyncmysql.sample.deposit;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;
import org.mockito.ArgumentMatchers;
import org.mockito.BDDMockito;
import org.mockito.Mockito;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * How an upload is divided, without a database.
 */
class DepositImportTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private final Deposits deposits = Mockito.mock();

	private final DepositImport deposit = new DepositImport(this.deposits);

	@Test
	void neverAsksForMoreThanOneBatchBeyondWhatIsWritten() {
		AtomicLong requested = new AtomicLong();
		AtomicLong written = new AtomicLong();
		AtomicLong furthest = new AtomicLong();
		BDDMockito.given(this.deposits.write(ArgumentMatchers.eq(7L), ArgumentMatchers.anyList()))
			.willAnswer((call) -> Mono.delay(Duration.ofMillis(1)).map((tick) -> {
				List<?> batch = call.getArgument(1);
				written.addAndGet(batch.size());
				return new Receipt(batch.size(), 0);
			}));
		Flux<Deposit> upload = Flux.range(0, 100_000)
			.map(DepositImportTests::deposit)
			.doOnRequest((n) -> furthest.accumulateAndGet(requested.addAndGet(n) - written.get(), Math::max));
		StepVerifier.create(this.deposit.run(7, upload))
			.expectNext(new Receipt(100_000, 0))
			.expectComplete()
			.verify(TIMEOUT);
		assertThat(furthest).hasValue(DepositImport.BATCH_SIZE);
	}

	@Test
	void failureTellsWhatWasWrittenBefore() {
		BDDMockito.given(this.deposits.write(ArgumentMatchers.eq(7L), ArgumentMatchers.anyList()))
			.willReturn(Mono.just(new Receipt(499, 1)));
		Flux<Deposit> upload = Flux.range(0, 1_250)
			.map(DepositImportTests::deposit)
			.concatWith(Mono.error(() -> new InvalidLineException(1_251, "cannot be read", null)));
		StepVerifier.create(this.deposit.run(7, upload))
			.expectErrorSatisfies((ex) -> assertThat(((InvalidLineException) ex).getBody().getProperties())
				.containsEntry("line", 1_251L)
				.containsEntry("imported", 998L)
				.containsEntry("duplicates", 2L))
			.verify(TIMEOUT);
	}

	@Test
	void clientThatLeavesEndsTheUpload() {
		TestPublisher<Deposit> upload = TestPublisher.create();
		StepVerifier.create(this.deposit.run(7, upload.flux()))
			.then(() -> upload.next(deposit(1)))
			.thenCancel()
			.verify(TIMEOUT);
		upload.assertCancelled();
		BDDMockito.then(this.deposits).shouldHaveNoInteractions();
	}

	private static Deposit deposit(int number) {
		return new Deposit("R-" + number, BigDecimal.ONE);
	}

}
