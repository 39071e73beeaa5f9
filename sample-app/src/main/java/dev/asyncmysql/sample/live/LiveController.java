package dev.asyncmysql.sample.live;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeoutException;

import dev.asyncmysql.sample.account.Account;
import dev.asyncmysql.sample.account.AccountRepository;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.data.domain.PageRequest;
import org.springframework.data.domain.Sort;
import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * What the page listens to, and what its buttons start.
 */
@RestController
@RequestMapping("/live")
class LiveController {

	private static final Duration INTERVAL = Duration.ofMillis(500);

	private static final int BUFFER = 16;

	private static final Duration PATIENCE = Duration.ofSeconds(1);

	private static final PageRequest SHOWN = PageRequest.of(0, 10, Sort.by("id"));

	private final AccountRepository accounts;

	private final DatabaseClient databaseClient;

	private final TransferBurst burst;

	private final Sinks.Empty<Void> end = Sinks.empty();

	// One for all pages that are open.
	private final Flux<ServerSentEvent<?>> events;

	LiveController(AccountRepository accounts, DatabaseClient databaseClient, TransferBurst burst,
			LiveFigures figures) {
		this.accounts = accounts;
		this.databaseClient = databaseClient;
		this.burst = burst;
		Flux<ServerSentEvent<?>> current = Flux.interval(INTERVAL)
			.onBackpressureDrop()
			.map((tick) -> event("figures", figures.take()));
		Flux<ServerSentEvent<?>> balances = Flux.interval(INTERVAL.multipliedBy(2))
			.onBackpressureDrop()
			.concatMap((tick) -> balances(), 1);
		this.events = Flux.merge(current, balances)
			.doOnSubscribe((first) -> figures.take())
			.takeUntilOther(this.end.asMono())
			.share();
	}

	// A stream without an end would hold a graceful shutdown up.
	@EventListener(ContextClosedEvent.class)
	void end() {
		this.end.tryEmitEmpty();
	}

	@GetMapping(path = "/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
	Flux<ServerSentEvent<?>> events() {
		// One page that does not read must not hold up the others.
		return this.events.onBackpressureBuffer(BUFFER, BufferOverflowStrategy.DROP_OLDEST);
	}

	// A database that is away for a while must not end the stream.
	private Mono<ServerSentEvent<?>> balances() {
		return this.accounts.findAllBy(SHOWN)
			.collectList()
			.<ServerSentEvent<?>>map((list) -> event("balances", list.stream().map(Balance::of).toList()))
			.timeout(PATIENCE)
			.onErrorResume((ex) -> Mono.just(event("trouble", "The balances cannot be read: " + ex.getMessage())));
	}

	private static ServerSentEvent<?> event(String name, Object data) {
		return ServerSentEvent.builder(data).event(name).build();
	}

	@PostMapping("/burst")
	Mono<String> burst(@RequestParam(defaultValue = "200") @Min(1) @Max(5000) int transfers) {
		return this.burst.run(transfers)
			.elapsed()
			.map((timed) -> "%s in %d ms".formatted(timed.getT2(), timed.getT1()));
	}

	@PostMapping("/slow-query")
	Mono<String> slowQuery() {
		return sleep(2).elapsed().map((timed) -> "The query took %d ms".formatted(timed.getT1()));
	}

	/**
	 * Give up a query that would take half a minute. The server is told to end it, and
	 * its connection goes back to the pool.
	 * @return a mono of what has happened
	 */
	@PostMapping("/cancelled-query")
	Mono<String> cancelledQuery() {
		return sleep(30).timeout(PATIENCE)
			.map((end) -> "The query has ended by itself")
			.onErrorResume(TimeoutException.class,
					(ex) -> Mono.just("The query was given up after %d ms".formatted(PATIENCE.toMillis())));
	}

	private Mono<Long> sleep(int seconds) {
		return this.databaseClient.sql("SELECT SLEEP(:seconds)").bind("seconds", seconds).fetch().all().count();
	}

	/**
	 * An account as the page shows it.
	 *
	 * @param id the key
	 * @param owner whose it is
	 * @param balance what it holds
	 */
	private record Balance(Long id, String owner, String balance) {

		static Balance of(Account account) {
			return new Balance(Objects.requireNonNull(account.id()), account.owner(),
					account.balance().toPlainString());
		}

	}

}
