package dev.asyncmysql.autoconfigure;

import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.observability.EffectiveSetting;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.SanitizableData;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcConnectionDetails;
import org.springframework.core.env.Environment;
import org.springframework.util.ReflectionUtils;

/**
 * Tells each setting that is in force, and where it was said.
 */
final class SettingsInForce implements Supplier<Map<String, EffectiveSetting>> {

	private static final String DEFAULT = "default";

	private final Environment environment;

	private final ConnectionSettings settings;

	private final ConnectionSettings defaults;

	private final SettingsResolver resolver;

	private final @Nullable SettingsLayer service;

	SettingsInForce(Environment environment, ConnectionSettings settings, @Nullable R2dbcConnectionDetails details) {
		this.environment = environment;
		this.settings = settings;
		this.defaults = SettingsResolver.defaults();
		this.resolver = new SettingsResolver(environment);
		this.service = (details == null || details instanceof PropertiesConnectionDetails) ? null
				: SettingsLayer.of("connection details", details.getConnectionFactoryOptions());
	}

	@Override
	public Map<String, EffectiveSetting> get() {
		Map<String, EffectiveSetting> all = new TreeMap<>();
		add("", this.settings, this.defaults, all);
		return all;
	}

	private void add(String prefix, Record source, Record sourceDefaults, Map<String, EffectiveSetting> all) {
		for (RecordComponent component : source.getClass().getRecordComponents()) {
			String name = prefix + DataObjectPropertyName.toDashedForm(component.getName());
			Object value = ReflectionUtils.invokeMethod(component.getAccessor(), source);
			Object standard = ReflectionUtils.invokeMethod(component.getAccessor(), sourceDefaults);
			if (value instanceof Record nested && standard instanceof Record nestedDefaults) {
				add(name + ".", nested, nestedDefaults, all);
			}
			else {
				all.put(SettingsResolver.PREFIX + "." + name,
						new EffectiveSetting(shown(name, value), origin(name, value, standard)));
			}
		}
	}

	// Enough of a value for JSON, whatever is configured there.
	private static @Nullable Object shown(String name, @Nullable Object value) {
		Object shown = ShownValue.of(SettingsResolver.PREFIX + "." + name, value, SanitizableData.SANITIZED_VALUE);
		if (shown instanceof Map<?, ?> options) {
			Map<String, Object> masked = new TreeMap<>();
			options.keySet().forEach((key) -> masked.put(String.valueOf(key), SanitizableData.SANITIZED_VALUE));
			return masked;
		}
		if (shown == null || shown instanceof Number || shown instanceof Boolean) {
			return shown;
		}
		return (shown instanceof Collection<?> values) ? values.stream().map(String::valueOf).toList()
				: shown.toString();
	}

	private String origin(String name, @Nullable Object value, @Nullable Object standard) {
		if (this.service != null && this.service.has(name)) {
			return this.service.origin();
		}
		ConfigurationProperty said = find(this.resolver.nameOf(name));
		if (said != null) {
			return (said.getOrigin() != null) ? said.getName() + " at " + said.getOrigin() : said.getName().toString();
		}
		boolean same = (value != null) ? value.equals(standard) : standard == null;
		return same ? DEFAULT : "the application's own bean or the host's default";
	}

	private @Nullable ConfigurationProperty find(String name) {
		if (!ConfigurationPropertyName.isValid(name)) {
			return null;
		}
		ConfigurationPropertyName wanted = ConfigurationPropertyName.of(name);
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(this.environment)) {
			ConfigurationProperty property = source.getConfigurationProperty(wanted);
			property = (property != null) ? property : source.getConfigurationProperty(wanted.append("[0]"));
			if (property != null) {
				return property;
			}
		}
		return null;
	}

}
