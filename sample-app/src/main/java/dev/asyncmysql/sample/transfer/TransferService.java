package dev.asyncmysql.sample.transfer;

import java.util.Objects;

import dev.asyncmysql.sample.account.AccountRepository;
import dev.asyncmysql.sample.account.UnknownAccountException;
import reactor.core.publisher.Mono;

import org.springframework.context.ApplicationEventPublisher;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.reactive.TransactionalEventPublisher;

/**
 * Moves money between two accounts in one transaction.
 */
@Service
public class TransferService {

	private final AccountRepository accounts;

	private final TransferRepository transfers;

	private final DatabaseClient databaseClient;

	private final TransactionalEventPublisher events;

	TransferService(AccountRepository accounts, TransferRepository transfers, DatabaseClient databaseClient,
			ApplicationEventPublisher events) {
		this.accounts = accounts;
		this.transfers = transfers;
		this.databaseClient = databaseClient;
		this.events = new TransactionalEventPublisher(events);
	}

	/**
	 * Execute a transfer, or leave everything as it was. {@link TransferExecuted} tells
	 * of it once it is committed.
	 * @param transfer what to move
	 * @return the transfer with its key, or an {@link UnknownAccountException} or
	 * {@link OverdraftException}
	 */
	@Transactional
	public Mono<Transfer> execute(Transfer transfer) {
		// Both accounts are locked by their updates, always the lower key first: two
		// opposite transfers wait for each other in one direction only. The inserts come
		// later because a foreign key locks the row that it points at, too. The version
		// grows with the balance, so that nobody writes an older one back.
		Mono<Void> move = (transfer.from() < transfer.to()) ? debit(transfer).then(credit(transfer))
				: credit(transfer).then(debit(transfer));
		return move.then(this.transfers.save(transfer))
			.delayUntil(this::writeEntries)
			.delayUntil((executed) -> this.events.publishEvent(new TransferExecuted(executed)));
	}

	private Mono<Void> debit(Transfer transfer) {
		return this.databaseClient.sql("""
				UPDATE account SET balance = balance - :amount, version = version + 1
				WHERE id = :id AND balance >= :amount""")
			.bind("amount", transfer.amount())
			.bind("id", transfer.from())
			.fetch()
			.rowsUpdated()
			.flatMap((rows) -> (rows == 1) ? Mono.empty() : refuse(transfer));
	}

	private Mono<Void> refuse(Transfer transfer) {
		return this.accounts.existsById(transfer.from())
			.flatMap((exists) -> Mono
				.error(exists ? new OverdraftException(transfer) : new UnknownAccountException(transfer.from())));
	}

	private Mono<Void> credit(Transfer transfer) {
		return this.databaseClient
			.sql("UPDATE account SET balance = balance + :amount, version = version + 1 WHERE id = :id")
			.bind("amount", transfer.amount())
			.bind("id", transfer.to())
			.fetch()
			.rowsUpdated()
			.flatMap((rows) -> (rows == 1) ? Mono.empty() : Mono.error(new UnknownAccountException(transfer.to())));
	}

	private Mono<Void> writeEntries(Transfer transfer) {
		return this.databaseClient.sql("""
				INSERT INTO entry (transfer_id, account_id, amount)
				VALUES (:transfer, :from, :debit), (:transfer, :to, :credit)""")
			.bind("transfer", Objects.requireNonNull(transfer.id()))
			.bind("from", transfer.from())
			.bind("debit", transfer.amount().negate())
			.bind("to", transfer.to())
			.bind("credit", transfer.amount())
			.then();
	}

}
