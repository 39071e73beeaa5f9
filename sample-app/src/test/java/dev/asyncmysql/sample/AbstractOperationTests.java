package dev.asyncmysql.sample;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.jayway.jsonpath.JsonPath;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroups;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.test.web.reactive.server.WebTestClient.BodyContentSpec;
import org.springframework.test.web.reactive.server.WebTestClient.ResponseSpec;
import org.springframework.web.reactive.result.method.RequestMappingInfo;
import org.springframework.web.reactive.result.method.annotation.RequestMappingHandlerMapping;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the application tells those who operate it.
 */
@ExtendWith(OutputCaptureExtension.class)
abstract class AbstractOperationTests extends AbstractLedgerTests {

	@Autowired
	private ConnectionPool pool;

	@Autowired
	private HealthEndpointGroups groups;

	@Autowired
	@Qualifier("requestMappingHandlerMapping")
	private RequestMappingHandlerMapping mappings;

	@Test
	void healthIsUp() {
		health("").jsonPath("$.status").isEqualTo("UP").jsonPath("$.components.r2dbc.status").isEqualTo("UP");
	}

	@Test
	void databaseCountsForReadinessButNotForLiveness() {
		health("/liveness").jsonPath("$.status").isEqualTo("UP");
		health("/readiness").jsonPath("$.status").isEqualTo("UP");
		assertThat(this.groups.get("liveness").isMember("r2dbc")).isFalse();
		assertThat(this.groups.get("readiness").isMember("r2dbc")).isTrue();
		assertThat(this.groups.get("readiness").isMember("readinessState")).isTrue();
	}

	@Test
	void aSlowQueryIsLoggedWithItsRoute(CapturedOutput output) {
		this.web.post().uri("/live/slow-query").exchange().expectStatus().isOk();
		assertThat(output).containsPattern("Slow query: 2\\d\\d\\d ms, \\d+ ms of waiting for its connection before, "
				+ "1 row, POST /live/slow-query: SELECT SLEEP\\(\\?\\)");
	}

	@Test
	void fullPoolKeepsTheApplicationReady() {
		List<Connection> lent = Flux.range(0, this.pool.getMetrics().orElseThrow().getMaxAllocatedSize())
			.flatMap((index) -> this.pool.create())
			.collectList()
			.block(TIMEOUT);
		try {
			health("/readiness").jsonPath("$.status")
				.isEqualTo("UP")
				.jsonPath("$.components.r2dbc.status")
				.isEqualTo("SATURATED");
		}
		finally {
			Flux.fromIterable(lent).flatMap(Connection::close).blockLast(TIMEOUT);
		}
		health("/readiness").jsonPath("$.components.r2dbc.status").isEqualTo("UP");
	}

	@Test
	void prometheusFindsPoolAndRequests() {
		open("1");
		String metrics = this.web.get()
			.uri("/actuator/prometheus")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody(String.class)
			.returnResult()
			.getResponseBody();
		assertThat(metrics).contains("r2dbc_pool_acquired_connections{", "r2dbc_pool_max_allocated_connections{")
			.containsPattern("http_server_requests_seconds_count\\{.*status=\"201\",uri=\"/accounts\"");
	}

	@Test
	void theEndpointTellsAndDoes(CapturedOutput output) {
		open("4711.99");
		BodyContentSpec told = endpoint();
		told.jsonPath("$.connectionFactory.server")
			.value(String.class, (server) -> assertThat(server).containsPattern("^(MySQL|MariaDB) \\d+\\."))
			.jsonPath("$.connectionFactory.pool.maximum")
			.isEqualTo(10)
			.jsonPath("$.connectionFactory.connections[0].state")
			.isNotEmpty()
			.jsonPath("$.connectionFactory.connections[0].eventLoop")
			.isNotEmpty()
			.jsonPath("$.connectionFactory.variables.max_connections")
			.isNotEmpty()
			.jsonPath("$.connectionFactory.settings['async-mysql.pool.max-size'].origin")
			.isEqualTo("default")
			.jsonPath("$.connectionFactory.topStatements[0].statement")
			.isNotEmpty();
		assertThat(ids(told)).isNotEmpty();
		List<Integer> before = ids(told);
		post("replace").expectStatus().isOk();
		open("1");
		assertThat(ids(endpoint())).anyMatch((id) -> !before.contains(id));
		post("log").expectStatus().isOk();
		assertThat(output).contains("Connections of connectionFactory: PoolUsage[").doesNotContain("4711.99");
		post("nonsense").expectStatus().isBadRequest();
	}

	private BodyContentSpec endpoint() {
		return this.web.get().uri("/actuator/asyncmysql").exchange().expectStatus().isOk().expectBody();
	}

	private static List<Integer> ids(BodyContentSpec told) {
		return JsonPath.read(
				new String(Objects.requireNonNull(told.returnResult().getResponseBody()), StandardCharsets.UTF_8),
				"$.connectionFactory.connections[*].id");
	}

	private ResponseSpec post(String operation) {
		return this.web.post().uri("/actuator/asyncmysql/{operation}", operation).exchange();
	}

	/**
	 * Reactor Netty 1.3.6 answers the first two and never reads the third
	 * (reactor/reactor-netty#4361).
	 */
	@Test
	void aConnectionThatIsKeptAliveIsReadOn() throws IOException {
		String fromDatabase = request("/accounts/" + open("1").id());
		String refusedAtOnce = request("/accounts?page=-1");
		try (Socket socket = new Socket("localhost", this.port)) {
			socket.setSoTimeout(10_000);
			OutputStream requests = socket.getOutputStream();
			InputStream answers = socket.getInputStream();
			requests.write((fromDatabase + refusedAtOnce).getBytes(StandardCharsets.US_ASCII));
			assertThat(answer(answers)).startsWith("HTTP/1.1 200 ");
			assertThat(answer(answers)).startsWith("HTTP/1.1 400 ");
			requests.write(fromDatabase.getBytes(StandardCharsets.US_ASCII));
			assertThat(answer(answers)).startsWith("HTTP/1.1 200 ");
		}
	}

	private String request(String path) {
		return "GET %s HTTP/1.1\r\nHost: localhost:%d\r\n\r\n".formatted(path, this.port);
	}

	private static String answer(InputStream answers) throws IOException {
		StringBuilder head = new StringBuilder();
		while (head.indexOf("\r\n\r\n") < 0) {
			int next = answers.read();
			assertThat(next).as("end of %s", head).isNotNegative();
			head.append((char) next);
		}
		Matcher length = Pattern.compile("(?i)content-length: (\\d+)").matcher(head);
		assertThat(length.find()).as("length in %s", head).isTrue();
		answers.readNBytes(Integer.parseInt(length.group(1)));
		return head.toString();
	}

	@Test
	void dashboardAndAlertsReadWhatThereIs() throws IOException {
		String metrics = this.web.get()
			.uri("/actuator/prometheus")
			.exchange()
			.expectBody(String.class)
			.returnResult()
			.getResponseBody();
		String readers = Files.readString(Path.of("..", "docs", "monitoring", "grafana-dashboard.json"))
				+ Files.readString(Path.of("..", "docs", "monitoring", "prometheus-rules.yml"));
		Set<String> read = Pattern.compile("\\b(asyncmysql|r2dbc)_\\w+")
			.matcher(readers)
			.results()
			.map(MatchResult::group)
			.collect(Collectors.toSet());
		assertThat(read).hasSizeGreaterThan(15)
			.allSatisfy((name) -> assertThat(metrics).contains(System.lineSeparator() + name + "{"));
	}

	@Test
	void openApiDescribesEachEndpointAndItsProblems() {
		Map<String, Map<String, Map<String, ?>>> paths = this.web.get()
			.uri("/v3/api-docs")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody(Description.class)
			.returnResult()
			.getResponseBody()
			.paths();
		Set<String> endpoints = this.mappings.getHandlerMethods()
			.entrySet()
			.stream()
			.filter((mapping) -> mapping.getValue().getBeanType().getPackageName().startsWith("dev.asyncmysql"))
			.flatMap((mapping) -> names(mapping.getKey()))
			.collect(Collectors.toSet());
		assertThat(paths.entrySet()
			.stream()
			.flatMap((path) -> path.getValue().keySet().stream().map((method) -> method + " " + path.getKey())))
			.containsExactlyInAnyOrderElementsOf(endpoints)
			.contains("patch /accounts/{id}", "post /transfers");
		assertThat(paths.values().stream().flatMap((path) -> path.values().stream()))
			.allSatisfy((operation) -> assertThat(operation.get("responses").toString()).contains("default={",
					MediaType.APPLICATION_PROBLEM_JSON_VALUE, "ProblemDetail"));
	}

	@Test
	void openApiTellsStatusAndMediaTypesAsTheyAre() {
		this.web.get()
			.uri("/v3/api-docs")
			.exchange()
			.expectBody()
			.jsonPath("$.paths['/accounts'].post.responses.keys()")
			.isEqualTo(Set.of("201", "default"))
			.jsonPath("$.paths['/accounts/{id}/statement'].get.responses['200'].content.keys()")
			.isEqualTo(Set.of(MediaType.APPLICATION_NDJSON_VALUE, MediaType.TEXT_EVENT_STREAM_VALUE))
			.jsonPath("$.paths['/accounts/{id}/deposits'].post.requestBody.content[*].schema.items.type")
			.isEqualTo(List.of("string", "string"));
	}

	private static Stream<String> names(RequestMappingInfo mapping) {
		return mapping.getMethodsCondition()
			.getMethods()
			.stream()
			.flatMap((method) -> mapping.getPatternsCondition()
				.getPatterns()
				.stream()
				.map((path) -> method.name().toLowerCase(Locale.ROOT) + " " + path));
	}

	BodyContentSpec health(String group) {
		return health(group, HttpStatus.OK);
	}

	BodyContentSpec health(String group, HttpStatus status) {
		return this.web.get().uri("/actuator/health" + group).exchange().expectStatus().isEqualTo(status).expectBody();
	}

	record Description(Map<String, Map<String, Map<String, ?>>> paths) {
	}

}
