package dev.asyncmysql.transaction;

import dev.asyncmysql.TestServer;

/**
 * Deadlines of transactions on MariaDB.
 */
class TransactionDeadlineMariaDbIT extends AbstractTransactionDeadlineTests {

	TransactionDeadlineMariaDbIT() {
		super(TestServer.MARIADB);
	}

}
