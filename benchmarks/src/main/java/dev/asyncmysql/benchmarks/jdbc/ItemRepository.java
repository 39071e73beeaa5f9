package dev.asyncmysql.benchmarks.jdbc;

import java.util.List;

import dev.asyncmysql.benchmarks.workload.Item;

import org.springframework.data.repository.CrudRepository;

/**
 * Reads items.
 */
interface ItemRepository extends CrudRepository<Item, Long> {

	List<Item> findTop100ByIdGreaterThanEqualOrderById(long id);

	List<Item> findByIdLessThanEqual(long id);

}
