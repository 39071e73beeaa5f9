package dev.asyncmysql.sample.transfer;

import org.springframework.data.repository.reactive.ReactiveCrudRepository;

/**
 * Writes transfers.
 */
interface TransferRepository extends ReactiveCrudRepository<Transfer, Long> {

}
