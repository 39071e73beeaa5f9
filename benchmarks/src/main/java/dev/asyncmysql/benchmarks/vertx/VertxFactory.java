package dev.asyncmysql.benchmarks.vertx;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import dev.asyncmysql.benchmarks.peer.Peer;
import dev.asyncmysql.benchmarks.peer.PeerFactory;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.mysqlclient.MySQLBuilder;
import io.vertx.mysqlclient.MySQLConnectOptions;
import io.vertx.mysqlclient.SslMode;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.SqlConnection;

/**
 * Opens a pool of the Vert.x MySQL client, with the cache of prepared statements that
 * makes of each query one round trip.
 */
public final class VertxFactory implements PeerFactory {

	@Override
	public Peer open(Target target) throws Exception {
		Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(EVENT_LOOPS).setPreferNativeTransport(true));
		MySQLConnectOptions options = new MySQLConnectOptions().setHost(target.host())
			.setPort(target.port())
			.setDatabase(target.database())
			.setUser(target.user())
			.setPassword(target.password())
			.setSslMode(SslMode.DISABLED)
			.setCachePreparedStatements(true);
		Pool pool = MySQLBuilder.pool((builder) -> builder.with(new PoolOptions().setMaxSize(target.connections()))
			.connectingTo(options)
			.using(vertx));
		openAll(pool, target.connections());
		return new VertxPeer(vertx, pool, target.rows());
	}

	private static void openAll(Pool pool, int connections) throws Exception {
		List<Future<SqlConnection>> opened = IntStream.range(0, connections)
			.mapToObj((number) -> pool.getConnection())
			.toList();
		Future.all(opened)
			.compose((all) -> Future.all(opened.stream().map((connection) -> connection.result().close()).toList()))
			.await(30, TimeUnit.SECONDS);
	}

}
