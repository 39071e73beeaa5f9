package dev.asyncmysql.sample.statement;

import dev.asyncmysql.sample.account.AccountRepository;
import dev.asyncmysql.sample.account.UnknownAccountException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * The statements over HTTP, as lines of JSON or as server-sent events.
 */
@RestController
@RequestMapping("/accounts/{id}/statement")
class StatementController {

	private final AccountRepository accounts;

	private final Statements statements;

	StatementController(AccountRepository accounts, Statements statements) {
		this.accounts = accounts;
		this.statements = statements;
	}

	@GetMapping(produces = MediaType.APPLICATION_NDJSON_VALUE)
	Flux<Entry> lines(@PathVariable long id) {
		return read(id, 0);
	}

	/**
	 * Send a statement as events. A browser asks again when the stream has ended, and
	 * says which event it saw last: so it gets only what is new. Who accepts anything
	 * gets lines: the events are of a lower quality.
	 * @param id the account
	 * @param lastSeen the entry that the client saw last
	 * @return an event for each entry after that
	 */
	@GetMapping(produces = MediaType.TEXT_EVENT_STREAM_VALUE + ";q=0.9")
	Flux<ServerSentEvent<Entry>> events(@PathVariable long id,
			@RequestHeader(name = "Last-Event-ID", defaultValue = "0") long lastSeen) {
		return read(id, lastSeen).map((entry) -> ServerSentEvent.builder(entry).id(Long.toString(entry.id())).build());
	}

	private Flux<Entry> read(long id, long after) {
		return this.accounts.existsById(id)
			.flatMapMany(
					(exists) -> exists ? this.statements.of(id, after) : Mono.error(new UnknownAccountException(id)));
	}

}
