package dev.asyncmysql.autoconfigure;

import java.lang.management.ManagementFactory;
import java.time.Duration;

import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.library.LibraryApplication;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.testcontainers.mariadb.MariaDBContainer;
import org.testcontainers.utility.DockerImageName;
import reactor.test.StepVerifier;

import org.springframework.boot.r2dbc.autoconfigure.R2dbcConnectionDetails;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.testcontainers.service.connection.ServiceConnection;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Several contexts in one JVM, and contexts in which something of the application's or of
 * a container's takes the place of ours.
 */
@RequiresMySql
class ContextsIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final ApplicationContextRunner bare = new ApplicationContextRunner()
		.withUserConfiguration(LibraryApplication.class)
		.withPropertyValues("spring.sql.init.mode=never", "spring.flyway.enabled=false");

	private final ApplicationContextRunner contexts = this.bare.withPropertyValues(MySqlServer.properties());

	@Test
	void twoContextsHaveTheirOwnDatabaseAndPool() {
		MySqlServer.execute("CREATE DATABASE IF NOT EXISTS second");
		MySqlServer.execute("CREATE USER IF NOT EXISTS second@'%' IDENTIFIED BY 'secret'");
		MySqlServer.execute("GRANT ALL ON second.* TO second@'%'");
		ApplicationContextRunner registered = this.contexts.withPropertyValues("async-mysql.pool.register-jmx=true");
		registered.withPropertyValues("async-mysql.pool.name=first").run((first) -> {
			ConnectionPool[] closed = new ConnectionPool[1];
			registered
				.withPropertyValues("async-mysql.pool.name=second", "async-mysql.database=second",
						"async-mysql.username=second", "async-mysql.password=secret")
				.run((second) -> {
					assertThat(database(first)).isEqualTo(MySqlServer.container().getDatabaseName());
					assertThat(database(second)).isEqualTo("second");
					assertThat(isRegistered("first")).isTrue();
					assertThat(isRegistered("second")).isTrue();
					closed[0] = second.getBean(ConnectionPool.class);
				});
			StepVerifier.create(closed[0].create()).expectError(R2dbcNonTransientResourceException.class).verify(LIMIT);
			Awaitility.await()
				.untilAsserted(() -> assertThat(
						MySqlServer.execute("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'second'"))
					.isEmpty());
			assertThat(isRegistered("second")).isFalse();
			assertThat(isRegistered("first")).isTrue();
			assertThat(database(first)).isEqualTo(MySqlServer.container().getDatabaseName());
		});
	}

	@Test
	void aChildUsesThePoolOfItsParent() {
		this.contexts.run((parent) -> {
			this.bare.withParent(parent).run((child) -> {
				assertThat(child).hasNotFailed();
				assertThat(child.getBeanFactory().containsLocalBean("connectionFactory")).isFalse();
				assertThat(database(child)).isEqualTo(MySqlServer.container().getDatabaseName());
			});
			assertThat(database(parent)).isEqualTo(MySqlServer.container().getDatabaseName());
		});
	}

	@Test
	void besideAnApplicationsOwnFactoryThereIsNothingOfOursButTheMaskOfSecrets() {
		this.contexts.withUserConfiguration(OwnFactory.class).run((context) -> {
			assertThat(context).hasNotFailed().hasSingleBean(R2dbcTransactionManager.class);
			assertThat(context.getBeanDefinitionNames())
				.filteredOn((name) -> name.startsWith("asyncMySql") || name.startsWith("dev.asyncmysql.autoconfigure."))
				.containsExactlyInAnyOrder(ActuatorSecretsAutoConfiguration.class.getName(),
						"asyncMySqlSanitizingFunction");
			assertThat(context.getBean(R2dbcTransactionManager.class))
				.isExactlyInstanceOf(R2dbcTransactionManager.class);
			assertThat(database(context)).isEqualTo(MySqlServer.container().getDatabaseName());
		});
	}

	@Test
	void anApplicationsOwnDetailsWinOverProperties() {
		this.contexts
			.withPropertyValues("async-mysql.host=elsewhere.invalid", "async-mysql.port=1",
					"async-mysql.pool.max-size=3")
			.withBean(R2dbcConnectionDetails.class, () -> ContextsIT::options)
			.run((context) -> {
				assertThat(context).hasNotFailed().hasSingleBean(R2dbcConnectionDetails.class);
				assertThat(database(context)).isEqualTo(MySqlServer.container().getDatabaseName());
				assertThat(context.getBean(ConnectionSettings.class).pool().maxSize()).isEqualTo(3);
			});
	}

	@Test
	void serviceConnectionOfMariaDb() {
		this.bare.withUserConfiguration(MariaDb.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context.getBean(R2dbcConnectionDetails.class)
				.getConnectionFactoryOptions()
				.getValue(ConnectionFactoryOptions.DRIVER)).isEqualTo("mariadb");
			assertThat(context.getBean(ConnectionSettings.class).username()).isEqualTo("root");
			assertThat(context).hasSingleBean(ConnectionPool.class);
			assertThat(database(context)).isEqualTo(MySqlServer.container().getDatabaseName());
		});
	}

	private static ConnectionFactoryOptions options() {
		return ConnectionFactoryOptions.parse(MySqlServer.url())
			.mutate()
			.option(ConnectionFactoryOptions.USER, "root")
			.option(ConnectionFactoryOptions.PASSWORD, MySqlServer.container().getPassword())
			.build();
	}

	private static String database(ApplicationContext context) {
		return context.getBean(DatabaseClient.class)
			.sql("SELECT DATABASE()")
			.mapValue(String.class)
			.one()
			.blockOptional(LIMIT)
			.orElseThrow();
	}

	private static boolean isRegistered(String pool) throws MalformedObjectNameException {
		return !ManagementFactory.getPlatformMBeanServer()
			.queryNames(new ObjectName("io.r2dbc.pool:name=" + pool + ",*"), null)
			.isEmpty();
	}

	@Configuration(proxyBeanMethods = false)
	static class OwnFactory {

		@Bean
		ConnectionFactory mine() {
			return new MySqlConnectionFactoryProvider().create(options());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class MariaDb {

		@Bean(destroyMethod = "")
		@ServiceConnection
		MariaDBContainer mariaDb() {
			return new SharedContainer();
		}

	}

	/**
	 * What a container of MariaDB tells Boot, with the shared server behind it.
	 */
	static class SharedContainer extends MariaDBContainer {

		SharedContainer() {
			super(DockerImageName.parse(MySqlServer.IMAGE).asCompatibleSubstituteFor("mariadb"));
			withUsername("root").withPassword(MySqlServer.container().getPassword())
				.withDatabaseName(MySqlServer.container().getDatabaseName());
		}

		@Override
		public void start() {
			MySqlServer.container();
		}

		@Override
		public boolean isRunning() {
			return true;
		}

		@Override
		public String getHost() {
			return MySqlServer.container().getHost();
		}

		@Override
		public Integer getMappedPort(int port) {
			return MySqlServer.container().getMappedPort(port);
		}

	}

}
