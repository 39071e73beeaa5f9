package dev.asyncmysql.benchmarks.r2dbc;

import java.util.function.LongFunction;

import dev.asyncmysql.benchmarks.peer.Operation;
import dev.asyncmysql.benchmarks.peer.Peer;
import dev.asyncmysql.benchmarks.peer.PeerFactory;
import dev.asyncmysql.benchmarks.workload.Entry;
import dev.asyncmysql.benchmarks.workload.Item;
import dev.asyncmysql.benchmarks.workload.Task;
import dev.asyncmysql.benchmarks.workload.Way;
import io.r2dbc.spi.ConnectionFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.transaction.reactive.TransactionalOperator;

/**
 * A Spring Boot application that has a pool of R2DBC connections.
 */
final class R2dbcPeer implements Peer {

	private final ConfigurableApplicationContext context;

	private final SpiOperations spi;

	private final ClientOperations client;

	private final RepositoryOperations repository;

	private final int rows;

	R2dbcPeer(ConfigurableApplicationContext context, PeerFactory.Target target) {
		this.context = context;
		this.rows = target.rows();
		TransactionalOperator transaction = TransactionalOperator
			.create(context.getBean(ReactiveTransactionManager.class));
		this.spi = new SpiOperations(context.getBean(ConnectionFactory.class));
		this.client = new ClientOperations(context.getBean(DatabaseClient.class), transaction);
		this.repository = new RepositoryOperations(context.getBean(ItemRepository.class),
				context.getBean(EntryRepository.class), transaction);
	}

	@Override
	public @Nullable Operation operation(Task task, Way way) {
		return switch (way) {
			case PLAIN -> plain(task);
			case CLIENT -> client(task);
			case REPOSITORY -> repository(task);
			case BULK_ROWS, BULK_ENTITIES -> null;
		};
	}

	private @Nullable Operation plain(Task task) {
		return switch (task) {
			case SELECT -> rows(task, this.spi::select);
			case PAGE -> rows(task, this.spi::page);
			case ROWS -> rows(task, (key) -> this.spi.all(Item.ROWS));
			case STREAM -> rows(task, (key) -> this.spi.all(Item.STREAM));
			case INSERT -> rows(task, this.spi::insert);
			case TRANSACTION -> new PublisherOperation(3, this.spi::transfer);
			case BULK -> new PublisherOperation(Task.MANY / Entry.CHUNK, this.spi::bulk);
			case ACQUIRE -> rows(task, (key) -> this.spi.acquire());
			case LIMIT, HTTP_READ, HTTP_TRANSFER -> null;
		};
	}

	private @Nullable Operation client(Task task) {
		return switch (task) {
			case SELECT -> rows(task, this.client::select);
			case PAGE -> rows(task, this.client::page);
			case ROWS -> rows(task, (key) -> this.client.all(Item.ROWS));
			case STREAM -> rows(task, (key) -> this.client.all(Item.STREAM));
			case INSERT -> rows(task, this.client::insert);
			case TRANSACTION -> new PublisherOperation(3, this.client::transfer);
			case BULK -> new PublisherOperation(Task.MANY / Entry.CHUNK, this.client::bulk);
			case ACQUIRE, LIMIT, HTTP_READ, HTTP_TRANSFER -> null;
		};
	}

	private @Nullable Operation repository(Task task) {
		return switch (task) {
			case SELECT -> rows(task, this.repository::select);
			case PAGE -> rows(task, this.repository::page);
			case ROWS -> rows(task, (key) -> this.repository.rows());
			case STREAM -> rows(task, (key) -> this.repository.stream());
			case INSERT -> rows(task, this.repository::insert);
			case BULK -> rows(task, this.repository::bulk);
			case TRANSACTION, ACQUIRE, LIMIT, HTTP_READ, HTTP_TRANSFER -> null;
		};
	}

	private Operation rows(Task task, LongFunction<? extends Publisher<?>> work) {
		return new PublisherOperation(task.rowsPerOperation(this.rows), work, task::firstOf);
	}

	@Override
	public void close() {
		this.context.close();
	}

}
