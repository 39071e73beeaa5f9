package dev.asyncmysql.benchmarks.r2dbc;

import dev.asyncmysql.benchmarks.workload.Entry;

import org.springframework.data.repository.reactive.ReactiveCrudRepository;

/**
 * Writes entries.
 */
interface EntryRepository extends ReactiveCrudRepository<Entry, Long> {

}
