package dev.asyncmysql.sample.statement;

import reactor.core.publisher.Flux;

import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Repository;

/**
 * Reads an account's entries as fast as they are wanted, and no faster.
 */
@Repository
class Statements {

	private final DatabaseClient databaseClient;

	Statements(DatabaseClient databaseClient) {
		this.databaseClient = databaseClient;
	}

	/**
	 * Read the entries of an account. Rows are fetched on demand, so that a statement of
	 * any length takes the same small memory; the stream holds one connection until it
	 * ends or is cancelled.
	 * @param accountId the account
	 * @param after the entry after which to begin, zero for all
	 * @return its entries, the oldest first
	 */
	Flux<Entry> of(long accountId, long after) {
		return this.databaseClient.sql("""
				SELECT id, transfer_id, reference, amount FROM entry
				WHERE account_id = :account AND id > :after ORDER BY id""")
			.bind("account", accountId)
			.bind("after", after)
			.mapProperties(Entry.class)
			.all();
	}

}
