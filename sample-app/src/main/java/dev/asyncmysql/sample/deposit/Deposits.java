package dev.asyncmysql.sample.deposit;

import java.math.BigDecimal;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dev.asyncmysql.bulk.BulkWriter;
import dev.asyncmysql.sample.account.UnknownAccountException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.annotation.Transactional;

/**
 * Writes deposits, many at once.
 */
@Repository
class Deposits {

	private final DatabaseClient databaseClient;

	private final BulkWriter bulkWriter;

	Deposits(DatabaseClient databaseClient, BulkWriter bulkWriter) {
		this.databaseClient = databaseClient;
		this.bulkWriter = bulkWriter;
	}

	/**
	 * Write the deposits that are not there yet, all or none.
	 * @param accountId the account that they go to
	 * @param deposits at least one; of several with the same reference, the first counts
	 * @return how many were written
	 */
	@Transactional
	Mono<Receipt> write(long accountId, List<Deposit> deposits) {
		Map<String, Deposit> fresh = new LinkedHashMap<>();
		deposits.forEach((deposit) -> fresh.putIfAbsent(deposit.reference(), deposit));
		// As long as the account is locked, no other import can write the same deposits.
		return lock(accountId).then(removeKnown(accountId, fresh))
			.then(Mono.defer(() -> fresh.isEmpty() ? Mono.empty() : write(accountId, fresh.values())))
			.then(Mono.fromSupplier(() -> new Receipt(fresh.size(), deposits.size() - fresh.size())));
	}

	private Mono<Long> lock(long accountId) {
		return this.databaseClient.sql("SELECT id FROM account WHERE id = :id FOR UPDATE")
			.bind("id", accountId)
			.mapValue(Long.class)
			.one()
			.switchIfEmpty(Mono.error(() -> new UnknownAccountException(accountId)));
	}

	private Mono<Void> removeKnown(long accountId, Map<String, Deposit> deposits) {
		return this.databaseClient
			.sql("SELECT reference FROM entry WHERE account_id = :account AND reference IN (:references)")
			.bind("account", accountId)
			.bind("references", List.copyOf(deposits.keySet()))
			.mapValue(String.class)
			.all()
			.doOnNext(deposits::remove)
			.then();
	}

	private Mono<Void> write(long accountId, Collection<Deposit> deposits) {
		BigDecimal sum = deposits.stream().map(Deposit::amount).reduce(BigDecimal.ZERO, BigDecimal::add);
		return this.bulkWriter.insertInto("entry")
			.columns("account_id", "reference", "amount")
			.rows(Flux.fromIterable(deposits),
					(deposit) -> new Object[] { accountId, deposit.reference(), deposit.amount() })
			.execute()
			.then(this.databaseClient
				.sql("UPDATE account SET balance = balance + :sum, version = version + 1 WHERE id = :id")
				.bind("sum", sum)
				.bind("id", accountId)
				.then());
	}

}
