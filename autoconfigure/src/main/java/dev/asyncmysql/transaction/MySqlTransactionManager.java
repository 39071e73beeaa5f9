package dev.asyncmysql.transaction;

import java.time.Duration;

import dev.asyncmysql.TransactionOptions;
import dev.asyncmysql.UnknownOutcomeException;
import dev.asyncmysql.transaction.Begin.Attempt;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.core.InfrastructureProxy;
import org.springframework.core.NestedRuntimeException;
import org.springframework.r2dbc.connection.ConnectionHolder;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.TransactionExecution;
import org.springframework.transaction.TransactionExecutionListener;
import org.springframework.transaction.UnexpectedRollbackException;
import org.springframework.transaction.interceptor.TransactionAttribute;
import org.springframework.transaction.reactive.GenericReactiveTransaction;
import org.springframework.transaction.reactive.TransactionSynchronizationManager;

/**
 * Reactive transaction manager for MySQL. To Spring's own it adds a default timeout,
 * which Boot gives to blocking managers only, and the label
 * {@value #CONSISTENT_SNAPSHOT}. The timeout of a transaction is a limit of its time as a
 * whole ({@link TransactionOptions#TIMEOUT}), where Spring's own makes it the time that
 * each statement waits for a row lock. A caller that goes away while a transaction begins
 * costs no connection. A transaction in which a method has failed that takes part in it
 * is rolled back, also where its caller has swallowed the error, and a commit whose
 * outcome is unknown is told to no listener as a roll-back.
 */
public class MySqlTransactionManager extends R2dbcTransactionManager {

	/**
	 * Label of a transaction that takes its snapshot at its begin, as
	 * {@link TransactionOptions#CONSISTENT_SNAPSHOT} does.
	 */
	public static final String CONSISTENT_SNAPSHOT = "consistent-snapshot";

	/**
	 * Label of a method that is not invoked again, although retries are on: because it
	 * does more than write to the database, or has arguments that can be used once.
	 */
	public static final String NO_RETRY = "no-retry";

	private static final long serialVersionUID = 1L;

	private static final Log logger = LogFactory.getLog(MySqlTransactionManager.class);

	private static final String ROLLBACK_ONLY = "ROLLBACK_ONLY";

	private static final String PART = "a method that takes part in it";

	private static final String PROPERTY = "async-mysql.transaction.global-rollback-on-participation-failure";

	private static final Object UNKNOWN_COMMIT = new Object();

	private static final TransactionExecutionListener TAKE_OVER = new TakeOver();

	private final Duration defaultTimeout;

	private volatile boolean globalRollbackOnParticipationFailure = true;

	/**
	 * Create a manager.
	 * @param connectionFactory the factory to take connections from
	 * @param defaultTimeout timeout of a transaction that names none; zero for no limit
	 */
	// What is called stores the listener and no more.
	@SuppressWarnings("this-escape")
	public MySqlTransactionManager(ConnectionFactory connectionFactory, Duration defaultTimeout) {
		super(connectionFactory);
		this.defaultTimeout = defaultTimeout;
		addListener(TAKE_OVER);
	}

	/**
	 * Set whether a transaction can only be rolled back once a method has failed that
	 * takes part in it, also where its caller swallows the error. It can by default, as
	 * with blocking managers; otherwise what is left is committed, as by Spring's own
	 * reactive manager.
	 * @param globalRollbackOnParticipationFailure {@code false} to leave it to the caller
	 */
	public void setGlobalRollbackOnParticipationFailure(boolean globalRollbackOnParticipationFailure) {
		this.globalRollbackOnParticipationFailure = globalRollbackOnParticipationFailure;
	}

	@Override
	protected Duration determineTimeout(TransactionDefinition definition) {
		return (definition.getTimeout() == TransactionDefinition.TIMEOUT_DEFAULT) ? this.defaultTimeout
				: super.determineTimeout(definition);
	}

	@Override
	protected Mono<Void> doCommit(TransactionSynchronizationManager synchronizationManager,
			GenericReactiveTransaction status) {
		return Mono.deferContextual((context) -> {
			ConnectionHolder holder = holder(synchronizationManager);
			if (holder != null && holder.isRollbackOnly()) {
				return rollBackInstead(synchronizationManager, status, holder);
			}
			Attempts attempts = Attempts.of(context);
			Mono<Void> commit = super.doCommit(synchronizationManager, status);
			if (status.isNested()) {
				// It keeps its savepoint until the outer transaction ends.
				return commit;
			}
			return ((attempts != null) ? attempts.committing(commit) : commit)
				.doOnError(MySqlTransactionManager::isUnknown, (ex) -> remember(synchronizationManager, ex));
		});
	}

	// Where the server has undone the transaction, the connection refuses the savepoint
	// without sending it and tells why, which may be a reason to run it again. Spring
	// rolls back then.
	private Mono<Void> rollBackInstead(TransactionSynchronizationManager synchronizationManager,
			GenericReactiveTransaction status, ConnectionHolder holder) {
		String message = "The transaction was rolled back rather than committed: "
				+ reason(synchronizationManager, holder);
		Mono<Void> rollback = Mono.defer(() -> doRollback(synchronizationManager, status))
			.then(Mono.error(() -> new UnexpectedRollbackException(message)));
		return status.isNested() ? rollback
				: Mono.from(holder.getConnection().createSavepoint(ROLLBACK_ONLY))
					.onErrorMap(R2dbcException.class, (ex) -> translateException("R2DBC commit", ex))
					.then(rollback);
	}

	@Override
	protected Mono<Void> doRollback(TransactionSynchronizationManager synchronizationManager,
			GenericReactiveTransaction status) {
		return Mono.defer(() -> {
			Mono<Void> rollback = super.doRollback(synchronizationManager, status);
			if (status.isNested()) {
				return rollback.doOnSuccess((done) -> resetRollbackOnly(synchronizationManager));
			}
			// Spring would tell of a roll-back that has succeeded, and whoever makes good
			// for one would do so for what may have taken effect.
			return (synchronizationManager.unbindResourceIfPossible(UNKNOWN_COMMIT) instanceof Throwable unknown)
					? rollback
						.doOnError(
								(ex) -> logger.debug("The roll-back after a commit without an answer has failed", ex))
						.onErrorComplete()
						.then(Mono.error(unknown))
					: rollback;
		});
	}

	// What only reads has nothing to undo, nor has a part of what only reads. Spring
	// cancels it as well where its caller has seen enough, as by next().
	@Override
	protected Mono<Void> doSetRollbackOnly(TransactionSynchronizationManager synchronizationManager,
			GenericReactiveTransaction status) {
		boolean counts = this.globalRollbackOnParticipationFailure && !status.isReadOnly()
				&& !synchronizationManager.isCurrentTransactionReadOnly();
		if (!counts && !status.isRollbackOnly()) {
			return Mono.empty();
		}
		ConnectionHolder holder = holder(synchronizationManager);
		if (holder != null && !synchronizationManager.hasResource(holder)) {
			synchronizationManager.bindResource(holder,
					status.getTransactionName().isEmpty() ? PART : status.getTransactionName());
			logger.debug("The transaction can only be rolled back: " + reason(synchronizationManager, holder));
		}
		return super.doSetRollbackOnly(synchronizationManager, status);
	}

	// The name of the first is bound to the connection's holder: while the transaction is
	// suspended, another one has the same resources.
	private static String reason(TransactionSynchronizationManager synchronizationManager, ConnectionHolder holder) {
		Object part = synchronizationManager.getResource(holder);
		return "%s has failed or was cancelled, or has asked for it (see %s)".formatted((part != null) ? part : PART,
				PROPERTY);
	}

	private @Nullable ConnectionHolder holder(TransactionSynchronizationManager synchronizationManager) {
		return (ConnectionHolder) synchronizationManager.getResource(obtainConnectionFactory());
	}

	private void resetRollbackOnly(TransactionSynchronizationManager synchronizationManager) {
		ConnectionHolder holder = holder(synchronizationManager);
		if (holder != null) {
			holder.resetRollbackOnly();
			synchronizationManager.unbindResourceIfPossible(holder);
		}
	}

	private static boolean isUnknown(Throwable failure) {
		return failure instanceof NestedRuntimeException translated
				&& translated.contains(UnknownOutcomeException.class);
	}

	private static void remember(TransactionSynchronizationManager synchronizationManager, Throwable unknown) {
		synchronizationManager.bindResource(UNKNOWN_COMMIT, unknown);
	}

	// What follows is no part of the transaction, and may be committed by itself.
	@Override
	protected Mono<Object> doSuspend(TransactionSynchronizationManager synchronizationManager, Object transaction) {
		return Mono.deferContextual((context) -> {
			Attempts attempts = Attempts.of(context);
			if (attempts != null) {
				attempts.committed();
			}
			return super.doSuspend(synchronizationManager, transaction);
		});
	}

	@Override
	protected io.r2dbc.spi.TransactionDefinition createTransactionDefinition(TransactionDefinition definition) {
		TransactionDefinition asked = (definition instanceof Attempted attempted) ? attempted.definition() : definition;
		Runnable committedInside = (definition instanceof Attempted attempted) ? attempted.attempts()::committed : null;
		Duration timeout = determineTimeout(asked);
		boolean consistent = asked instanceof TransactionAttribute attribute
				&& attribute.getLabels().contains(CONSISTENT_SNAPSHOT);
		return new Attributes(super.createTransactionDefinition(asked), timeout.isZero() ? null : timeout, consistent,
				committedInside);
	}

	@Override
	protected ConnectionFactory obtainConnectionFactory() {
		return new Lender(super.obtainConnectionFactory());
	}

	@Override
	protected Mono<Void> doBegin(TransactionSynchronizationManager synchronizationManager, Object transaction,
			TransactionDefinition definition) {
		if (isExistingTransaction(transaction)) {
			// A savepoint, which takes no connection.
			return Mono.defer(() -> {
				ConnectionHolder holder = holder(synchronizationManager);
				return (holder != null && holder.isRollbackOnly())
						? Mono.error(new CannotCreateTransactionException(
								"No savepoint in a transaction that can only be rolled back: "
										+ reason(synchronizationManager, holder)))
						: super.doBegin(synchronizationManager, transaction, definition);
			});
		}
		Mono<Void> begin = Mono.deferContextual((context) -> {
			Attempts attempts = Attempts.of(context);
			if (attempts == null) {
				return super.doBegin(synchronizationManager, transaction, definition);
			}
			attempts.begins();
			return super.doBegin(synchronizationManager, transaction, new Attempted(definition, attempts));
		});
		return new Begin(begin, () -> {
			GenericReactiveTransaction begun = new GenericReactiveTransaction(definition.getName(), transaction, true,
					false, false, definition.isReadOnly(), false, null);
			return doRollback(synchronizationManager, begun).onErrorResume((ex) -> {
				logger.debug("A transaction that nobody waits for could not be rolled back", ex);
				return Mono.empty();
			}).then(Mono.defer(() -> doCleanupAfterCompletion(synchronizationManager, transaction)));
		}, getTransactionExecutionListeners().contains(TAKE_OVER));
	}

	/**
	 * What was asked for, and the attempts that the transaction is one of.
	 */
	private record Attempted(TransactionDefinition definition, Attempts attempts) implements TransactionDefinition {

		@Override
		public int getPropagationBehavior() {
			return this.definition.getPropagationBehavior();
		}

		@Override
		public int getIsolationLevel() {
			return this.definition.getIsolationLevel();
		}

		@Override
		public int getTimeout() {
			return this.definition.getTimeout();
		}

		@Override
		public boolean isReadOnly() {
			return this.definition.isReadOnly();
		}

		@Override
		public @Nullable String getName() {
			return this.definition.getName();
		}

	}

	/**
	 * The attributes of a transaction as the connection below takes them.
	 */
	private record Attributes(io.r2dbc.spi.TransactionDefinition spring, @Nullable Duration timeout, boolean consistent,
			@Nullable Runnable committedInside) implements io.r2dbc.spi.TransactionDefinition {

		@Override
		public <T> @Nullable T getAttribute(Option<T> option) {
			if (option.equals(TransactionOptions.TIMEOUT)) {
				return option.cast(this.timeout);
			}
			if (option.equals(TransactionOptions.COMMITTED_INSIDE)) {
				return option.cast(this.committedInside);
			}
			if (option.equals(TransactionOptions.CONSISTENT_SNAPSHOT) && this.consistent) {
				return option.cast(true);
			}
			return option.equals(LOCK_WAIT_TIMEOUT) ? null : this.spring.getAttribute(option);
		}

	}

	/**
	 * Tells the {@link Attempt} in the subscriber's context that there is a connection.
	 * Resources are bound to the factory that it wraps.
	 */
	private record Lender(ConnectionFactory delegate) implements ConnectionFactory, InfrastructureProxy {

		@Override
		public Mono<? extends Connection> create() {
			return Mono.deferContextual((context) -> {
				Mono<Connection> connection = Mono.from(this.delegate.create());
				return context.<Attempt>getOrEmpty(Attempt.class)
					.map((attempt) -> connection.handle(attempt::lent))
					.orElse(connection);
			});
		}

		@Override
		public ConnectionFactoryMetadata getMetadata() {
			return this.delegate.getMetadata();
		}

		@Override
		public Object getWrappedObject() {
			return this.delegate;
		}

	}

	/**
	 * Spring tells of a begin as the last thing before the transaction's user has it.
	 */
	private static final class TakeOver implements TransactionExecutionListener {

		@Override
		public void afterBegin(TransactionExecution transaction, @Nullable Throwable failure) {
			if (failure == null) {
				Attempt.takenOver();
			}
		}

	}

}
