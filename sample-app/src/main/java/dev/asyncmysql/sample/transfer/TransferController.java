package dev.asyncmysql.sample.transfer;

import jakarta.validation.Valid;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/**
 * The transfers over HTTP.
 */
@RestController
class TransferController {

	private final TransferService transfers;

	TransferController(TransferService transfers) {
		this.transfers = transfers;
	}

	@PostMapping("/transfers")
	@ResponseStatus(HttpStatus.CREATED)
	Mono<Transfer> transfer(@Valid @RequestBody NewTransfer transfer) {
		return this.transfers.execute(transfer.toTransfer());
	}

}
