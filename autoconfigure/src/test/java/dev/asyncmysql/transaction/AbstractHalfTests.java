package dev.asyncmysql.transaction;

import java.util.List;

import dev.asyncmysql.TestServer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.context.ApplicationContext;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A table in which half a transaction shows: three rows with an amount of zero.
 */
abstract class AbstractHalfTests extends AbstractTransactionTests {

	AbstractHalfTests(TestServer server) {
		super(server);
	}

	@BeforeEach
	void createTable() {
		this.server.execute("DROP TABLE IF EXISTS half, half_log, half_ddl");
		this.server.execute("CREATE TABLE half (id INT PRIMARY KEY, amount INT NOT NULL)");
		this.server.execute("INSERT INTO half VALUES (1, 0), (2, 0), (3, 0)");
	}

	static @Nullable Throwable whileLocked(ApplicationContext context, int id, Mono<?> work) {
		return whileHeld(context, "UPDATE half SET amount = 5 WHERE id = " + id, work);
	}

	static Mono<Long> update(ApplicationContext context, int id) {
		return context.getBean(DatabaseClient.class)
			.sql("UPDATE half SET amount = amount + 1 WHERE id = :id")
			.bind("id", id)
			.fetch()
			.rowsUpdated();
	}

	void assertThatNextBorrowersWrite(ApplicationContext context) {
		Flux.range(0, 4).flatMap((index) -> update(context, 3)).then().block(LIMIT);
		assertThat(amounts().get(2)).isEqualTo("4");
	}

	List<String> amounts() {
		return this.server.execute("SELECT amount FROM half ORDER BY id");
	}

}
