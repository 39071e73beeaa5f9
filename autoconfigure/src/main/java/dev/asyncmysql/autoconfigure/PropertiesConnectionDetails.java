package dev.asyncmysql.autoconfigure;

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

	PropertiesConnectionDetails(ConnectionSettings settings) {
		this.settings = settings;
	}

	ConnectionSettings getSettings() {
		return this.settings;
	}

	@Override
	public ConnectionFactoryOptions getConnectionFactoryOptions() {
		return MySqlConnectionFactories.options(this.settings, DriverObjects.NONE, SettingsResolver.PREFIX);
	}

}
