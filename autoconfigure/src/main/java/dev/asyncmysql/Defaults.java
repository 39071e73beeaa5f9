package dev.asyncmysql;

/**
 * Every default of {@link ConnectionSettings} with the reason for it. The values are
 * strings because annotations bind them; what is not listed here is left to the driver or
 * to the server.
 */
final class Defaults {

	/** MySQL's registered port. */
	static final String PORT = "3306";

	/**
	 * A TCP connection within a region is up in milliseconds. Five seconds outlast one
	 * lost SYN and its two retransmissions (after 1 s and 3 s), and leave half of the
	 * acquire limit to a second attempt.
	 */
	static final String CONNECT_TIMEOUT = "5s";

	/**
	 * What waits behind a web request has usually gone after a minute: load balancers and
	 * gateways give up then. A statement that may take longer without a word, such as a
	 * large report, asks for more. The driver waits without a limit.
	 */
	static final String RESPONSE_TIMEOUT = "1m";

	/**
	 * Most statements end by themselves within a second, and their connection stays;
	 * those that do not would hold it, and work on at the server for nobody.
	 */
	static final String CANCEL_GRACE = "1s";

	/**
	 * Only the server can stop a statement. A proxy that shows connection identifiers of
	 * its own is the exception.
	 */
	static final String CANCEL_KILL_QUERY = "true";

	/**
	 * MySQL's packets are small requests that wait for an answer: Nagle's algorithm
	 * together with delayed acknowledgements costs up to 40 ms for a request that is
	 * written in two parts. The driver's default is off.
	 */
	static final String TCP_NO_DELAY = "true";

	/**
	 * Lets the operating system find a peer that vanished while a connection was lent and
	 * silent. The driver's default is off.
	 */
	static final String TCP_KEEP_ALIVE = "true";

	/**
	 * Application and server are often started together, and the server is then the
	 * slower one: waiting for it spares a restart of the application.
	 */
	static final String STARTUP = "wait";

	/**
	 * A MySQL with its data in place is up in some seconds. Longer than half a minute
	 * looks like a mistake, which is better told than waited for.
	 */
	static final String STARTUP_TIMEOUT = "30s";

	/**
	 * Connections cost the server memory each; an application that needs none is the
	 * exception.
	 */
	static final String POOL_ENABLED = "true";

	/**
	 * Enough to keep a small database server busy: a MySQL server runs about as many
	 * statements at once as it has cores and disks. It is also what Boot and HikariCP
	 * start with.
	 */
	static final String POOL_MAX_SIZE = "10";

	/**
	 * One connection proves server, credentials and schema before the first request. More
	 * would have all instances of a deployment open their whole pool at the same moment.
	 */
	static final String POOL_INITIAL_SIZE = "1";

	/**
	 * The first request after a quiet hour finds a connection without the cost of a
	 * handshake.
	 */
	static final String POOL_MIN_IDLE = "1";

	/**
	 * Three minutes are below the limits after which network equipment drops a silent
	 * flow without telling either end: 4 minutes (Azure load balancers), 350 seconds
	 * (AWS), 10 minutes (Google Cloud).
	 */
	static final String POOL_MAX_IDLE_TIME = "3m";

	/**
	 * Half an hour lets an application follow a changed DNS entry or a new replica within
	 * reasonable time, and bounds the memory that a long session gathers on the server.
	 */
	static final String POOL_MAX_LIFE_TIME = "30m";

	/**
	 * Spreads the end of connections that were opened together over three minutes of the
	 * thirty.
	 */
	static final String POOL_LIFE_TIME_JITTER = "0.1";

	/**
	 * A caller of a web application has usually gone after ten seconds; an answer that
	 * says why is better by then than more waiting. r2dbc-pool's default is to wait for
	 * ever.
	 */
	static final String POOL_MAX_ACQUIRE_TIME = "10s";

	/**
	 * A connection that turns out to be dead is replaced once; more attempts would hide
	 * an outage.
	 */
	static final String POOL_ACQUIRE_RETRY = "1";

	/**
	 * Some thousand callers may wait behind a short stall of the server; beyond that, an
	 * error at once sheds load that could not be served within the acquire limit anyway.
	 * r2dbc-pool's default is unlimited.
	 */
	static final String POOL_MAX_PENDING_ACQUIRE = "10000";

	/**
	 * Connect, TLS and authentication together; above the connect limit so that its more
	 * telling error comes first, and below the acquire limit so that the caller is told.
	 * The pool's default is unlimited.
	 */
	static final String POOL_MAX_CREATE_CONNECTION_TIME = "8s";

	/**
	 * Validation is one round trip at most. It has to end well before the acquire limit,
	 * or r2dbc-pool would put the unanswering connection back and hand it out again.
	 * r2dbc-pool's default is unlimited.
	 */
	static final String POOL_MAX_VALIDATION_TIME = "2s";

	/**
	 * The driver knows without a round trip whether the socket is open; see also
	 * {@link #POOL_MAX_IDLE_TIME}.
	 */
	static final String POOL_VALIDATION_DEPTH = "LOCAL";

	/**
	 * Often enough to end idle connections within their limit and a sixth. r2dbc-pool's
	 * default is the idle limit itself, so that a connection can stay for almost twice
	 * its time.
	 */
	static final String POOL_BACKGROUND_EVICTION_INTERVAL = "30s";

	/**
	 * Handshakes cost the server CPU (TLS, SHA-256); four at once warm ten connections up
	 * in some 100 ms.
	 */
	static final String POOL_WARMUP_PARALLELISM = "4";

	/**
	 * Long enough for the rest of a usual result and the roll-back of a usual
	 * transaction; a connection that is busy for longer after its caller has gone would
	 * be missed by others, and a new one costs some ten milliseconds. The driver waits
	 * without a limit.
	 */
	static final String POOL_MAX_RELEASE_TIME = "5s";

	/**
	 * A polite goodbye is one packet; a server that does not take it within this time is
	 * left without.
	 */
	static final String POOL_MAX_CLOSE_TIME = "5s";

	/**
	 * The connection used last is warm in every cache, and the others can go idle and be
	 * closed.
	 */
	static final String POOL_REUSE_ORDER = "MOST_RECENTLY_USED";

	/**
	 * To look for the call site costs some microseconds each time that a connection is
	 * taken, and is of use while a leak is looked for.
	 */
	static final String POOL_LEAK_DETECTION_CALL_SITE = "false";

	/**
	 * Procedures that leave variables, locks or temporary tables to their caller are the
	 * exception; a new connection for each call would cost everyone else some
	 * milliseconds.
	 */
	static final String POOL_AFTER_PROCEDURE = "TRUST";

	/**
	 * A lost packet is sent again after a second at most, so two seconds outlast one;
	 * what asks for health gives up after one second (Kubernetes) to five (AWS) by
	 * default.
	 */
	static final String HEALTH_TIMEOUT = "2s";

	/**
	 * Load balancers and orchestrators ask every few seconds, and several of them for
	 * several paths at once: one answer serves them all, and is not old.
	 */
	static final String HEALTH_INTERVAL = "1s";

	/**
	 * Where one instance has all connections lent, the others are as busy: to take it out
	 * gives its load to them, until none is left.
	 */
	static final String HEALTH_OUT_OF_SERVICE = "false";

	/**
	 * As MySQL's own {@code long_query_time}: what takes that long is worth a line
	 * wherever it runs. A web application that answers in milliseconds asks for less.
	 */
	static final String SLOW_QUERY_THRESHOLD = "10s";

	/**
	 * Values may be personal, and logs are kept and shipped.
	 */
	static final String SLOW_QUERY_SHOW_VALUES = "false";

	/**
	 * One a second tells the same as a thousand, which would fill the disk while the
	 * server is slow for all.
	 */
	static final String SLOW_QUERY_MAX_PER_MINUTE = "60";

	/**
	 * It opens a connection, and the server may call stored functions as it plans.
	 */
	static final String SLOW_QUERY_EXPLAIN = "false";

	/**
	 * What a method that has failed has done until then would be committed by half;
	 * JDBC's manager has the same default.
	 */
	static final String TRANSACTION_GLOBAL_ROLLBACK = "true";

	/**
	 * Whether a method may be invoked twice only its author knows.
	 */
	static final String RETRY_ENABLED = "false";

	/**
	 * Who has lost three times against others meets more of them than waiting helps.
	 */
	static final String RETRY_MAX_ATTEMPTS = "3";

	/**
	 * Longer than a usual transaction, so that the winner of a deadlock is done.
	 */
	static final String RETRY_DELAY = "50ms";

	/**
	 * As is usual.
	 */
	static final String RETRY_MULTIPLIER = "2";

	/**
	 * A caller waits for it.
	 */
	static final String RETRY_MAX_DELAY = "1s";

	/**
	 * Half of the first delay spreads those that met.
	 */
	static final String RETRY_JITTER = "25ms";

	/**
	 * After none of them anything has taken effect.
	 */
	static final String RETRY_ON = "deadlock,lock-wait,connection-lost,read-only";

	/**
	 * A fifth more is what a server that is loaded still bears.
	 */
	static final String RETRY_BUDGET_SHARE = "0.2";

	/**
	 * So that an application with few transactions can retry at all.
	 */
	static final String RETRY_BUDGET_PER_SECOND = "10";

	/**
	 * What can be known without asking.
	 */
	static final String ADVICE_INSTANCES = "1";

	private Defaults() {
	}

}
