package dev.asyncmysql.connection;

import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.TestServer;

/**
 * Executions without a reset on MySQL.
 */
@RequiresMySql
class StatementResetsIT extends AbstractStatementResetsTests {

	StatementResetsIT() {
		super(TestServer.MYSQL);
	}

}
