package dev.asyncmysql.sample.account;

import java.net.URI;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.data.domain.PageRequest;
import org.springframework.data.domain.Sort;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * The accounts over HTTP.
 */
@RestController
@RequestMapping("/accounts")
class AccountController {

	private final AccountRepository accounts;

	private final Statements statements;

	AccountController(AccountRepository accounts, Statements statements) {
		this.accounts = accounts;
		this.statements = statements;
	}

	@PostMapping
	Mono<ResponseEntity<Account>> open(@Valid @RequestBody NewAccount account) {
		return this.accounts.save(account.toAccount())
			.map((saved) -> ResponseEntity.created(URI.create("/accounts/" + saved.id())).body(saved));
	}

	@GetMapping("/{id}")
	Mono<Account> read(@PathVariable long id) {
		return this.accounts.findById(id).switchIfEmpty(Mono.error(() -> new UnknownAccountException(id)));
	}

	/**
	 * List one page of accounts. Numbered pages let a reader jump to any of them, at the
	 * price that the database counts its way there: right for a directory that people
	 * leaf through. The order by key keeps the pages stable while accounts are opened.
	 * @param page the number of the page, from zero
	 * @param size how many accounts a page has
	 * @return the accounts of the page
	 */
	@GetMapping
	Flux<Account> list(@RequestParam(defaultValue = "0") @Min(0) int page,
			@RequestParam(defaultValue = "20") @Min(1) @Max(100) int size) {
		return this.accounts.findAllBy(PageRequest.of(page, size, Sort.by("id")));
	}

	@GetMapping(path = "/{id}/statement", produces = MediaType.APPLICATION_NDJSON_VALUE)
	Flux<Entry> statement(@PathVariable long id) {
		return read(id).thenMany(this.statements.of(id));
	}

}
