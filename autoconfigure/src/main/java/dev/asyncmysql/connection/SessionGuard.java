package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.function.Supplier;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.TransactionDefinition;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Remembers what callers have changed in a session, so that the next one finds it as it
 * was opened: what the driver can set back is set back, and a session with any other
 * change is not lent again. MySQL's own reset (COM_RESET_CONNECTION) is not in the
 * driver.
 */
final class SessionGuard {

	private static final Log logger = LogFactory.getLog(SessionGuard.class);

	private final Connection raw;

	private final Session session;

	private final Server server;

	private volatile boolean isolationChanged;

	private volatile boolean lockWaitTimeoutChanged;

	private volatile boolean statementTimeoutChanged;

	private volatile @Nullable Duration statementTimeout;

	private volatile boolean autoCommitChanged;

	private volatile boolean isolationOfTransaction;

	private volatile boolean lockWaitTimeoutOfTransaction;

	/** Most stains are never told. */
	private volatile @Nullable Supplier<String> stain;

	SessionGuard(Connection raw, Session session, Server server) {
		this.raw = raw;
		this.session = session;
		this.server = server;
	}

	void isolationChanged() {
		this.isolationChanged = true;
	}

	void lockWaitTimeoutChanged() {
		this.lockWaitTimeoutChanged = true;
	}

	void statementTimeoutChanged(Duration timeout) {
		this.statementTimeout = timeout;
		this.statementTimeoutChanged = true;
	}

	/**
	 * Return how long the server may work on a statement, by the API or the settings.
	 * @return the time, zero or {@code null} for as long as it takes
	 */
	@Nullable Duration statementTimeout() {
		return this.statementTimeoutChanged ? this.statementTimeout : this.server.settings().statementTimeout();
	}

	boolean isAutoCommitChanged() {
		return this.autoCommitChanged;
	}

	void autoCommitChanged() {
		this.autoCommitChanged = true;
	}

	/**
	 * Note what a transaction changes. The driver sets it back where its own commit or
	 * roll-back ends it, but not where a text does, or DDL.
	 * @param definition the definition of the transaction
	 */
	void transactionBegins(TransactionDefinition definition) {
		this.isolationOfTransaction = definition.getAttribute(TransactionDefinition.ISOLATION_LEVEL) != null;
		this.lockWaitTimeoutOfTransaction = definition.getAttribute(TransactionDefinition.LOCK_WAIT_TIMEOUT) != null;
	}

	void transactionEnded() {
		this.isolationOfTransaction = false;
		this.lockWaitTimeoutOfTransaction = false;
	}

	/**
	 * Note a text that is going to the server.
	 * @param sql one statement or more
	 */
	void text(String sql) {
		if (SqlEffect.isPlain(sql)) {
			return;
		}
		SqlEffect effect = SqlScan.effect(sql);
		if (effect != SqlEffect.NONE && (effect == SqlEffect.SESSION || this.server.distrustsProcedures())) {
			this.stain = () -> SqlDigest.of(sql);
		}
	}

	/**
	 * Let the session not be lent again.
	 * @param reason what has changed it
	 */
	void stain(String reason) {
		this.stain = () -> reason;
	}

	/**
	 * Return whether the session may be lent again once it is restored.
	 * @return {@code false} where only a new one is as it was
	 */
	boolean isStained() {
		return this.stain != null;
	}

	/**
	 * Return whether nothing has changed that the driver does not tell by itself.
	 * @return {@code true} where there is nothing to do
	 */
	boolean isClean() {
		return this.stain == null && !isIsolationChanged() && !isLockWaitTimeoutChanged()
				&& !this.statementTimeoutChanged && (!this.autoCommitChanged || this.session.autoCommit());
	}

	private boolean isIsolationChanged() {
		return this.isolationChanged || this.isolationOfTransaction;
	}

	private boolean isLockWaitTimeoutChanged() {
		return this.lockWaitTimeoutChanged || this.lockWaitTimeoutOfTransaction;
	}

	/**
	 * Set back what can be. No statement and no transaction may be under way.
	 * @return a mono that completes when the server has followed
	 */
	Mono<Void> restore() {
		return Mono.defer(() -> {
			Mono<Void> restored = Mono.empty();
			if (this.session.autoCommit() && !this.raw.isAutoCommit()) {
				restored = restored.then(Mono.from(this.raw.setAutoCommit(true)));
			}
			else if (!this.session.autoCommit() && this.autoCommitChanged) {
				restored = restored.then(Mono.from(this.raw.setAutoCommit(false)));
			}
			if (isIsolationChanged()) {
				restored = restored
					.then(Mono.from(this.raw.setTransactionIsolationLevel(this.session.isolationLevel())));
			}
			Duration lockWait = this.session.lockWaitTimeout();
			if (isLockWaitTimeoutChanged() && lockWait != null) {
				restored = restored.then(Mono.from(this.raw.setLockWaitTimeout(lockWait)));
			}
			Duration statement = this.session.statementTimeout();
			if (this.statementTimeoutChanged && statement != null) {
				restored = restored.then(Mono.from(this.raw.setStatementTimeout(statement)));
			}
			if ((isLockWaitTimeoutChanged() && lockWait == null)
					|| (this.statementTimeoutChanged && statement == null)) {
				stain("a limit of time whose former value is not known");
			}
			return restored.then(Mono.fromRunnable(this::restored));
		});
	}

	private void restored() {
		this.isolationChanged = false;
		this.lockWaitTimeoutChanged = false;
		this.statementTimeoutChanged = false;
		this.autoCommitChanged = false;
		transactionEnded();
	}

	/**
	 * Tell once for each server why connections are closed.
	 */
	void tell() {
		boolean first = this.server.isFirstStain();
		Supplier<String> reason = this.stain;
		if (reason == null || !(first || logger.isDebugEnabled())) {
			return;
		}
		String text = reason.get();
		text = (text.length() > 200) ? text.substring(0, 200) + "…" : text;
		if (first) {
			logger.info("A caller has changed its session, so that its connection is closed rather than lent again, "
					+ "which costs a new one: " + text + ". What all need is set once by " + this.server.prefix()
					+ ".session-variables. Further ones are told at level DEBUG");
		}
		else {
			logger.debug("A connection is closed because its session was changed: " + text);
		}
	}

}
