package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.bulk.BulkWriter;
import io.r2dbc.spi.ConnectionFactory;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.context.annotation.Import;

/**
 * Auto-configuration of the {@link BulkWriter}, which writes entities where Spring Data
 * R2DBC is there.
 */
@AutoConfiguration(after = { AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class },
		afterName = "org.springframework.boot.data.r2dbc.autoconfigure.DataR2dbcAutoConfiguration")
@ConditionalOnBean(ConnectionSettings.class)
@ConditionalOnSingleCandidate(ConnectionFactory.class)
@Import({ BulkWriterConfigurations.OfEntities.class, BulkWriterConfigurations.OfRows.class })
public final class BulkWriterAutoConfiguration {

}
