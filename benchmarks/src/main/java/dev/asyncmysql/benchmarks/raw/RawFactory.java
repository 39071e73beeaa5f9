package dev.asyncmysql.benchmarks.raw;

import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import dev.asyncmysql.benchmarks.peer.Operation;
import dev.asyncmysql.benchmarks.peer.Peer;
import dev.asyncmysql.benchmarks.peer.PeerFactory;
import dev.asyncmysql.benchmarks.workload.Task;
import dev.asyncmysql.benchmarks.workload.Way;
import org.jspecify.annotations.Nullable;

/**
 * Asks for the number one, on one connection for each thread and without any pool, parser
 * or mapping: no client that waits for each answer can be faster.
 */
public final class RawFactory implements PeerFactory {

	@Override
	public Peer open(Target target) throws IOException {
		Queue<RawConnection> connections = new ConcurrentLinkedQueue<>();
		for (int i = 0; i < target.connections(); i++) {
			connections.add(RawConnection.open(target));
		}
		return new RawPeer(connections);
	}

	/**
	 * The connections, which wait for a thread.
	 */
	private record RawPeer(Queue<RawConnection> connections) implements Peer {

		@Override
		public Operation.@Nullable Blocking operation(Task task, Way way) {
			return (task == Task.LIMIT && way == Way.PLAIN) ? (key) -> selectOne() : null;
		}

		private void selectOne() throws IOException {
			RawConnection connection = this.connections.poll();
			if (connection == null) {
				throw new IllegalStateException("There are more callers than connections");
			}
			connection.selectOne();
			this.connections.add(connection);
		}

		@Override
		public void close() {
			this.connections.forEach(RawConnection::close);
		}

	}

}
