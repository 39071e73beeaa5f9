package dev.asyncmysql.benchmarks.jdbc;

import java.util.List;
import java.util.stream.Stream;

import dev.asyncmysql.benchmarks.workload.Entry;
import dev.asyncmysql.benchmarks.workload.Item;
import dev.asyncmysql.benchmarks.workload.Task;
import dev.asyncmysql.benchmarks.workload.Transfer;

import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionOperations;

/**
 * The work through Spring's {@link JdbcClient}, with named parameters, and through
 * {@link JdbcTemplate} where that client has no batch.
 */
final class ClientOperations {

	private static final String SELECT = Item.SELECT.replace("?", ":id");

	private static final String PAGE = Item.PAGE.replace("?", ":id");

	private static final String DEBIT = Transfer.DEBIT.replace("?", ":id");

	private static final String CREDIT = Transfer.CREDIT.replace("?", ":id");

	private static final String TRANSFER = Transfer.INSERT.replace("?, ?", ":low, :high");

	private static final String INSERT = Entry.INSERT.replace("?, ?, ?", ":name, :quantity, :price");

	private final JdbcClient client;

	private final JdbcTemplate template;

	private final TransactionOperations transaction;

	ClientOperations(JdbcClient client, JdbcTemplate template, TransactionOperations transaction) {
		this.client = client;
		this.template = template;
		this.transaction = transaction;
	}

	void select(long key) {
		this.client.sql(SELECT).param("id", key).query((row, number) -> JdbcOperations.item(row)).single().expect(key);
	}

	void page(long key) {
		Entry.expect(Task.PAGE_SIZE,
				this.client.sql(PAGE)
					.param("id", key)
					.query((row, number) -> JdbcOperations.item(row).expect(key + number))
					.list()
					.size());
	}

	void rows() {
		Entry.expect(Task.MANY,
				this.client.sql(Item.ROWS)
					.query((row, number) -> JdbcOperations.item(row).expect(1L + number))
					.list()
					.size());
	}

	void stream(int expected) {
		try (Stream<Item> items = this.client.sql(Item.STREAM)
			.withFetchSize(Integer.MIN_VALUE)
			.query((row, number) -> JdbcOperations.item(row).expect(1L + number))
			.stream()) {
			Entry.expect(expected, items.mapToLong(Item::id).filter((id) -> id > 0).count());
		}
	}

	void insert(long key) {
		Entry entry = Entry.of(key);
		Entry.expect(1,
				this.client.sql(INSERT)
					.param("name", entry.name())
					.param("quantity", entry.quantity())
					.param("price", entry.price())
					.update());
	}

	void transfer(long key) {
		Transfer transfer = Transfer.of(key);
		this.transaction.executeWithoutResult((status) -> {
			Entry.expect(1, this.client.sql(DEBIT).param("id", transfer.low()).update());
			Entry.expect(1, this.client.sql(CREDIT).param("id", transfer.high()).update());
			Entry.expect(1,
					this.client.sql(TRANSFER).param("low", transfer.low()).param("high", transfer.high()).update());
		});
	}

	void bulk(long key) {
		List<Object[]> rows = Entry.many(key)
			.stream()
			.map((entry) -> new Object[] { entry.name(), entry.quantity(), entry.price() })
			.toList();
		this.transaction.executeWithoutResult(
				(status) -> Entry.expect(rows.size(), this.template.batchUpdate(Entry.INSERT, rows).length));
	}

}
