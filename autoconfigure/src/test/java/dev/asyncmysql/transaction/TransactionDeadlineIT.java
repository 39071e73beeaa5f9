package dev.asyncmysql.transaction;

import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.TestServer;

/**
 * Deadlines of transactions on MySQL.
 */
@RequiresMySql
class TransactionDeadlineIT extends AbstractTransactionDeadlineTests {

	TransactionDeadlineIT() {
		super(TestServer.MYSQL);
	}

}
