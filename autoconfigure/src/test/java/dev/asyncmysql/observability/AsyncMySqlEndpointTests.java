package dev.asyncmysql.observability;

import java.time.Duration;
import java.util.Map;

import dev.asyncmysql.connection.Server;
import io.r2dbc.spi.ConnectionFactory;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link AsyncMySqlEndpoint}.
 */
class AsyncMySqlEndpointTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	@Test
	void describesOffTheThreadThatHasBroughtTheAnswer() {
		Server server = mock();
		given(server.variables(any())).willReturn(Mono.just(Map.of("a", "b")).publishOn(Schedulers.single()));
		AsyncMySqlEndpoint endpoint = new AsyncMySqlEndpoint("connectionFactory", server, mock(ConnectionFactory.class),
				new TopStatements(),
				() -> Map.of("thread", new EffectiveSetting(Thread.currentThread().getName(), "default")), null);
		StepVerifier.create(endpoint.connections())
			.assertNext((all) -> assertThat(all.get("connectionFactory").settings().get("thread").value()).asString()
				.startsWith("boundedElastic-"))
			.expectComplete()
			.verify(LIMIT);
	}

}
