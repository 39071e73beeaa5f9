package dev.asyncmysql;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

import com.jayway.jsonpath.JsonPath;
import dev.asyncmysql.connection.MySqlConnectionFactories;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Option;
import org.junit.jupiter.api.Test;

import org.springframework.boot.context.properties.source.ConfigurationPropertyName;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Holds the properties against what the driver and the pool can be told, so that neither
 * gains or loses an option unnoticed.
 */
class MetadataTests {

	/**
	 * Options of the driver that take an object: each has a bean in the place of a
	 * property.
	 */
	private static final Set<String> OBJECTS = Set.of("loopResources", "resolver", "passwordPublisher",
			"sslHostnameVerifier", "sslContextBuilderCustomizer");

	/** Options of the driver without a property or bean, with the reason. */
	private static final Map<String, String> LEFT_OUT = Map.of("serverZoneId",
			"deprecated by the driver in favour of connectionTimeZone; a URL may still carry it");

	/** Settings of the pool that take an object: {@link PoolCustomizer} reaches them. */
	private static final Set<String> POOL_OBJECTS = Set.of("allocatorSubscribeOn", "clock", "customizer",
			"metricsRecorder", "postAllocate", "preRelease", "connectionFactory", "build", "toString");

	private final Map<String, Map<String, Object>> properties = metadata();

	@Test
	void eachOptionOfTheDriverHasAPropertyOrABeanOrAReason() throws IllegalAccessException {
		Map<String, String> unmapped = new TreeMap<>();
		for (Field field : MySqlConnectionFactoryProvider.class.getFields()) {
			if (Modifier.isStatic(field.getModifiers()) && Option.class.isAssignableFrom(field.getType())) {
				String option = ((Option<?>) field.get(null)).name();
				String property = MySqlConnectionFactories.propertyOf(option);
				boolean mapped = property != null && this.properties.containsKey("async-mysql." + property);
				if (mapped == (OBJECTS.contains(option) || LEFT_OUT.containsKey(option))) {
					unmapped.put(field.getName(), String.valueOf(property));
				}
				assertThat(MySqlConnectionFactories.isKnown(option)).as(option).isTrue();
			}
		}
		assertThat(unmapped).isEmpty();
	}

	@Test
	void eachOptionOfTheSpecificationThatTheDriverReadsHasAProperty() {
		assertThat(List.of("host", "port", "database", "user", "password", "connectTimeout", "statementTimeout",
				"lockWaitTimeout"))
			.allSatisfy((option) -> assertThat(this.properties)
				.containsKey("async-mysql." + MySqlConnectionFactories.propertyOf(option)));
	}

	@Test
	void eachSettingOfThePoolHasAProperty() {
		Set<String> settings = Arrays.stream(ConnectionPoolConfiguration.Builder.class.getDeclaredMethods())
			.filter((method) -> Modifier.isPublic(method.getModifiers()))
			.map(Method::getName)
			.filter((name) -> !POOL_OBJECTS.contains(name))
			.collect(Collectors.toCollection(TreeSet::new));
		assertThat(settings).isNotEmpty()
			.allSatisfy((setting) -> assertThat(this.properties).containsKey("async-mysql.pool." + dashed(setting)));
		assertThat(this.properties).containsKeys("async-mysql.pool.max-pending-acquire",
				"async-mysql.pool.warmup-parallelism", "async-mysql.pool.life-time-jitter",
				"async-mysql.pool.background-eviction-interval");
	}

	@Test
	void eachPropertyIsDocumentedAndTyped() {
		assertThat(this.properties).hasSizeGreaterThan(50).allSatisfy((name, property) -> {
			assertThat(text(property, "type")).as(name).isNotEmpty().isNotEqualTo("java.lang.Long");
			assertThat(text(property, "description")).as(name)
				.isNotEmpty()
				.doesNotStartWith("The ")
				.doesNotStartWith("A ")
				.endsWith(".");
			if (text(property, "type").equals("java.lang.Boolean")) {
				assertThat(text(property, "description")).as(name).matches("(Whether|Enable) .*");
			}
			assertThat(ConfigurationPropertyName.isValid(name)).isTrue();
		});
	}

	private static String text(Map<String, Object> property, String key) {
		return String.valueOf(property.getOrDefault(key, ""));
	}

	private static String dashed(String name) {
		return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
	}

	static Map<String, Map<String, Object>> metadata() {
		try (InputStream stream = ConnectionSettings.class
			.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
			List<Map<String, Object>> properties = JsonPath.parse(stream).read("$.properties");
			// The endpoint's own are Boot's, as of any endpoint.
			return properties.stream()
				.filter((property) -> property.get("name").toString().startsWith("async-mysql."))
				.collect(Collectors.toMap((property) -> property.get("name").toString(), Function.identity()));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
