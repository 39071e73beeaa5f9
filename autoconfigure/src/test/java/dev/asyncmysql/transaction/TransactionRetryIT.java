package dev.asyncmysql.transaction;

import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.TestServer;

/**
 * Transactions that are run again on MySQL.
 */
@RequiresMySql
class TransactionRetryIT extends AbstractTransactionRetryTests {

	TransactionRetryIT() {
		super(TestServer.MYSQL);
	}

}
