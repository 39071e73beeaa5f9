package dev.asyncmysql.transaction;

import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.TestServer;
import org.junit.jupiter.api.Test;

import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * No half transactions on MySQL.
 */
@RequiresMySql
class HalfTransactionIT extends AbstractHalfTransactionTests {

	HalfTransactionIT() {
		super(TestServer.MYSQL);
	}

	@Test
	void whoAsksNotToWaitGoesOn() {
		this.contexts.run((context) -> {
			DatabaseClient client = context.getBean(DatabaseClient.class);
			Throwable failure = whileLocked(context, 3, transactions(context).transactional(
					update(context, 1)
						.then(client.sql("SELECT id FROM half WHERE id = 3 FOR UPDATE NOWAIT")
							.fetch()
							.all()
							.then()
							.onErrorComplete())
						.then(update(context, 2))));
			assertThat(failure).isNull();
			assertThat(amounts()).containsExactly("1", "1", "0");
		});
	}

}
