package dev.asyncmysql.benchmarks.mvc;

import org.springframework.data.repository.CrudRepository;

/**
 * Writes transfers.
 */
interface TransferRepository extends CrudRepository<Transfer, Long> {

}
