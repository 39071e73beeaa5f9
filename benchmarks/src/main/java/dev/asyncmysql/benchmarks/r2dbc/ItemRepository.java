package dev.asyncmysql.benchmarks.r2dbc;

import dev.asyncmysql.benchmarks.workload.Item;
import reactor.core.publisher.Flux;

import org.springframework.data.repository.reactive.ReactiveCrudRepository;

/**
 * Reads items.
 */
interface ItemRepository extends ReactiveCrudRepository<Item, Long> {

	Flux<Item> findTop100ByIdGreaterThanEqualOrderById(long id);

	Flux<Item> findByIdLessThanEqual(long id);

}
