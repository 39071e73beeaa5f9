package dev.asyncmysql.observability;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.Server;
import org.jspecify.annotations.Nullable;

/**
 * Compares the settings with the server and with what the application has beside, and
 * says what to change.
 */
public final class Advisor {

	private static final List<String> NAMES = List.of("max-connections", "wait-timeout", "time-zone",
			"server-time-zone", "tls", "native-transport", "blocking", "proxy", "transactions", "http-server");

	/** Those that Boot 4.1 may bring. From reactor/reactor-netty#4361. */
	private static final Set<String> FORGETFUL = Set.of("1.3.6", "1.3.7");

	private final Server server;

	private final ConnectionSettings settings;

	private final String prefix;

	private final Surroundings surroundings;

	private final ZoneId zone;

	/**
	 * Create an advisor.
	 * @param server the server that the application connects to
	 * @param settings the settings of the connections to it
	 * @param prefix prefix of their properties
	 * @param surroundings what the application has beside
	 * @param zone the time zone of the JVM
	 */
	public Advisor(Server server, ConnectionSettings settings, String prefix, Surroundings surroundings, ZoneId zone) {
		this.server = server;
		this.settings = settings;
		this.prefix = prefix;
		this.surroundings = surroundings;
		this.zone = zone;
	}

	/**
	 * Give advice.
	 * @param variables the server's variables, as far as they are known
	 * @return the advice that is not silenced
	 */
	public List<Advice> advise(Map<String, String> variables) {
		List<Advice> all = new ArrayList<>();
		add(all, "silence", silence());
		add(all, "max-connections", maxConnections(number(variables.get("max_connections"))));
		add(all, "wait-timeout", this.server.idleTimeAdvice());
		add(all, "time-zone", timeZone(variables));
		add(all, "server-time-zone", serverTimeZone(variables));
		add(all, "tls", this.server.tlsAdvice());
		add(all, "native-transport", nativeTransport());
		add(all, "blocking", blocking());
		add(all, "proxy", proxy());
		add(all, "transactions", transactions());
		add(all, "http-server", httpServer());
		return all;
	}

	private @Nullable String silence() {
		List<String> unknown = this.settings.advice()
			.silence()
			.stream()
			.filter((name) -> !NAMES.contains(name))
			.toList();
		return unknown.isEmpty() ? null : "%s.advice.silence names %s, which is no advice: correct it to some of %s"
			.formatted(this.prefix, String.join(", ", unknown), String.join(", ", NAMES));
	}

	private void add(List<Advice> all, String name, @Nullable String text) {
		if (text != null && !this.settings.advice().silence().contains(name)) {
			all.add(new Advice(name, text));
		}
	}

	private static @Nullable Long number(@Nullable String value) {
		return (value != null && value.matches("-?\\d{1,18}")) ? Long.valueOf(value) : null;
	}

	private @Nullable String maxConnections(@Nullable Long allowed) {
		int instances = this.settings.advice().instances();
		boolean explain = this.settings.slowQuery().explain();
		long wanted = (long) instances * (this.settings.pool().maxSize() + (explain ? 2 : 1));
		if (allowed == null || wanted <= allowed || !this.settings.pool().enabled()) {
			return null;
		}
		return ("%d connections may be opened (%s.pool.max-size=%d and %s, times %s.advice.instances=%d), "
				+ "and the server allows %d (max_connections): lower pool.max-size, or raise max_connections")
			.formatted(wanted, this.prefix, this.settings.pool().maxSize(),
					explain ? "a side connection and one for EXPLAIN" : "a side connection", this.prefix, instances,
					allowed);
	}

	// Temporal values are converted as if the session were in the JVM's zone, unless the
	// driver is told another one.
	private @Nullable String timeZone(Map<String, String> variables) {
		String configured = this.settings.connectionTimeZone();
		Long sessionMinutes = number(variables.get("session_offset_minutes"));
		if (sessionMinutes == null || "SERVER".equalsIgnoreCase(configured)) {
			return null;
		}
		ZoneId assumed = (configured == null || "LOCAL".equalsIgnoreCase(configured)) ? this.zone
				: ZoneId.of(configured, ZoneId.SHORT_IDS);
		boolean local = assumed == this.zone;
		long own = assumed.getRules().getOffset(Instant.now()).getTotalSeconds() / 60;
		String whose = local ? "The JVM" : this.prefix + ".connection-time-zone";
		if (own == sessionMinutes) {
			return change(whose, assumed, variables);
		}
		return "%s is %d minutes ahead of UTC (%s) and the session %d (time_zone): NOW() and what Java writes differ. %s"
			.formatted(whose, own, assumed, sessionMinutes, zoneAdvice());
	}

	private @Nullable String change(String whose, ZoneId assumed, Map<String, String> variables) {
		String session = variables.get("session_time_zone");
		ZoneId known = zone(session, variables.get("system_time_zone"));
		if (known == null || changes(assumed) == changes(known)) {
			return null;
		}
		return (changes(assumed)
				? "%s changes its offset in the course of the year (%s), and the session does not (time_zone=%s): from then on NOW() and what Java writes differ. %s"
				: "%s keeps its offset (%s), and the session changes it in the course of the year (time_zone=%s): from then on NOW() and what Java writes differ. %s")
			.formatted(whose, assumed, session, zoneAdvice());
	}

	private String zoneAdvice() {
		return "Set %s.connection-time-zone=SERVER, or %s.force-connection-time-zone-to-session=true, or run both in UTC"
			.formatted(this.prefix, this.prefix);
	}

	// The driver sets the session's zone by force-connection-time-zone-to-session, and a
	// session variable may.
	private @Nullable String serverTimeZone(Map<String, String> variables) {
		Long sessionMinutes = number(variables.get("session_offset_minutes"));
		Long serverMinutes = number(variables.get("server_offset_minutes"));
		if (sessionMinutes == null || serverMinutes == null || sessionMinutes.equals(serverMinutes)) {
			return null;
		}
		return "The session is %d minutes ahead of UTC (time_zone=%s) and the server's default %d (time_zone=%s): what its events and its other clients write by NOW() differs from what this application does. Set the server's default_time_zone to the session's, or silence this where nobody else writes"
			.formatted(sessionMinutes, variables.get("session_time_zone"), serverMinutes, variables.get("time_zone"));
	}

	// The name that the server's system gives its zone is that of the present season, GMT
	// in London's winter, so that it tells nothing unless it is UTC.
	private static @Nullable ZoneId zone(@Nullable String name, @Nullable String system) {
		boolean ofSystem = "SYSTEM".equalsIgnoreCase(name);
		String known = ofSystem ? system : name;
		if (known == null || (ofSystem && !"UTC".equals(known))) {
			return null;
		}
		try {
			return ZoneId.of(known);
		}
		catch (DateTimeException ex) {
			return null;
		}
	}

	private static boolean changes(ZoneId zone) {
		return zone.getRules().nextTransition(Instant.now()) != null;
	}

	private @Nullable String nativeTransport() {
		if (this.surroundings.nativeTransport() || !this.surroundings.operatingSystem().startsWith("Linux")
				|| this.settings.unixSocket() != null) {
			return null;
		}
		return "Netty's native transport is not on the class path: add io.netty:netty-transport-native-epoll with the classifier of your platform, such as linux-x86_64, for less processor time";
	}

	private @Nullable String blocking() {
		if (!this.surroundings.reactiveWeb() || this.surroundings.blocking().isEmpty()) {
			return null;
		}
		return "A WebFlux application has what reaches a database by blocking calls (%s): never use it in a handler, as it holds up an event loop. Where it is for migrations alone, silence this by %s.advice.silence=blocking"
			.formatted(String.join(", ", this.surroundings.blocking()), this.prefix);
	}

	private @Nullable String proxy() {
		return (this.surroundings.tracing() && !this.surroundings.proxy())
				? "Requests are traced, and their statements are not: add io.r2dbc:r2dbc-proxy" : null;
	}

	private @Nullable String transactions() {
		if (!this.settings.transaction().retry().enabled() || this.surroundings.otherManagers().isEmpty()) {
			return null;
		}
		return "%s.transaction.retry.enabled is on, and no transaction will be run again: the transaction manager (bean %s) does not tell whether something was committed. Make it a MySqlTransactionManager, or remove it so that there is one"
			.formatted(this.prefix, String.join(", ", this.surroundings.otherManagers()));
	}

	private @Nullable String httpServer() {
		String version = this.surroundings.httpServer();
		return (version != null && FORGETFUL.contains(version))
				? "Reactor Netty %s may stop to read from an HTTP connection that is kept alive, so that a request on it is never answered (reactor/reactor-netty#4361): manage io.projectreactor:reactor-bom as 2025.0.8 or later"
					.formatted(version)
				: null;
	}

}
