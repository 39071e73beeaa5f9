package dev.asyncmysql.benchmarks.mvc;

import org.springframework.data.repository.CrudRepository;

/**
 * Reads single accounts.
 */
interface AccountRepository extends CrudRepository<Account, Long> {

}
