package dev.asyncmysql.transaction;

import dev.asyncmysql.TestServer;

/**
 * No half transactions on MariaDB.
 */
class HalfTransactionMariaDbIT extends AbstractHalfTransactionTests {

	HalfTransactionMariaDbIT() {
		super(TestServer.MARIADB);
	}

}
