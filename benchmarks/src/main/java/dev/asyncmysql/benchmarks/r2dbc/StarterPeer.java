package dev.asyncmysql.benchmarks.r2dbc;

import dev.asyncmysql.benchmarks.peer.Operation;
import dev.asyncmysql.benchmarks.peer.Peer;
import dev.asyncmysql.benchmarks.peer.PeerFactory;
import dev.asyncmysql.benchmarks.workload.Entry;
import dev.asyncmysql.benchmarks.workload.Task;
import dev.asyncmysql.benchmarks.workload.Way;
import dev.asyncmysql.bulk.BulkProgress;
import dev.asyncmysql.bulk.BulkWriter;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.context.ConfigurableApplicationContext;

/**
 * An application that has what only this project's starter brings, too.
 */
final class StarterPeer implements Peer {

	private final R2dbcPeer common;

	private final BulkWriter writer;

	StarterPeer(ConfigurableApplicationContext context, PeerFactory.Target target) {
		this.common = new R2dbcPeer(context, target);
		this.writer = context.getBean(BulkWriter.class);
	}

	@Override
	public @Nullable Operation operation(Task task, Way way) {
		return switch (way) {
			case PLAIN, CLIENT, REPOSITORY -> this.common.operation(task, way);
			case BULK_ROWS -> (task == Task.BULK) ? new PublisherOperation(1, this::rows) : null;
			case BULK_ENTITIES -> (task == Task.BULK) ? new PublisherOperation(1, this::entities) : null;
		};
	}

	private Mono<Long> rows(long key) {
		return this.writer.insertInto("benchmark_entry")
			.columns("name", "quantity", "price")
			.rows(Flux.fromIterable(Entry.many(key)),
					(entry) -> new Object[] { entry.name(), entry.quantity(), entry.price() })
			.execute()
			.map(StarterPeer::expect);
	}

	private Mono<Long> entities(long key) {
		return this.writer.insert(Entry.class)
			.entities(Flux.fromIterable(Entry.many(key)))
			.execute()
			.map(StarterPeer::expect);
	}

	private static Long expect(BulkProgress progress) {
		return Entry.expect(Task.MANY, progress.rows());
	}

	@Override
	public void close() {
		this.common.close();
	}

}
