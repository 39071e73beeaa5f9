package dev.asyncmysql.benchmarks.mvc;

import java.util.Objects;

import org.springframework.context.ApplicationEventPublisher;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.web.ErrorResponseException;

/**
 * Moves money between two accounts in one transaction.
 */
@Service
class TransferService {

	private final TransferRepository transfers;

	private final JdbcClient jdbcClient;

	private final ApplicationEventPublisher events;

	TransferService(TransferRepository transfers, JdbcClient jdbcClient, ApplicationEventPublisher events) {
		this.events = events;
		this.transfers = transfers;
		this.jdbcClient = jdbcClient;
	}

	/**
	 * Execute a transfer, or leave everything as it was.
	 * @param transfer what to move
	 * @return the transfer with its key
	 */
	@Transactional
	Transfer execute(Transfer transfer) {
		if (transfer.from() < transfer.to()) {
			debit(transfer);
			credit(transfer);
		}
		else {
			credit(transfer);
			debit(transfer);
		}
		Transfer saved = this.transfers.save(transfer);
		writeEntries(saved);
		this.events.publishEvent(new TransferExecuted(saved));
		return saved;
	}

	private void debit(Transfer transfer) {
		expectOne(this.jdbcClient.sql("""
				UPDATE account SET balance = balance - :amount, version = version + 1
				WHERE id = :id AND balance >= :amount""")
			.param("amount", transfer.amount())
			.param("id", transfer.from())
			.update());
	}

	private void credit(Transfer transfer) {
		expectOne(this.jdbcClient
			.sql("UPDATE account SET balance = balance + :amount, version = version + 1 WHERE id = :id")
			.param("amount", transfer.amount())
			.param("id", transfer.to())
			.update());
	}

	private static void expectOne(int rows) {
		if (rows != 1) {
			throw new ErrorResponseException(HttpStatus.CONFLICT);
		}
	}

	private void writeEntries(Transfer transfer) {
		this.jdbcClient.sql("""
				INSERT INTO entry (transfer_id, account_id, amount)
				VALUES (:transfer, :from, :debit), (:transfer, :to, :credit)""")
			.param("transfer", Objects.requireNonNull(transfer.id()))
			.param("from", transfer.from())
			.param("debit", transfer.amount().negate())
			.param("to", transfer.to())
			.param("credit", transfer.amount())
			.update();
	}

}
