package dev.asyncmysql.sample.account;

import java.math.BigDecimal;
import java.time.Duration;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.test.RollbackOperator;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.ConnectionFactory;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.data.r2dbc.test.autoconfigure.DataR2dbcTest;
import org.springframework.data.domain.PageRequest;
import org.springframework.data.domain.Sort;
import org.springframework.transaction.ReactiveTransactionManager;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The slice of a test for repositories, on the development database.
 */
@DataR2dbcTest
class AccountRepositoryMariaDbIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	@Autowired
	private AccountRepository accounts;

	@Autowired
	private ReactiveTransactionManager transactionManager;

	@Autowired
	private ConnectionFactory connectionFactory;

	@Autowired
	private ConnectionSettings settings;

	@Test
	void savesAndPages() {
		this.accounts.save(new Account(null, null, "Ada", new BigDecimal("1.00")))
			.thenMany(this.accounts.findAllBy(PageRequest.of(0, 1, Sort.by("id"))))
			.map(Account::owner)
			.as(RollbackOperator.create(this.transactionManager)::flux)
			.as(StepVerifier::create)
			.expectNext("Ada")
			.expectComplete()
			.verify(LIMIT);
		assertThat(this.accounts.count().block(LIMIT)).isZero();
	}

	@Test
	void usesTheStartersPool() {
		assertThat(this.connectionFactory).isInstanceOf(ConnectionPool.class);
		assertThat(this.settings.host()).isEqualTo("127.0.0.1");
	}

}
