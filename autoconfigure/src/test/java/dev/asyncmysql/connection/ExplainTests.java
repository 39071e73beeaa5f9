package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.ExecutedStatement.Outcome;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionMetadata;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.context.Context;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for what is around {@link Explain}: the connection that is opened for it.
 */
class ExplainTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private static final ExecutedStatement STATEMENT = new ExecutedStatement("SELECT 1", 0, 0, 0, Outcome.SUCCESS, null,
			Context.empty(), null, (statement) -> {
			});

	private final Sinks.Empty<Void> goodbye = Sinks.empty();

	private final List<String> events = new CopyOnWriteArrayList<>();

	private final Server server = MySqlConnectionFactories
		.server(Binder.get(new MockEnvironment()).bindOrCreate("c", ConnectionSettings.class), factory(), "c");

	@AfterEach
	void close() {
		this.goodbye.tryEmitEmpty();
		this.server.dispose();
	}

	@Test
	void itEndsWithItsConnectionAlsoWhereItsTimeIsOver() {
		this.server.explain(STATEMENT, Duration.ofMillis(100))
			.subscribe(null, (ex) -> this.events.add(ex.getClass().getSimpleName()));
		Awaitility.await().until(() -> this.events.contains("closing"));
		assertThat(this.events).containsExactly("asked", "closing");
		this.goodbye.tryEmitEmpty();
		Awaitility.await()
			.untilAsserted(() -> assertThat(this.events).containsExactly("asked", "closing",
					TimeoutException.class.getSimpleName()));
	}

	@Test
	void itsConnectionIsNoneOfThePool() {
		this.server.explain(STATEMENT, LIMIT).subscribe();
		Awaitility.await().until(() -> this.events.contains("asked"));
		assertThat(this.server.connectionInfos()).isEmpty();
		Mono.from(MySqlConnectionFactories.unpooled(this.server).create()).block(LIMIT);
		assertThat(this.server.connectionInfos()).hasSize(1);
	}

	private ConnectionFactory factory() {
		Connection connection = mock();
		ConnectionMetadata metadata = mock();
		given(metadata.getDatabaseVersion()).willReturn("9.7.4");
		given(connection.getMetadata()).willReturn(metadata);
		given(connection.isAutoCommit()).willReturn(true);
		given(connection.validate(any())).willReturn(Mono.just(true));
		given(connection.setLockWaitTimeout(any()))
			.willReturn(Mono.<Void>never().doOnSubscribe((subscription) -> this.events.add("asked")));
		given(connection.close())
			.willReturn(this.goodbye.asMono().doOnSubscribe((subscription) -> this.events.add("closing")));
		ConnectionFactory factory = mock();
		given(factory.create()).willAnswer((invocation) -> Mono.just(connection));
		return factory;
	}

}
