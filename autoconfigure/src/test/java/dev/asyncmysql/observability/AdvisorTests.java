package dev.asyncmysql.observability;

import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.MySqlConnectionFactories;
import dev.asyncmysql.connection.Server;
import io.r2dbc.spi.ConnectionFactory;
import org.junit.jupiter.api.Test;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link Advisor}.
 */
class AdvisorTests {

	private static final Surroundings GOOD = new Surroundings(true, List.of(), List.of(), true, true, true, "Linux",
			"1.3.8");

	private static final Map<String, String> VARIABLES = Map.of("max_connections", "151", "session_offset_minutes",
			"0");

	@Test
	void whereAllIsWellNothingIsSaid() {
		assertThat(advise(GOOD, VARIABLES)).isEmpty();
		assertThat(advise(GOOD, Map.of("error", "no answer"))).isEmpty();
	}

	@Test
	void moreConnectionsThanTheServerAllows() {
		assertThat(advise(GOOD, VARIABLES, "c.advice.instances=13")).isEmpty();
		assertThat(advise(GOOD, VARIABLES, "c.advice.instances=14")).singleElement()
			.satisfies((advice) -> assertThat(advice.text()).startsWith("154 connections may be opened")
				.contains("c.pool.max-size=10", "c.advice.instances=14", "the server allows 151 (max_connections)"));
		assertThat(advise(GOOD, VARIABLES, "c.advice.instances=14", "c.pool.enabled=false")).isEmpty();
		assertThat(advise(GOOD, VARIABLES, "c.advice.instances=13", "c.slow-query.explain=true")).singleElement()
			.satisfies((advice) -> assertThat(advice.text()).startsWith("156 connections may be opened")
				.contains("a side connection and one for EXPLAIN"));
	}

	@Test
	void anotherTimeZoneThanTheSessions() {
		Map<String, String> variables = Map.of("session_offset_minutes", "120");
		assertThat(advise(GOOD, variables)).singleElement()
			.satisfies((advice) -> assertThat(advice.text())
				.contains("The JVM is 0 minutes ahead of UTC (UTC) and the session 120"));
		assertThat(advise(GOOD, variables, "c.connection-time-zone=SERVER")).isEmpty();
		assertThat(advise(GOOD, variables, "c.connection-time-zone=+02:00")).isEmpty();
		assertThat(advise(GOOD, variables, "c.connection-time-zone=+01:00")).singleElement()
			.satisfies((advice) -> assertThat(advice.text())
				.contains("c.connection-time-zone is 60 minutes ahead of UTC (+01:00) and the session 120"));
	}

	@Test
	void aTimeZoneThatWillDiffer() {
		ZoneId berlin = ZoneId.of("Europe/Berlin");
		long minutes = berlin.getRules().getOffset(Instant.now()).getTotalSeconds() / 60;
		Map<String, String> fixed = Map.of("session_offset_minutes", Long.toString(minutes), "session_time_zone",
				"+0%d:00".formatted(minutes / 60));
		assertThat(advise(GOOD, fixed, "c.connection-time-zone=Europe/Berlin")).singleElement()
			.satisfies((advice) -> assertThat(advice.text())
				.contains("c.connection-time-zone changes its offset in the course of the year (Europe/Berlin)"));
		assertThat(advise(GOOD, fixed, "c.connection-time-zone=+0%d:00".formatted(minutes / 60))).isEmpty();
		Map<String, String> named = Map.of("session_offset_minutes", Long.toString(minutes), "session_time_zone",
				"CET");
		assertThat(advise(GOOD, named, "c.connection-time-zone=Europe/Berlin")).isEmpty();
	}

	@Test
	void aZoneThatIsFixedByItsName() {
		ZoneId london = ZoneId.of("Europe/London");
		String minutes = Long.toString(london.getRules().getOffset(Instant.now()).getTotalSeconds() / 60);
		for (String fixed : List.of("GMT", "Etc/UTC", "Etc/GMT", "Z", "+00:00")) {
			Map<String, String> session = Map.of("session_offset_minutes", "0", "session_time_zone", fixed);
			assertThat(advise(GOOD, session, "c.connection-time-zone=GMT")).isEmpty();
			assertThat(advise(GOOD, session, "c.connection-time-zone=Etc/UTC")).isEmpty();
			assertThat(advise(GOOD, session, "c.connection-time-zone=Z")).isEmpty();
			assertThat(advise(GOOD, Map.of("session_offset_minutes", minutes, "session_time_zone", fixed),
					"c.connection-time-zone=Europe/London"))
				.singleElement()
				.satisfies((advice) -> assertThat(advice.text()).contains("changes its offset",
						"the session does not (time_zone=" + fixed + ")"));
		}
		Map<String, String> system = Map.of("session_offset_minutes", minutes, "session_time_zone", "SYSTEM",
				"system_time_zone", "GMT");
		assertThat(advise(GOOD, system, "c.connection-time-zone=Europe/London")).isEmpty();
		Map<String, String> named = Map.of("session_offset_minutes", minutes, "session_time_zone", "Europe/London");
		assertThat(advise(GOOD, named, "c.connection-time-zone=" + ("0".equals(minutes) ? "GMT" : "+01:00")))
			.singleElement()
			.satisfies((advice) -> assertThat(advice.text()).contains("keeps its offset",
					"the session changes it in the course of the year (time_zone=Europe/London)"));
		assertThat(advise(GOOD, Map.of("session_offset_minutes", "0", "session_time_zone", "nowhere"))).isEmpty();
	}

	@Test
	void anotherTimeZoneThanTheServersDefault() {
		Map<String, String> variables = Map.of("session_offset_minutes", "0", "session_time_zone", "+00:00",
				"server_offset_minutes", "120", "time_zone", "SYSTEM");
		assertThat(advise(GOOD, variables)).singleElement().satisfies((advice) -> {
			assertThat(advice.name()).isEqualTo("server-time-zone");
			assertThat(advice.text()).contains("The session is 0 minutes ahead of UTC (time_zone=+00:00)",
					"the server's default 120 (time_zone=SYSTEM)");
		});
		assertThat(advise(GOOD, variables, "c.advice.silence=server-time-zone")).isEmpty();
		assertThat(advise(GOOD, Map.of("session_offset_minutes", "0", "server_offset_minutes", "null"))).isEmpty();
	}

	@Test
	void aServerThatNobodyVerifies() {
		assertThat(advise(GOOD, VARIABLES, "c.host=db.example.com")).extracting(Advice::name).containsExactly("tls");
		assertThat(advise(GOOD, VARIABLES, "c.host=db.example.com", "c.advice.silence=tls,proxy")).isEmpty();
	}

	@Test
	void aNameThatSilencesNothing() {
		assertThat(advise(GOOD, VARIABLES, "c.advice.silence=tls,tsl")).singleElement()
			.satisfies((advice) -> assertThat(advice.text()).contains("c.advice.silence names tsl, which is no advice",
					"max-connections, wait-timeout"));
	}

	@Test
	void surroundings() {
		Surroundings bad = new Surroundings(true, List.of("dataSource"), List.of(), true, false, false, "Linux", null);
		assertThat(advise(bad, VARIABLES)).extracting(Advice::name)
			.containsExactly("native-transport", "blocking", "proxy");
		assertThat(advise(bad, VARIABLES)).extracting(Advice::text).anyMatch((text) -> text.contains("(dataSource)"));
		Surroundings servlet = new Surroundings(false, List.of("dataSource"), List.of("mine"), false, false, false,
				"Mac OS X", null);
		assertThat(advise(servlet, VARIABLES)).isEmpty();
	}

	@Test
	void aTransactionManagerThatDoesNotRetry() {
		Surroundings other = new Surroundings(true, List.of(), List.of("mine"), true, true, true, "Linux", "1.3.8");
		assertThat(advise(other, VARIABLES)).isEmpty();
		assertThat(advise(other, VARIABLES, "c.transaction.retry.enabled=true")).singleElement()
			.satisfies(
					(advice) -> assertThat(advice.text()).contains("c.transaction.retry.enabled is on", "bean mine"));
		assertThat(advise(GOOD, VARIABLES, "c.transaction.retry.enabled=true")).isEmpty();
	}

	@Test
	void anHttpServerThatForgetsConnections() {
		Surroundings old = new Surroundings(true, List.of(), List.of(), true, true, true, "Linux", "1.3.6");
		assertThat(advise(old, VARIABLES)).singleElement()
			.satisfies((advice) -> assertThat(advice.text()).contains("Reactor Netty 1.3.6", "2025.0.8"));
		assertThat(advise(old, VARIABLES, "c.advice.silence=http-server")).isEmpty();
	}

	private static List<Advice> advise(Surroundings surroundings, Map<String, String> variables, String... properties) {
		MockEnvironment environment = new MockEnvironment();
		environment.setProperty("c.host", "localhost");
		for (String property : properties) {
			environment.setProperty(property.substring(0, property.indexOf('=')),
					property.substring(property.indexOf('=') + 1));
		}
		ConnectionSettings settings = Binder.get(environment).bindOrCreate("c", ConnectionSettings.class);
		Server server = MySqlConnectionFactories.server(settings, mock(ConnectionFactory.class), "c");
		return new Advisor(server, settings, "c", surroundings, ZoneId.of("UTC")).advise(variables);
	}

}
