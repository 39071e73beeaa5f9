package dev.asyncmysql.sample.account;

import java.net.URI;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.data.domain.PageRequest;
import org.springframework.data.domain.Sort;
import org.springframework.http.ETag;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/**
 * The accounts over HTTP.
 */
@RestController
@RequestMapping("/accounts")
class AccountController {

	private final AccountRepository accounts;

	AccountController(AccountRepository accounts) {
		this.accounts = accounts;
	}

	@PostMapping
	@ResponseStatus(HttpStatus.CREATED)
	Mono<ResponseEntity<Account>> open(@Valid @RequestBody NewAccount account) {
		return this.accounts.save(account.toAccount())
			.map((saved) -> ResponseEntity.created(URI.create("/accounts/" + saved.id()))
				.eTag(entityTag(saved))
				.body(saved));
	}

	@GetMapping("/{id}")
	Mono<ResponseEntity<Account>> read(@PathVariable long id) {
		return find(id).map(AccountController::withEntityTag);
	}

	/**
	 * Change the owner of an account, unless the account has changed since the client
	 * read it. What happens between the comparison here and the update, the update itself
	 * finds out by the version.
	 * @param id the account
	 * @param versions the entity tags that the client knows, or {@code *}, from
	 * {@code If-Match}
	 * @param change the new owner
	 * @return the account as it is now
	 */
	@PatchMapping("/{id}")
	Mono<ResponseEntity<Account>> changeOwner(@PathVariable long id,
			@RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String versions,
			@Valid @RequestBody OwnerChange change) {
		if (versions == null) {
			return Mono.error(new VersionRequiredException());
		}
		return find(id).filter((account) -> matches(versions, account))
			.switchIfEmpty(Mono.error(() -> new AccountChangedException(id)))
			.flatMap((account) -> this.accounts.save(account.withOwner(change.owner())))
			.onErrorMap(OptimisticLockingFailureException.class, (ex) -> new AccountChangedException(id))
			.map(AccountController::withEntityTag);
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

	private Mono<Account> find(long id) {
		return this.accounts.findById(id).switchIfEmpty(Mono.error(() -> new UnknownAccountException(id)));
	}

	private static boolean matches(String versions, Account account) {
		ETag current = ETag.create(entityTag(account));
		return ETag.parse(versions)
			.stream()
			.anyMatch((version) -> version.isWildcard() || version.compare(current, true));
	}

	private static ResponseEntity<Account> withEntityTag(Account account) {
		return ResponseEntity.ok().eTag(entityTag(account)).body(account);
	}

	private static String entityTag(Account account) {
		return "\"%d\"".formatted(account.version());
	}

}
