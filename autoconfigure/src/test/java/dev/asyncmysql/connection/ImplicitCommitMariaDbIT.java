package dev.asyncmysql.connection;

import java.util.stream.Stream;

import dev.asyncmysql.TestServer;

/**
 * What commits on MariaDB.
 */
class ImplicitCommitMariaDbIT extends AbstractImplicitCommitTests {

	ImplicitCommitMariaDbIT() {
		super(TestServer.MARIADB);
	}

	static Stream<String> committing() {
		return Stream.of("SET PASSWORD FOR implicit_user = PASSWORD('secret')", "FLUSH STATUS",
				"CREATE OR REPLACE TABLE implicit_ddl (id INT)", "BEGIN NOT ATOMIC COMMIT; END",
				"SET STATEMENT max_statement_time = 5 FOR TRUNCATE implicit_ddl");
	}

	static Stream<String> harmless() {
		return Stream.of("ANALYZE SELECT 1", "ANALYZE FORMAT=JSON SELECT 1",
				"CREATE OR REPLACE TEMPORARY TABLE implicit_t (id INT)", "BEGIN NOT ATOMIC SELECT 1; END",
				"SET STATEMENT max_statement_time = 5 FOR SELECT 1", "CACHE INDEX implicit_ddl IN nowhere",
				"START REPLICA", "UNLOCK TABLES", "SET autocommit = 1");
	}

}
