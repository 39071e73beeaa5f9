package dev.asyncmysql.sample;

import java.time.Duration;

import reactor.core.publisher.Mono;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * Starts the ledger in a process that a test ends, with transactions that take their
 * time: of a request, or in the background after the answer.
 */
public final class SlowApplication {

	private SlowApplication() {
	}

	/**
	 * Start the application.
	 * @param args command-line arguments
	 */
	public static void main(String[] args) {
		SpringApplication.from(SampleApplication::main).with(Slow.class).run(args);
	}

	@TestConfiguration(proxyBeanMethods = false)
	static class Slow {

		@Bean
		RouterFunction<ServerResponse> slow(DatabaseClient database, TransactionalOperator transactions) {
			return RouterFunctions.route()
				.POST("/slow/request/{id}/{seconds}",
						(request) -> ServerResponse.ok().build(transaction(request, database, transactions)))
				.POST("/slow/background/{id}/{seconds}", (request) -> {
					transaction(request, database, transactions).subscribe();
					return ServerResponse.accepted().build();
				})
				.build();
		}

		// Half of them are busy in the server, and half of them here.
		private static Mono<Void> transaction(ServerRequest request, DatabaseClient database,
				TransactionalOperator transactions) {
			int id = Integer.parseInt(request.pathVariable("id"));
			int seconds = Integer.parseInt(request.pathVariable("seconds"));
			Mono<Void> pause = (id % 2 == 0) ? Mono.delay(Duration.ofSeconds(seconds)).then()
					: database.sql("DO SLEEP(:seconds)").bind("seconds", seconds).then();
			return insert(database, id, "begun").then(pause)
				.then(insert(database, id, "done"))
				.as(transactions::transactional);
		}

		private static Mono<Void> insert(DatabaseClient database, int id, String step) {
			return database.sql("INSERT INTO slow (id, step) VALUES (:id, :step)")
				.bind("id", id)
				.bind("step", step)
				.then();
		}

	}

}
