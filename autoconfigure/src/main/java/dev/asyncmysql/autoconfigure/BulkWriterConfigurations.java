package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.bulk.BulkWriter;
import dev.asyncmysql.bulk.SpringDataBulkWriter;
import io.r2dbc.spi.ConnectionFactory;

import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.mapping.callback.EntityCallback;
import org.springframework.data.mapping.callback.ReactiveEntityCallbacks;
import org.springframework.data.r2dbc.convert.R2dbcConverter;

/**
 * The bean {@code bulkWriter}. Entities come first: nested configurations of an
 * auto-configuration have no order.
 */
abstract class BulkWriterConfigurations {

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(R2dbcConverter.class)
	@ConditionalOnSingleCandidate(R2dbcConverter.class)
	static class OfEntities {

		@Bean
		@ConditionalOnMissingBean
		BulkWriter bulkWriter(ConnectionFactory connectionFactory, R2dbcConverter converter,
				ApplicationContext context) {
			boolean called = context.getBeanNamesForType(EntityCallback.class, true, false).length > 0;
			return SpringDataBulkWriter.create(connectionFactory, converter,
					called ? ReactiveEntityCallbacks.create(context) : null);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OfRows {

		@Bean
		@ConditionalOnMissingBean
		BulkWriter bulkWriter(ConnectionFactory connectionFactory) {
			return BulkWriter.create(connectionFactory);
		}

	}

}
