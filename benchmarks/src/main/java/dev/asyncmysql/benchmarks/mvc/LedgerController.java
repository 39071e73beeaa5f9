package dev.asyncmysql.benchmarks.mvc;

import jakarta.validation.Valid;

import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/**
 * The ledger over HTTP.
 */
@RestController
class LedgerController {

	private final AccountRepository accounts;

	private final TransferService transfers;

	LedgerController(AccountRepository accounts, TransferService transfers) {
		this.accounts = accounts;
		this.transfers = transfers;
	}

	@GetMapping("/accounts/{id}")
	ResponseEntity<Account> read(@PathVariable long id) {
		Account account = this.accounts.findById(id)
			.orElseThrow(() -> new ErrorResponseException(HttpStatus.NOT_FOUND));
		return ResponseEntity.ok().eTag("\"%d\"".formatted(account.version())).body(account);
	}

	@PostMapping("/transfers")
	@ResponseStatus(HttpStatus.CREATED)
	Transfer transfer(@Valid @RequestBody NewTransfer transfer) {
		return this.transfers.execute(transfer.toTransfer());
	}

}
