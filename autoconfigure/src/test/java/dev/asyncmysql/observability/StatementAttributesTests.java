package dev.asyncmysql.observability;

import java.util.List;

import dev.asyncmysql.ConnectionSettings;
import io.micrometer.common.KeyValue;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.r2dbc.proxy.core.ConnectionInfo;
import io.r2dbc.proxy.core.QueryExecutionInfo;
import io.r2dbc.proxy.core.QueryInfo;
import io.r2dbc.proxy.core.ValueStore;
import org.junit.jupiter.api.Test;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link StatementAttributes}.
 */
class StatementAttributesTests {

	private final ObservationRegistry registry = ObservationRegistry.create();

	private final StatementAttributes attributes = new StatementAttributes(
			Binder.get(new MockEnvironment()).bindOrCreate("c", ConnectionSettings.class));

	StatementAttributesTests() {
		this.registry.observationConfig().observationHandler((context) -> true);
	}

	@Test
	void whatExecutesNothingHasTheSameTags() {
		Observation.Context one = observe(List.of(new QueryInfo("SELECT 1")));
		Observation.Context none = observe(List.of());
		assertThat(none.getLowCardinalityKeyValues().stream().map(KeyValue::getKey))
			.containsExactlyElementsOf(one.getLowCardinalityKeyValues().stream().map(KeyValue::getKey).toList())
			.contains("db.system.name", "db.operation.name");
		assertThat(none.getLowCardinalityKeyValue("db.operation.name"))
			.isEqualTo(KeyValue.of("db.operation.name", "OTHER"));
	}

	private Observation.Context observe(List<QueryInfo> queries) {
		Observation observation = Observation.start("query", this.registry);
		QueryExecutionInfo execution = mock();
		ValueStore store = ValueStore.create();
		store.put(Observation.class, observation);
		given(execution.getValueStore()).willReturn(store);
		given(execution.getQueries()).willReturn(queries);
		ConnectionInfo connection = mock();
		given(connection.getValueStore()).willReturn(ValueStore.create());
		given(execution.getConnectionInfo()).willReturn(connection);
		this.attributes.afterQuery(execution);
		return observation.getContext();
	}

}
