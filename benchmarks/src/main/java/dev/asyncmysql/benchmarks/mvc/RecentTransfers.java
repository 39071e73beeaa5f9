package dev.asyncmysql.benchmarks.mvc;

import java.util.ArrayDeque;
import java.util.Deque;

import org.springframework.stereotype.Component;
import org.springframework.transaction.event.TransactionalEventListener;

/**
 * Keeps the last transfers, as the sample application's page does.
 */
@Component
class RecentTransfers {

	private static final int RECENT = 20;

	private final Deque<Transfer> recent = new ArrayDeque<>();

	@TransactionalEventListener
	synchronized void committed(TransferExecuted event) {
		this.recent.addLast(event.transfer());
		if (this.recent.size() > RECENT) {
			this.recent.removeFirst();
		}
	}

}
