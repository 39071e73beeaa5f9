package dev.asyncmysql.observability;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.Server;
import dev.asyncmysql.connection.ServerVersion;
import dev.asyncmysql.observability.StatementObservation.HighCardinalityKey;
import dev.asyncmysql.observability.StatementObservation.LowCardinalityKey;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.r2dbc.proxy.core.ConnectionInfo;
import io.r2dbc.proxy.core.QueryExecutionInfo;
import io.r2dbc.proxy.core.QueryInfo;
import io.r2dbc.proxy.core.ValueStore;
import io.r2dbc.proxy.listener.ProxyExecutionListener;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import org.jspecify.annotations.Nullable;

/**
 * Adds to the observation of a statement what {@link StatementObservation} lists. It has
 * to be told of a statement's end before r2dbc-proxy's own listener, which stops the
 * observation. Safe for use by many threads.
 */
public final class StatementAttributes implements ProxyExecutionListener {

	private static final String NONE = "none";

	private static final double NANOS = 1e9;

	/** A text that comes again is not read again. */
	private static final int MOST_TEXTS = 2000;

	/** Texts of bulk writing are long, and few are the same. */
	private static final int LONGEST_TEXT = 2000;

	private static final SqlSummary NOTHING = new SqlSummary(SqlSummary.OTHER, SqlSummary.OTHER);

	private static final LongSupplier UNKNOWN = () -> -1;

	private final KeyValues place;

	private final Map<String, SqlSummary> summaries = new ConcurrentHashMap<>();

	private volatile @Nullable Server server;

	/**
	 * Create the listener.
	 * @param settings the settings of the connections
	 */
	public StatementAttributes(ConnectionSettings settings) {
		String socket = settings.unixSocket();
		this.place = KeyValues.of(LowCardinalityKey.NAMESPACE.withValue(orNone(settings.database())),
				LowCardinalityKey.ADDRESS.withValue((socket != null) ? socket : orNone(settings.host())),
				LowCardinalityKey.PORT.withValue((socket != null) ? NONE : String.valueOf(settings.port())));
	}

	private static String orNone(@Nullable String value) {
		return (value != null) ? value : NONE;
	}

	/**
	 * Take what is known of the server from now on. Statements before have attributes as
	 * well, but for the wait for their connection.
	 * @param server the server
	 */
	public void use(Server server) {
		this.server = server;
	}

	@Override
	public void afterQuery(QueryExecutionInfo execution) {
		Observation observation = execution.getValueStore().get(Observation.class, Observation.class);
		List<QueryInfo> queries = execution.getQueries();
		if (observation == null) {
			return;
		}
		// Also where there is none: registries such as Prometheus' take no meter of the
		// same name with other tags.
		SqlSummary summary = queries.isEmpty() ? NOTHING : summary(queries.get(0).getQuery());
		observation.contextualName(summary.summary());
		observation.lowCardinalityKeyValues(this.place);
		observation.lowCardinalityKeyValue(system());
		observation.lowCardinalityKeyValue(LowCardinalityKey.OPERATION.withValue(summary.operation()));
		observation.highCardinalityKeyValue(HighCardinalityKey.SUMMARY.withValue(summary.summary()));
		if (execution.getThrowable() instanceof R2dbcException failure && failure.getErrorCode() > 0) {
			observation
				.highCardinalityKeyValue(HighCardinalityKey.STATUS.withValue(String.valueOf(failure.getErrorCode())));
		}
		long waited = wait(execution.getConnectionInfo()).getAsLong();
		if (waited >= 0) {
			observation.highCardinalityKeyValue(
					HighCardinalityKey.WAIT.withValue(String.format(Locale.ROOT, "%.6f", waited / NANOS)));
		}
	}

	private KeyValue system() {
		Server known = this.server;
		ServerVersion version = (known != null) ? known.version() : null;
		return LowCardinalityKey.SYSTEM
			.withValue((version != null && "MariaDB".equals(version.product())) ? "mariadb" : "mysql");
	}

	private SqlSummary summary(String sql) {
		SqlSummary known = this.summaries.get(sql);
		if (known != null) {
			return known;
		}
		SqlSummary summary = SqlSummary.of(sql);
		if (sql.length() <= LONGEST_TEXT) {
			if (this.summaries.size() >= MOST_TEXTS) {
				this.summaries.clear();
			}
			this.summaries.put(sql, summary);
		}
		return summary;
	}

	private LongSupplier wait(ConnectionInfo info) {
		ValueStore store = info.getValueStore();
		LongSupplier known = store.get(LongSupplier.class, LongSupplier.class);
		Server current = this.server;
		Connection connection = info.getOriginalConnection();
		if (known != null || current == null || connection == null) {
			return (known != null) ? known : UNKNOWN;
		}
		LongSupplier found = current.waitFor(connection).orElse(UNKNOWN);
		store.put(LongSupplier.class, found);
		return found;
	}

}
