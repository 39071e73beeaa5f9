package dev.asyncmysql.benchmarks.r2dbc;

import java.util.Map;

import dev.asyncmysql.benchmarks.peer.Peer;
import dev.asyncmysql.benchmarks.peer.PeerFactory;

/**
 * This project: its starter, with its defaults but for the size of the pool, TLS and the
 * number of event loops.
 */
public final class StarterFactory implements PeerFactory {

	@Override
	public Peer open(Target target) {
		return new StarterPeer(R2dbcApplication.start(Map.ofEntries(Map.entry("async-mysql.host", target.host()),
				Map.entry("async-mysql.port", target.port()), Map.entry("async-mysql.database", target.database()),
				Map.entry("async-mysql.username", target.user()), Map.entry("async-mysql.password", target.password()),
				Map.entry("async-mysql.ssl.mode", "DISABLED"), Map.entry("async-mysql.event-loops", EVENT_LOOPS),
				Map.entry("async-mysql.pool.max-size", target.connections()),
				Map.entry("async-mysql.pool.initial-size", target.connections()),
				Map.entry("async-mysql.pool.min-idle", target.connections()))), target);
	}

}
