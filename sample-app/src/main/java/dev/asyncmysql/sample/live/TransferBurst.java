package dev.asyncmysql.sample.live;

import java.math.BigDecimal;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;

import dev.asyncmysql.sample.account.Account;
import dev.asyncmysql.sample.account.AccountRepository;
import dev.asyncmysql.sample.transfer.OverdraftException;
import dev.asyncmysql.sample.transfer.Transfer;
import dev.asyncmysql.sample.transfer.TransferService;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.data.domain.PageRequest;
import org.springframework.data.domain.Sort;
import org.springframework.stereotype.Component;

/**
 * Many transfers at the same time, at random, between the first accounts. Where there are
 * less than two, some are opened.
 */
@Component
class TransferBurst {

	/** More than the pool has connections, so that some have to wait. */
	private static final int CONCURRENCY = 64;

	private static final int ACCOUNTS = 5;

	private static final List<String> OWNERS = List.of("Ada", "Barbara", "Edsger", "Grace", "Tony");

	private final AccountRepository accounts;

	private final TransferService transfers;

	TransferBurst(AccountRepository accounts, TransferService transfers) {
		this.accounts = accounts;
		this.transfers = transfers;
	}

	/**
	 * Execute transfers.
	 * @param count how many
	 * @return a mono of what came of it
	 */
	Mono<String> run(int count) {
		return some().flatMap((ids) -> Flux.range(0, count)
			.flatMap((index) -> transfer(ids), CONCURRENCY)
			.filter(Boolean::booleanValue)
			.count()
			.map((executed) -> "%d transfers executed, %d refused as an overdraft".formatted(executed,
					count - executed)));
	}

	private Mono<List<Long>> some() {
		return this.accounts.findAllBy(PageRequest.of(0, ACCOUNTS, Sort.by("id")))
			.collectList()
			.flatMap((found) -> (found.size() >= 2) ? Mono.just(found) : open())
			.map((found) -> found.stream().map((account) -> Objects.requireNonNull(account.id())).toList());
	}

	private Mono<List<Account>> open() {
		return this.accounts
			.saveAll(Flux.fromIterable(OWNERS).map((owner) -> new Account(null, null, owner, new BigDecimal(1000))))
			.collectList();
	}

	private Mono<Boolean> transfer(List<Long> ids) {
		return Mono.defer(() -> {
			Random random = ThreadLocalRandom.current();
			int from = random.nextInt(ids.size());
			int to = (from + 1 + random.nextInt(ids.size() - 1)) % ids.size();
			Transfer transfer = new Transfer(null, ids.get(from), ids.get(to), new BigDecimal(1 + random.nextInt(20)));
			return this.transfers.execute(transfer).thenReturn(true);
		}).onErrorResume(OverdraftException.class, (ex) -> Mono.just(false));
	}

}
