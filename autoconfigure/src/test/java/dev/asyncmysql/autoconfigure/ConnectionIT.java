package dev.asyncmysql.autoconfigure;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.PasswordProvider;
import dev.asyncmysql.RequiresMySql;
import io.asyncer.r2dbc.mysql.constant.SslMode;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.proxy.ProxyConnectionFactory;
import io.r2dbc.spi.ConnectionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.Container;
import org.testcontainers.mysql.MySQLContainer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.context.ConfigurationPropertiesAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.r2dbc.ConnectionFactoryDecorator;
import org.springframework.boot.r2dbc.OptionsCapableConnectionFactory;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcInitializationAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.testcontainers.service.connection.ServiceConnection;
import org.springframework.boot.testcontainers.service.connection.ServiceConnectionAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Every way to configure a connection, to a real MySQL and back.
 */
@RequiresMySql
@ExtendWith(OutputCaptureExtension.class)
class ConnectionIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final MySQLContainer mysql = MySqlServer.container();

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class,
				R2dbcInitializationAutoConfiguration.class, ServiceConnectionAutoConfiguration.class,
				SslAutoConfiguration.class, ConfigurationPropertiesAutoConfiguration.class));

	@Test
	void hostAndPort(CapturedOutput output) {
		this.contexts.withPropertyValues(MySqlServer.properties()).run((context) -> {
			assertThat(query(context, "SELECT DATABASE()")).containsExactly(this.mysql.getDatabaseName());
			assertThat(context).hasSingleBean(ConnectionPool.class);
		});
		assertThat(output).contains("Connected to MySQL 9.7").contains("pool of 1 to 10 connections");
	}

	@Test
	void url() {
		this.contexts
			.withPropertyValues("async-mysql.url=" + MySqlServer.url() + "?connectTimeout=PT3S",
					"async-mysql.username=root", "async-mysql.password=" + this.mysql.getPassword())
			.run((context) -> {
				assertThat(query(context, "SELECT DATABASE()")).containsExactly(this.mysql.getDatabaseName());
				assertThat(context.getBean(ConnectionSettings.class).connectTimeout()).isEqualTo(Duration.ofSeconds(3));
			});
	}

	@Test
	void springR2dbcUrl() {
		this.contexts
			.withPropertyValues("spring.r2dbc.url=" + MySqlServer.url(), "spring.r2dbc.username=root",
					"spring.r2dbc.password=" + this.mysql.getPassword(), "spring.r2dbc.pool.max-size=3")
			.run((context) -> {
				assertThat(query(context, "SELECT DATABASE()")).containsExactly(this.mysql.getDatabaseName());
				assertThat(context.getBean(ConnectionPool.class).getMetrics().orElseThrow().getMaxAllocatedSize())
					.isEqualTo(3);
			});
	}

	@Test
	void serviceConnectionWithOwnSettings() {
		this.contexts.withUserConfiguration(Service.class)
			.withPropertyValues("async-mysql.url=r2dbc:mysql://elsewhere.invalid/x?sslMode=VERIFY_IDENTITY",
					"async-mysql.pool.max-size=4",
					"async-mysql.session-variables[0]=sql_mode='ANSI_QUOTES,STRICT_ALL_TABLES'",
					"async-mysql.session-variables[1]=lock_wait_timeout=7")
			.run((context) -> {
				assertThat(query(context, "SELECT CONCAT(@@sql_mode, ' ', @@lock_wait_timeout)"))
					.containsExactly("ANSI_QUOTES,STRICT_ALL_TABLES 7");
				assertThat(context.getBean(ConnectionSettings.class).pool().maxSize()).isEqualTo(4);
			});
	}

	@Test
	void pemFilesVerifyTheServer(@TempDir Path folder) {
		Path ca = serverFile("ca.pem", folder);
		this.contexts.withPropertyValues(MySqlServer.properties())
			.withPropertyValues("async-mysql.ssl.ca=" + ca, "async-mysql.ssl.tls-version=TLSv1.3")
			.run((context) -> assertThat(query(context, "SELECT VARIABLE_VALUE FROM performance_schema.session_status "
					+ "WHERE VARIABLE_NAME = 'Ssl_version'"))
				.containsExactly("TLSv1.3"));
	}

	@Test
	void bundleVerifiesTheServerAndShowsTheClient(@TempDir Path folder) {
		Path ca = serverFile("ca.pem", folder);
		Path cert = serverFile("client-cert.pem", folder);
		Path key = serverFile("client-key.pem", folder);
		execute("CREATE USER IF NOT EXISTS certified@'%' IDENTIFIED BY 'secret' REQUIRE X509");
		this.contexts.withUserConfiguration(Service.class)
			.withPropertyValues("async-mysql.ssl.bundle=mysql",
					"spring.ssl.bundle.pem.mysql.truststore.certificate=" + ca,
					"spring.ssl.bundle.pem.mysql.keystore.certificate=" + cert,
					"spring.ssl.bundle.pem.mysql.keystore.private-key=" + key)
			.run((context) -> {
				assertThat(query(context,
						"SELECT IF(VARIABLE_VALUE = '', 'plain', 'encrypted') FROM "
								+ "performance_schema.session_status WHERE VARIABLE_NAME = 'Ssl_cipher'"))
					.containsExactly("encrypted");
				assertThat(context.getBean(ConnectionSettings.class).ssl().mode()).isNull();
			});
		this.contexts.withPropertyValues(MySqlServer.properties())
			.withPropertyValues("async-mysql.username=certified", "async-mysql.password=secret",
					"async-mysql.database=", "async-mysql.ssl.bundle=mysql",
					"spring.ssl.bundle.pem.mysql.truststore.certificate=" + ca,
					"spring.ssl.bundle.pem.mysql.keystore.certificate=" + cert,
					"spring.ssl.bundle.pem.mysql.keystore.private-key=" + key)
			.run((context) -> assertThat(query(context, "SELECT USER()")).singleElement()
				.asString()
				.startsWith("certified"));
	}

	@Test
	void bundleOfAnotherAuthorityRefusesTheServer(@TempDir Path folder) {
		Path other = serverFile("client-cert.pem", folder);
		this.contexts.withUserConfiguration(Service.class)
			.withPropertyValues("async-mysql.ssl.bundle=mysql",
					"spring.ssl.bundle.pem.mysql.truststore.certificate=" + other)
			.run((context) -> assertThat(context).getFailure().hasStackTraceContaining("certif"));
	}

	@Test
	void identityIsVerified(@TempDir Path folder) {
		Path ca = serverFile("ca.pem", folder);
		this.contexts.withPropertyValues(MySqlServer.properties())
			.withPropertyValues("async-mysql.ssl.ca=" + ca, "async-mysql.ssl.mode=VERIFY_IDENTITY")
			.run((context) -> assertThat(context).getFailure().hasStackTraceContaining("could not be verified"));
	}

	@Test
	void passwordProviderIsAskedForEachConnection() {
		AtomicInteger asked = new AtomicInteger();
		this.contexts.withPropertyValues(MySqlServer.properties())
			.withPropertyValues("async-mysql.password=", "async-mysql.pool.initial-size=3")
			.withBean(PasswordProvider.class, () -> () -> Mono.fromSupplier(() -> {
				asked.incrementAndGet();
				return this.mysql.getPassword();
			}))
			.run((context) -> {
				assertThat(query(context, "SELECT 'in'")).containsExactly("in");
				// The start has one of its own.
				assertThat(asked).hasValue(4);
			});
	}

	@Test
	void passwordProviderYieldsToAServiceConnection() {
		this.contexts.withUserConfiguration(Service.class)
			.withBean(PasswordProvider.class, () -> () -> Mono.just("token of the production server"))
			.run((context) -> assertThat(query(context, "SELECT 'in'")).containsExactly("in"));
	}

	@Test
	void passwordProviderThatIsEmptyFailsTheAttempt() {
		this.contexts.withPropertyValues(MySqlServer.properties())
			.withPropertyValues("async-mysql.password=", "async-mysql.startup=lazy")
			.withBean(PasswordProvider.class, () -> Mono::empty)
			.run((context) -> StepVerifier.create(context.getBean(ConnectionFactory.class).create())
				.expectErrorSatisfies((ex) -> assertThat(ex).hasMessageContaining("gave no password"))
				.verify(LIMIT));
	}

	@Test
	void placeholdersInAPasswordAreTakenLiterally() {
		execute("CREATE USER IF NOT EXISTS dollar@'%' IDENTIFIED BY 'a${user.name}@b/c'");
		this.contexts
			.withPropertyValues("async-mysql.url=r2dbc:mysql://dollar:a%24%7Buser.name%7D%40b%2Fc@"
					+ this.mysql.getHost() + ":" + this.mysql.getFirstMappedPort())
			.run((context) -> assertThat(query(context, "SELECT USER()")).singleElement()
				.asString()
				.startsWith("dollar@"));
	}

	@Test
	void schemaScriptRuns() {
		this.contexts.withPropertyValues(MySqlServer.properties())
			.withPropertyValues("spring.sql.init.mode=always",
					"spring.sql.init.schema-locations=classpath:schema-it.sql")
			.run((context) -> assertThat(query(context, "SELECT name FROM scripted")).containsExactly("from schema"));
	}

	@Test
	void schemaScriptRunsAsAnotherUser() {
		execute("CREATE USER IF NOT EXISTS migrator@'%' IDENTIFIED BY 'secret'");
		execute("GRANT ALL ON *.* TO migrator@'%'");
		this.contexts.withPropertyValues(MySqlServer.properties())
			.withPropertyValues("spring.sql.init.mode=always",
					"spring.sql.init.schema-locations=classpath:schema-it.sql", "spring.sql.init.username=migrator",
					"spring.sql.init.password=secret")
			.run((context) -> assertThat(query(context, "SELECT name FROM scripted")).containsExactly("from schema"));
	}

	@Test
	void withoutPoolEachUseHasItsOwnConnection(CapturedOutput output) {
		this.contexts.withPropertyValues(MySqlServer.properties())
			.withPropertyValues("async-mysql.pool.enabled=false")
			.run((context) -> {
				assertThat(context).doesNotHaveBean(ConnectionPool.class);
				String first = query(context, "SELECT CAST(CONNECTION_ID() AS CHAR)").get(0);
				assertThat(query(context, "SELECT CAST(CONNECTION_ID() AS CHAR)")).doesNotContain(first);
			});
		assertThat(output).contains("The connection pool is switched off");
	}

	@Test
	void decoratorsAreKept() {
		this.contexts.withPropertyValues(MySqlServer.properties())
			.withBean(ConnectionFactoryDecorator.class,
					() -> (factory) -> ProxyConnectionFactory.builder(factory).build())
			.run((context) -> {
				assertThat(query(context, "SELECT 'proxied'")).containsExactly("proxied");
				ConnectionFactory pool = context.getBean(ConnectionFactory.class);
				assertThat(OptionsCapableConnectionFactory.unwrapFrom(pool)).isNotNull();
			});
	}

	@Test
	void tlsModeOfTheServiceConnectionIsOurs() {
		this.contexts.withUserConfiguration(Service.class)
			.withPropertyValues("async-mysql.ssl.mode=REQUIRED")
			.run((context) -> {
				assertThat(context.getBean(ConnectionSettings.class).ssl().mode()).isEqualTo(SslMode.REQUIRED);
				assertThat(query(context,
						"SELECT IF(VARIABLE_VALUE = '', 'plain', 'encrypted') FROM "
								+ "performance_schema.session_status WHERE VARIABLE_NAME = 'Ssl_cipher'"))
					.containsExactly("encrypted");
			});
	}

	private void execute(String sql) {
		this.contexts.withPropertyValues(MySqlServer.properties())
			.run((context) -> context.getBean(DatabaseClient.class).sql(sql).then().block(LIMIT));
	}

	private static List<String> query(ApplicationContext context, String sql) {
		Flux<String> values = context.getBean(DatabaseClient.class).sql(sql).mapValue(String.class).all();
		return values.collectList().blockOptional(LIMIT).orElseThrow();
	}

	private Path serverFile(String name, Path folder) {
		try {
			Container.ExecResult result = this.mysql.execInContainer("cat", "/var/lib/mysql/" + name);
			return Files.writeString(folder.resolve(name), result.getStdout(), StandardCharsets.US_ASCII);
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class Service {

		@Bean(destroyMethod = "")
		@ServiceConnection
		MySQLContainer mysql() {
			return MySqlServer.container();
		}

	}

}
