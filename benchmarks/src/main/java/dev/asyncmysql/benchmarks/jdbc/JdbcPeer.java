package dev.asyncmysql.benchmarks.jdbc;

import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import javax.sql.DataSource;

import dev.asyncmysql.benchmarks.peer.Operation;
import dev.asyncmysql.benchmarks.peer.Peer;
import dev.asyncmysql.benchmarks.peer.PeerFactory;
import dev.asyncmysql.benchmarks.workload.Entry;
import dev.asyncmysql.benchmarks.workload.Item;
import dev.asyncmysql.benchmarks.workload.Task;
import dev.asyncmysql.benchmarks.workload.Way;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * A Spring Boot application that has a pool of JDBC connections.
 */
final class JdbcPeer implements Peer {

	private final ConfigurableApplicationContext context;

	private final JdbcOperations jdbc;

	private final ClientOperations client;

	private final ItemRepository items;

	private final EntryRepository entries;

	private final TransactionTemplate transaction;

	private final int rows;

	private final boolean virtualThreads;

	JdbcPeer(ConfigurableApplicationContext context, PeerFactory.Target target, boolean virtualThreads) {
		this.context = context;
		this.rows = target.rows();
		this.virtualThreads = virtualThreads;
		this.transaction = new TransactionTemplate(context.getBean(PlatformTransactionManager.class));
		this.jdbc = new JdbcOperations(context.getBean(DataSource.class));
		this.client = new ClientOperations(context.getBean(JdbcClient.class), context.getBean(JdbcTemplate.class),
				this.transaction);
		this.items = context.getBean(ItemRepository.class);
		this.entries = context.getBean(EntryRepository.class);
	}

	@Override
	public Operation.@Nullable Blocking operation(Task task, Way way) {
		return switch (way) {
			case PLAIN -> plain(task);
			case CLIENT -> client(task);
			case REPOSITORY -> repository(task);
			case BULK_ROWS, BULK_ENTITIES -> null;
		};
	}

	private Operation.@Nullable Blocking plain(Task task) {
		return switch (task) {
			case SELECT -> this.jdbc::select;
			case PAGE -> this.jdbc::page;
			case ROWS -> (key) -> this.jdbc.rows();
			case STREAM -> (key) -> this.jdbc.stream(this.rows);
			case INSERT -> this.jdbc::insert;
			case TRANSACTION -> this.jdbc::transfer;
			case BULK -> this.jdbc::bulk;
			case ACQUIRE -> (key) -> this.jdbc.acquire();
			case LIMIT, HTTP_READ, HTTP_TRANSFER -> null;
		};
	}

	private Operation.@Nullable Blocking client(Task task) {
		return switch (task) {
			case SELECT -> this.client::select;
			case PAGE -> this.client::page;
			case ROWS -> (key) -> this.client.rows();
			case STREAM -> (key) -> this.client.stream(this.rows);
			case INSERT -> this.client::insert;
			case TRANSACTION -> this.client::transfer;
			case BULK -> this.client::bulk;
			case ACQUIRE, LIMIT, HTTP_READ, HTTP_TRANSFER -> null;
		};
	}

	// Its streams cannot be told to read row by row.
	private Operation.@Nullable Blocking repository(Task task) {
		return switch (task) {
			case SELECT -> (key) -> this.items.findById(key).orElseThrow().expect(key);
			case PAGE -> (key) -> inOrder(key, Task.PAGE_SIZE, this.items.findTop100ByIdGreaterThanEqualOrderById(key));
			case ROWS -> (key) -> inOrder(1, Task.MANY, this.items.findByIdLessThanEqual(Task.MANY));
			case INSERT -> (key) -> count(1, Stream.of(this.entries.save(Entry.of(key))).map(Entry::id));
			case BULK -> (key) -> this.transaction.executeWithoutResult((status) -> saveAll(key));
			case STREAM, TRANSACTION, ACQUIRE, LIMIT, HTTP_READ, HTTP_TRANSFER -> null;
		};
	}

	private void saveAll(long key) {
		Iterable<Entry> saved = this.entries.saveAll(Entry.many(key));
		count(Task.MANY, StreamSupport.stream(saved.spliterator(), false).map(Entry::id));
	}

	private static void inOrder(long first, long expected, Iterable<Item> items) {
		long key = first;
		for (Item item : items) {
			item.expect(key++);
		}
		Entry.expect(expected, key - first);
	}

	private static void count(long expected, Stream<@Nullable Long> keys) {
		Entry.expect(expected, keys.filter((key) -> key != null).count());
	}

	@Override
	public boolean usesVirtualThreads() {
		return this.virtualThreads;
	}

	@Override
	public void close() {
		this.context.close();
	}

}
