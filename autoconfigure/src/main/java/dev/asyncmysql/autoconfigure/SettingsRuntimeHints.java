package dev.asyncmysql.autoconfigure;

import dev.asyncmysql.ConnectionSettings;
import org.jspecify.annotations.Nullable;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.boot.context.properties.bind.BindableRuntimeHintsRegistrar;

/**
 * Tells a native image that settings are bound, although no bean is registered for it.
 */
class SettingsRuntimeHints implements RuntimeHintsRegistrar {

	@Override
	public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
		BindableRuntimeHintsRegistrar.forTypes(ConnectionSettings.class).registerHints(hints, classLoader);
	}

}
