package dev.asyncmysql.autoconfigure;

import java.util.function.Supplier;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.DriverObjects;
import dev.asyncmysql.connection.MySqlConnectionFactories;
import io.r2dbc.spi.ConnectionFactoryOptions;

import org.springframework.boot.r2dbc.autoconfigure.R2dbcConnectionDetails;

/**
 * Connection details from properties, so that others find them where they look for those
 * of a service connection.
 */
class PropertiesConnectionDetails implements R2dbcConnectionDetails {

	private final ConnectionSettings settings;

	private final Supplier<DriverObjects> objects;

	PropertiesConnectionDetails(ConnectionSettings settings, Supplier<DriverObjects> objects) {
		this.settings = settings;
		this.objects = objects;
	}

	ConnectionSettings getSettings() {
		return this.settings;
	}

	@Override
	public ConnectionFactoryOptions getConnectionFactoryOptions() {
		return MySqlConnectionFactories.options(this.settings, this.objects.get(), SettingsResolver.PREFIX);
	}

}
