package dev.asyncmysql.sample.account;

import reactor.core.publisher.Flux;

import org.springframework.data.domain.Pageable;
import org.springframework.data.repository.reactive.ReactiveCrudRepository;

/**
 * Reads and writes single accounts.
 */
public interface AccountRepository extends ReactiveCrudRepository<Account, Long> {

	/**
	 * Read one page of all accounts.
	 * @param page which page, how large and in which order
	 * @return its accounts
	 */
	Flux<Account> findAllBy(Pageable page);

}
