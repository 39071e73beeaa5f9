package dev.asyncmysql.transaction;

import dev.asyncmysql.TestServer;

/**
 * Methods that take part in a transaction on MariaDB.
 */
class ParticipationMariaDbIT extends AbstractParticipationTests {

	ParticipationMariaDbIT() {
		super(TestServer.MARIADB);
	}

}
