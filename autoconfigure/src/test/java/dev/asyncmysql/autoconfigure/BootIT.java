package dev.asyncmysql.autoconfigure;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.library.Book;
import dev.asyncmysql.library.BookRepository;
import dev.asyncmysql.library.LibraryApplication;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.tck.TestObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistryAssert;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.boot.r2dbc.OptionsCapableConnectionFactory;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.data.r2dbc.core.R2dbcEntityTemplate;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What Boot builds on a connection goes on working on ours, with all auto-configurations
 * in place.
 */
@RequiresMySql
class BootIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final ApplicationContextRunner library = new ApplicationContextRunner()
		.withUserConfiguration(LibraryApplication.class)
		.withPropertyValues(MySqlServer.properties())
		.withPropertyValues("async-mysql.pool.max-size=2", "spring.sql.init.mode=always",
				"spring.sql.init.schema-locations=classpath:library.sql");

	@Test
	void scriptClientTemplateAndRepository() {
		this.library.run((context) -> {
			assertThat(context).hasNotFailed();
			Mono<Book> inserted = context.getBean(R2dbcEntityTemplate.class).insert(new Book(null, "Evelina"));
			StepVerifier.create(inserted)
				.assertNext((book) -> assertThat(book.id()).isPositive())
				.expectComplete()
				.verify(LIMIT);
			StepVerifier
				.create(context.getBean(BookRepository.class).findByTitleStartingWithOrderByTitle("E").map(Book::title))
				.expectNext("Emma", "Evelina")
				.expectComplete()
				.verify(LIMIT);
			assertThat(query(context, "SELECT title FROM book ORDER BY title")).containsExactly("Emma", "Evelina",
					"Persuasion");
		});
	}

	@Test
	void poolGauges() {
		this.library.withBean(MeterRegistry.class, SimpleMeterRegistry::new).run((context) -> {
			assertThat(gauge(context, "max.allocated")).isEqualTo(2);
			assertThat(gauge(context, "max.pending")).isEqualTo(10_000);
			Connection lent = context.getBean(ConnectionPool.class).create().blockOptional(LIMIT).orElseThrow();
			assertThat(gauge(context, "acquired")).isEqualTo(1);
			assertThat(gauge(context, "allocated")).isEqualTo(1);
			Mono.from(lent.close()).block(LIMIT);
			assertThat(gauge(context, "acquired")).isZero();
			assertThat(gauge(context, "idle")).isEqualTo(1);
			assertThat(gauge(context, "pending")).isZero();
		});
	}

	private static double gauge(ApplicationContext context, String name) {
		return context.getBean(MeterRegistry.class)
			.get("r2dbc.pool." + name)
			.tag("name", "connectionFactory")
			.gauge()
			.value();
	}

	@Test
	void connectionsOfEachEventLoop() {
		this.library.withBean(MeterRegistry.class, SimpleMeterRegistry::new)
			.withPropertyValues("async-mysql.event-loops=2")
			.run((context) -> {
				ConnectionPool pool = context.getBean(ConnectionPool.class);
				List<Connection> lent = Flux.range(0, 2).flatMap((index) -> pool.create()).collectList().block(LIMIT);
				assertThat(lent).hasSize(2);
				Collection<Gauge> gauges = context.getBean(MeterRegistry.class)
					.get("asyncmysql.event.loop.connections")
					.tag("name", "connectionFactory")
					.tagKeys("event.loop")
					.gauges();
				assertThat(gauges).extracting(Gauge::value).containsExactly(1.0, 1.0);
				Flux.fromIterable(Objects.requireNonNull(lent)).flatMap(Connection::close).blockLast(LIMIT);
				pool.disposeLater().block(LIMIT);
				Awaitility.await()
					.atMost(LIMIT)
					.untilAsserted(() -> assertThat(gauges).extracting(Gauge::value).containsOnly(0.0));
			});
	}

	/**
	 * With r2dbc-proxy on the class path Boot wraps the driver's factory.
	 */
	@Test
	void queriesAreObserved() {
		this.library.withBean(TestObservationRegistry.class, TestObservationRegistry::create).run((context) -> {
			TestObservationRegistry registry = context.getBean(TestObservationRegistry.class);
			assertThat(query(context, "SELECT 'seen'")).containsExactly("seen");
			TestObservationRegistryAssert.assertThat(registry)
				.hasAnObservation((observation) -> observation.hasNameEqualTo("r2dbc.query")
					.hasHighCardinalityKeyValue("r2dbc.query[0]", "SELECT 'seen'")
					.doesNotHaveError());
			ConnectionFactory pool = context.getBean(ConnectionFactory.class);
			OptionsCapableConnectionFactory capable = OptionsCapableConnectionFactory.unwrapFrom(pool);
			assertThat(capable).isNotNull();
			assertThat(capable.getOptions().getValue(ConnectionFactoryOptions.HOST))
				.isEqualTo(MySqlServer.container().getHost());
		});
	}

	@Test
	void observedConnectionsAreWaitedForNoLongerThanTheLimit() {
		this.library.withBean(TestObservationRegistry.class, TestObservationRegistry::create)
			.withPropertyValues("async-mysql.pool.max-acquire-time=2s")
			.run((context) -> {
				ConnectionPool pool = context.getBean(ConnectionPool.class);
				List<Connection> lent = Flux.range(0, 2).flatMap((index) -> pool.create()).collectList().block(LIMIT);
				assertThat(lent).hasSize(2).allSatisfy((connection) -> assertThat(isProxied(connection)).isTrue());
				StepVerifier.create(pool.create())
					.expectErrorSatisfies((ex) -> assertThat(ex).isInstanceOf(R2dbcTimeoutException.class)
						.hasMessageContaining("2 of 2 connections are in use"))
					.verify(LIMIT);
				Flux.fromIterable(lent).flatMap(Connection::close).blockLast(LIMIT);
			});
	}

	@Test
	void observedConnectionsThatTheServerClosedAreNotLent() {
		this.library.withBean(TestObservationRegistry.class, TestObservationRegistry::create)
			.withPropertyValues("async-mysql.pool.acquire-retry=0")
			.run((context) -> {
				ConnectionPool pool = context.getBean(ConnectionPool.class);
				Connection lent = pool.create().blockOptional(LIMIT).orElseThrow();
				String id = Mono.from(lent.createStatement("SELECT CAST(CONNECTION_ID() AS CHAR)").execute())
					.flatMap((result) -> Mono.from(result.map((row) -> row.get(0, String.class))))
					.blockOptional(LIMIT)
					.orElseThrow();
				Mono.from(lent.close()).block(LIMIT);
				Connection physical = (Connection) ((Wrapped<?>) lent).unwrap();
				MySqlServer.execute("KILL " + id);
				Awaitility.await()
					.until(() -> Boolean.FALSE
						.equals(Mono.from(physical.validate(ValidationDepth.LOCAL)).block(LIMIT)));
				assertThat(query(context, "SELECT CAST(CONNECTION_ID() AS CHAR)")).doesNotContain(id);
			});
	}

	/**
	 * The driver's own step before a release ends what a statement began.
	 */
	@Test
	void observedConnectionsCarryNoTransactionToTheNextCaller() {
		this.library.withBean(TestObservationRegistry.class, TestObservationRegistry::create)
			.withPropertyValues("async-mysql.pool.max-size=1")
			.run((context) -> {
				DatabaseClient client = context.getBean(DatabaseClient.class);
				Mono<Void> abandoned = client.inConnection((connection) -> execute(connection, "START TRANSACTION")
					.then(execute(connection, "DELETE FROM book")));
				StepVerifier.create(abandoned).expectComplete().verify(LIMIT);
				assertThat(query(context, "SELECT title FROM book ORDER BY title")).containsExactly("Emma",
						"Persuasion");
			});
	}

	private static Mono<Void> execute(Connection connection, String sql) {
		return Flux.from(connection.createStatement(sql).execute()).flatMap(Result::getRowsUpdated).then();
	}

	private static boolean isProxied(Connection connection) {
		Object wrapped = connection;
		while (wrapped instanceof Wrapped<?> wrapper && !wrapped.getClass().getName().contains("Proxy")) {
			wrapped = wrapper.unwrap();
		}
		return wrapped.getClass().getName().contains("Proxy");
	}

	private static List<String> query(ApplicationContext context, String sql) {
		return context.getBean(DatabaseClient.class)
			.sql(sql)
			.mapValue(String.class)
			.all()
			.collectList()
			.blockOptional(LIMIT)
			.orElseThrow();
	}

}
