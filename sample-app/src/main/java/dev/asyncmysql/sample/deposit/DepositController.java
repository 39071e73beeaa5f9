package dev.asyncmysql.sample.deposit;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * The import of deposits over HTTP.
 */
@RestController
@RequestMapping("/accounts/{id}/deposits")
class DepositController {

	private final DepositImport deposits;

	private final DepositFormats formats;

	DepositController(DepositImport deposits, DepositFormats formats) {
		this.deposits = deposits;
		this.formats = formats;
	}

	@PostMapping(consumes = MediaType.APPLICATION_NDJSON_VALUE)
	Mono<Receipt> importJson(@PathVariable long id, @RequestBody Flux<DataBuffer> body) {
		return this.deposits.run(id, this.formats.json().read(Lines.of(body)));
	}

	@PostMapping(consumes = "text/csv")
	Mono<Receipt> importCsv(@PathVariable long id, @RequestBody Flux<DataBuffer> body) {
		return this.deposits.run(id, this.formats.csv().read(Lines.of(body)));
	}

}
