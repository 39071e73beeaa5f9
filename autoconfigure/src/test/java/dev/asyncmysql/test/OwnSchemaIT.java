package dev.asyncmysql.test;

import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.TestServer;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What a copy of a schema has, on MySQL.
 */
@RequiresMySql
class OwnSchemaIT extends AbstractOwnSchemaTests {

	@RegisterExtension
	static final OwnSchema schema = OwnSchema.copyOf(() -> template(TestServer.MYSQL));

	OwnSchemaIT() {
		super(TestServer.MYSQL, schema);
	}

}
