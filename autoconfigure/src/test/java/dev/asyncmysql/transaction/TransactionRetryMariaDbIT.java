package dev.asyncmysql.transaction;

import dev.asyncmysql.TestServer;

/**
 * Transactions that are run again on MariaDB.
 */
class TransactionRetryMariaDbIT extends AbstractTransactionRetryTests {

	TransactionRetryMariaDbIT() {
		super(TestServer.MARIADB);
	}

}
