package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.bulk.BulkWriter;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.r2dbc.autoconfigure.DataR2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.data.r2dbc.convert.R2dbcConverter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link BulkWriterAutoConfiguration}.
 */
class BulkWriterAutoConfigurationTests {

	private final ApplicationContextRunner contexts = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(BulkWriterAutoConfiguration.class, AsyncMySqlAutoConfiguration.class,
				R2dbcAutoConfiguration.class, DataR2dbcAutoConfiguration.class))
		.withPropertyValues("async-mysql.url=r2dbc:mysql://app@127.0.0.1:1/db", "async-mysql.startup=lazy");

	@Test
	void writesEntitiesWhereSpringDataIs() {
		this.contexts.run((context) -> {
			assertThat(context).hasNotFailed().hasSingleBean(BulkWriter.class);
			assertThat(context.getBean(BulkWriter.class).insert(Entity.class)).isNotNull();
		});
	}

	@Test
	void writesRowsAloneWithoutSpringData() {
		this.contexts.withClassLoader(new FilteredClassLoader("org.springframework.data")).run((context) -> {
			assertThat(context).hasNotFailed().hasSingleBean(BulkWriter.class);
			BulkWriter bulk = context.getBean(BulkWriter.class);
			assertThat(bulk.insertInto("item")).isNotNull();
			assertThatIllegalStateException().isThrownBy(() -> bulk.insert(Entity.class))
				.withMessageContaining("Spring Data R2DBC");
		});
	}

	@Test
	void standsBackFromAnApplicationsOwn() {
		BulkWriter own = mock();
		this.contexts.withBean(BulkWriter.class, () -> own)
			.run((context) -> assertThat(context).getBean(BulkWriter.class).isSameAs(own));
		this.contexts.withBean(BulkWriter.class, () -> own)
			.withClassLoader(new FilteredClassLoader(R2dbcConverter.class))
			.run((context) -> assertThat(context).getBean(BulkWriter.class).isSameAs(own));
	}

	@Test
	void standsBackWithTheStarter() {
		ConnectionFactoryOptions options = ConnectionFactoryOptions.parse("r2dbc:mysql://mine@127.0.0.1:1/db");
		this.contexts.withBean(ConnectionFactory.class, () -> new MySqlConnectionFactoryProvider().create(options))
			.run((context) -> assertThat(context).doesNotHaveBean(BulkWriter.class));
		this.contexts
			.withPropertyValues("async-mysql.enabled=false", "spring.r2dbc.url=r2dbc:mysql://app@127.0.0.1:1/db")
			.run((context) -> assertThat(context).doesNotHaveBean(BulkWriter.class));
	}

	record Entity(Long id) {

	}

}
