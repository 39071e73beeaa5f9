package dev.asyncmysql.connection;

import dev.asyncmysql.TestServer;

/**
 * Executions without a reset on MariaDB.
 */
class StatementResetsMariaDbIT extends AbstractStatementResetsTests {

	StatementResetsMariaDbIT() {
		super(TestServer.MARIADB);
	}

}
