package dev.asyncmysql.connection;

import java.util.stream.Stream;

import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.TestServer;

/**
 * What commits on MySQL.
 */
@RequiresMySql
class ImplicitCommitIT extends AbstractImplicitCommitTests {

	ImplicitCommitIT() {
		super(TestServer.MYSQL);
	}

	static Stream<String> committing() {
		return Stream.of("SET PASSWORD FOR implicit_user = 'secret'", "SET DEFAULT ROLE NONE TO implicit_user",
				"FLUSH STATUS", "CACHE INDEX implicit_ddl IN nowhere", "START REPLICA", "STOP REPLICA");
	}

	static Stream<String> harmless() {
		return Stream.of("LOCK INSTANCE FOR BACKUP", "TABLE implicit_ddl", "UNLOCK TABLES", "SET autocommit = 1");
	}

}
