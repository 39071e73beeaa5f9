package dev.asyncmysql.benchmarks.jdbc;

import dev.asyncmysql.benchmarks.workload.Entry;

import org.springframework.data.repository.CrudRepository;

/**
 * Writes entries.
 */
interface EntryRepository extends CrudRepository<Entry, Long> {

}
