package dev.asyncmysql.transaction;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import javax.sql.DataSource;

import com.mysql.cj.jdbc.MysqlDataSource;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.library.LibraryApplication;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.transaction.TransactionManager;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * JDBC with its transaction manager beside the reactive one.
 */
@RequiresMySql
class BlockingManagerIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withUserConfiguration(LibraryApplication.class)
		.withPropertyValues(MySqlServer.properties())
		.withPropertyValues("spring.sql.init.mode=never", "spring.flyway.enabled=false")
		.withBean(Work.class);

	@Test
	void managerThatBootConfigures() {
		this.contexts.withUserConfiguration(Jdbc.class).run((context) -> {
			assertThat(context).hasNotFailed()
				.hasSingleBean(JdbcTransactionManager.class)
				.hasSingleBean(MySqlTransactionManager.class)
				.hasSingleBean(TransactionTemplate.class)
				.hasSingleBean(TransactionalOperator.class);
			assertThat(context.getBean(TransactionTemplate.class).getTransactionManager())
				.isSameAs(context.getBean(JdbcTransactionManager.class));
			assertThatEachMethodHasItsManager(context);
		});
	}

	@Test
	void managerThatTheApplicationDefines() {
		this.contexts.withUserConfiguration(Jdbc.class, OwnManager.class).run((context) -> {
			assertThat(context).hasNotFailed()
				.hasSingleBean(PlatformTransactionManager.class)
				.hasSingleBean(ReactiveTransactionManager.class);
			assertThatEachMethodHasItsManager(context);
		});
	}

	@Test
	void primaryManagerDecides() {
		this.contexts.withUserConfiguration(Jdbc.class, PrimaryManager.class).run((context) -> {
			assertThat(context.getBean(TransactionManager.class)).isInstanceOf(JdbcTransactionManager.class);
			Work work = context.getBean(Work.class);
			assertThatIllegalStateException().isThrownBy(() -> work.blocking(true));
			assertThat(rows(context)).isZero();
			assertThat(work.inBlockingTransaction().block(LIMIT)).isTrue();
			StepVerifier.create(work.named(true)).expectError(IllegalStateException.class).verify(LIMIT);
			assertThat(rows(context)).isZero();
		});
	}

	private static void assertThatEachMethodHasItsManager(ApplicationContext context) {
		Work work = context.getBean(Work.class);
		work.blocking(false);
		assertThatIllegalStateException().isThrownBy(() -> work.blocking(true));
		assertThat(rows(context)).isEqualTo(1);
		StepVerifier.create(work.reactive(false)).expectComplete().verify(LIMIT);
		StepVerifier.create(work.reactive(true)).expectError(IllegalStateException.class).verify(LIMIT);
		assertThat(rows(context)).isEqualTo(2);
		StepVerifier.create(work.named(true)).expectError(IllegalStateException.class).verify(LIMIT);
		assertThat(rows(context)).isEqualTo(2);
		assertThat(work.future()).isCompletedWithValue(true);
	}

	private static long rows(ApplicationContext context) {
		return context.getBean(DatabaseClient.class)
			.sql("SELECT COUNT(*) FROM work")
			.mapValue(Long.class)
			.one()
			.blockOptional(LIMIT)
			.orElseThrow();
	}

	/** What is transactional, in either way. */
	static class Work {

		private final JdbcTemplate jdbc;

		private final DatabaseClient client;

		Work(JdbcTemplate jdbc, DatabaseClient client) {
			this.jdbc = jdbc;
			this.client = client;
			jdbc.execute("DROP TABLE IF EXISTS work");
			jdbc.execute("CREATE TABLE work (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY)");
		}

		@Transactional
		void blocking(boolean fail) {
			this.jdbc.execute("INSERT INTO work VALUES ()");
			if (fail) {
				throw new IllegalStateException("blocking");
			}
		}

		@Transactional
		Mono<Void> reactive(boolean fail) {
			return insert(fail);
		}

		@Transactional("connectionFactoryTransactionManager")
		Mono<Void> named(boolean fail) {
			return insert(fail);
		}

		@Transactional
		CompletableFuture<Boolean> future() {
			return CompletableFuture.completedFuture(TransactionSynchronizationManager.isActualTransactionActive());
		}

		@Transactional
		Mono<Boolean> inBlockingTransaction() {
			return Mono.just(TransactionSynchronizationManager.isActualTransactionActive());
		}

		private Mono<Void> insert(boolean fail) {
			return this.client.sql("INSERT INTO work VALUES ()")
				.then()
				.then(fail ? Mono.error(new IllegalStateException("reactive")) : Mono.empty());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Jdbc {

		@Bean
		DataSource dataSource() {
			MysqlDataSource source = new MysqlDataSource();
			source.setUrl(MySqlServer.container().getJdbcUrl());
			source.setUser("root");
			source.setPassword(MySqlServer.container().getPassword());
			return source;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnManager {

		@Bean
		JdbcTransactionManager jdbcManager(DataSource dataSource) {
			return new JdbcTransactionManager(dataSource);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class PrimaryManager {

		@Bean
		@Primary
		JdbcTransactionManager jdbcManager(DataSource dataSource) {
			return new JdbcTransactionManager(dataSource);
		}

	}

}
