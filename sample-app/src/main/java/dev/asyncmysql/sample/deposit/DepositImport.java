package dev.asyncmysql.sample.deposit;

import java.util.concurrent.atomic.AtomicReference;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.stereotype.Service;

/**
 * Writes deposits batch by batch while they come in.
 */
@Service
class DepositImport {

	/** Large enough that round trips do not count, small enough for one statement. */
	static final int BATCH_SIZE = 500;

	private final Deposits deposits;

	DepositImport(Deposits deposits) {
		this.deposits = deposits;
	}

	/**
	 * Import deposits. The next batch is asked for when the one before is committed, so
	 * that the sender is slowed down to the database's speed and one batch is all that is
	 * held. What is committed stays when a later line is invalid or the upload ends
	 * early; as a deposit that is there already is skipped, the whole can be sent again.
	 * @param accountId the account that the deposits go to
	 * @param upload the deposits
	 * @return what became of them
	 */
	Mono<Receipt> run(long accountId, Flux<Deposit> upload) {
		return Mono.defer(() -> {
			AtomicReference<Receipt> receipt = new AtomicReference<>(Receipt.NONE);
			return upload.buffer(BATCH_SIZE)
				.concatMap((batch) -> this.deposits.write(accountId, batch), 0)
				.doOnNext((written) -> receipt.updateAndGet(written::plus))
				.then(Mono.fromSupplier(receipt::get))
				.onErrorMap(InvalidLineException.class, (ex) -> ex.after(receipt.get()));
		});
	}

}
