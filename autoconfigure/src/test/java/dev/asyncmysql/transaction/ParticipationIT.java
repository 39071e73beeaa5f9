package dev.asyncmysql.transaction;

import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.TestServer;

/**
 * Methods that take part in a transaction on MySQL.
 */
@RequiresMySql
class ParticipationIT extends AbstractParticipationTests {

	ParticipationIT() {
		super(TestServer.MYSQL);
	}

}
