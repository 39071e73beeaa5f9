package dev.asyncmysql.observability;

import dev.asyncmysql.connection.EventLoops;
import dev.asyncmysql.connection.Server;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

/**
 * Metrics of the connections to one server, beside Boot's {@code r2dbc.pool.*}, with the
 * same tag {@code name}.
 */
public final class ConnectionMetrics implements MeterBinder {

	/**
	 * A gauge for each event loop, its name in the tag {@code event.loop}: the open
	 * connections that it serves, the side connection included.
	 */
	public static final String EVENT_LOOP_CONNECTIONS = "asyncmysql.event.loop.connections";

	private final Server server;

	private final String name;

	/**
	 * Create the metrics.
	 * @param server the server
	 * @param name name of the connection factory's bean, as Boot tags the pool's gauges
	 */
	public ConnectionMetrics(Server server, String name) {
		this.server = server;
		this.name = name;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		EventLoops loops = this.server.eventLoops();
		loops.forEach((loop) -> Gauge.builder(EVENT_LOOP_CONNECTIONS, loops, (counted) -> counted.connections(loop))
			.description("Open connections that the event loop serves")
			.baseUnit("connections")
			.tag("name", this.name)
			.tag("event.loop", loop)
			.register(registry));
	}

}
