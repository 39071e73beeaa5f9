package dev.asyncmysql.bulk;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mockito.Answers;
import org.mockito.ArgumentMatchers;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.startsWith;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link BulkWrite}, before a server that answers when it is told to.
 */
class BulkWriteTests {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final List<String> events = new ArrayList<>();

	private final List<Sinks.One<Result>> sent = new ArrayList<>();

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void oneChunkIsGatheredWhileTheOneBeforeIsUnderWay(boolean eachChunk) {
		Flux<Integer> rows = Flux.range(0, 7).doOnNext((row) -> this.events.add("row " + row));
		BulkWriter.WriteSpec<?> write = BulkWriter.create(connections())
			.insertInto("t")
			.columns("c")
			.rows(rows, (row) -> new Object[] { row })
			.maxRows(2);
		StepVerifier.create((eachChunk ? write.commitEachChunk() : write).execute())
			.then(() -> assertThatHappened("row 0", "row 1", "sent", "row 2", "row 3"))
			.then(this::answer)
			.then(() -> assertThatHappened("sent", "row 4", "row 5"))
			.then(this::answer)
			.then(() -> assertThatHappened("sent", "row 6"))
			.then(this::answer)
			.then(() -> assertThatHappened("sent"))
			.then(this::answer)
			.assertNext((progress) -> assertThat(progress.rows()).isEqualTo(7))
			.expectComplete()
			.verify(LIMIT);
	}

	private void assertThatHappened(String... expected) {
		assertThat(this.events).containsExactly(expected);
		this.events.clear();
	}

	private void answer() {
		Result result = mock(Result.class);
		given(result.getRowsUpdated()).willReturn(Mono.just(2L));
		this.sent.remove(0).tryEmitValue(result);
	}

	private ConnectionFactory connections() {
		Connection connection = mock(Connection.class);
		ConnectionMetadata metadata = mock(ConnectionMetadata.class);
		given(metadata.getDatabaseVersion()).willReturn("9.7.0");
		given(connection.getMetadata()).willReturn(metadata);
		given(connection.isAutoCommit()).willReturn(true);
		given(connection.beginTransaction()).willReturn(Mono.empty());
		given(connection.commitTransaction()).willReturn(Mono.empty());
		given(connection.close()).willReturn(Mono.empty());
		Statement limits = mock(Statement.class);
		given(limits.execute()).willAnswer((call) -> Mono.just(maxAllowedPacket()));
		given(connection.createStatement(startsWith("SELECT"))).willReturn(limits);
		Statement insert = mock(Statement.class, Answers.RETURNS_SELF);
		given(insert.execute()).willAnswer((call) -> Mono.defer(() -> {
			this.events.add("sent");
			Sinks.One<Result> answer = Sinks.one();
			this.sent.add(answer);
			return answer.asMono();
		}));
		given(connection.createStatement(startsWith("INSERT"))).willReturn(insert);
		ConnectionFactory factory = mock(ConnectionFactory.class);
		given(factory.create()).willAnswer((call) -> Mono.just(connection));
		return factory;
	}

	private static Result maxAllowedPacket() {
		Result result = mock(Result.class);
		given(result.map(ArgumentMatchers.<Function<io.r2dbc.spi.Readable, Long>>any()))
			.willReturn(Mono.just(1L << 26));
		return result;
	}

}
