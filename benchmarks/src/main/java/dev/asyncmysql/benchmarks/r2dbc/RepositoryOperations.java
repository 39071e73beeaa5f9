package dev.asyncmysql.benchmarks.r2dbc;

import dev.asyncmysql.benchmarks.workload.Entry;
import dev.asyncmysql.benchmarks.workload.Item;
import dev.asyncmysql.benchmarks.workload.Task;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.transaction.reactive.TransactionalOperator;

/**
 * The work through repositories of Spring Data.
 */
final class RepositoryOperations {

	private final ItemRepository items;

	private final EntryRepository entries;

	private final TransactionalOperator transaction;

	RepositoryOperations(ItemRepository items, EntryRepository entries, TransactionalOperator transaction) {
		this.items = items;
		this.entries = entries;
		this.transaction = transaction;
	}

	Mono<Item> select(long key) {
		return this.items.findById(key).map((item) -> item.expect(key));
	}

	Flux<Item> page(long key) {
		return this.items.findTop100ByIdGreaterThanEqualOrderById(key);
	}

	Flux<Item> rows() {
		return this.items.findByIdLessThanEqual(Task.MANY);
	}

	Flux<Item> stream() {
		return this.items.findAll();
	}

	Mono<Entry> insert(long key) {
		return this.entries.save(Entry.of(key)).filter((saved) -> saved.id() != null);
	}

	Flux<Entry> bulk(long key) {
		return this.entries.saveAll(Entry.many(key))
			.filter((saved) -> saved.id() != null)
			.as(this.transaction::transactional);
	}

}
