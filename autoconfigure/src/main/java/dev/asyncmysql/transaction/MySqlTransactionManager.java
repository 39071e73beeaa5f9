package dev.asyncmysql.transaction;

import java.time.Duration;

import dev.asyncmysql.transaction.Begin.Attempt;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.core.InfrastructureProxy;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.TransactionExecution;
import org.springframework.transaction.TransactionExecutionListener;
import org.springframework.transaction.reactive.GenericReactiveTransaction;
import org.springframework.transaction.reactive.TransactionSynchronizationManager;

/**
 * Reactive transaction manager for MySQL. To Spring's own it adds a default timeout,
 * which Boot gives to blocking managers only. As there, the timeout of a transaction is
 * the time that its statements wait for a row lock ({@code innodb_lock_wait_timeout}),
 * which the driver restores when the transaction ends. A caller that goes away while a
 * transaction begins costs no connection.
 */
public class MySqlTransactionManager extends R2dbcTransactionManager {

	private static final long serialVersionUID = 1L;

	private static final Log logger = LogFactory.getLog(MySqlTransactionManager.class);

	private static final TransactionExecutionListener TAKE_OVER = new TakeOver();

	private final Duration defaultTimeout;

	/**
	 * Create a manager.
	 * @param connectionFactory the factory to take connections from
	 * @param defaultTimeout timeout of a transaction that names none, in whole seconds;
	 * zero for the server's
	 */
	// What is called stores the listener and no more.
	@SuppressWarnings("this-escape")
	public MySqlTransactionManager(ConnectionFactory connectionFactory, Duration defaultTimeout) {
		super(connectionFactory);
		this.defaultTimeout = defaultTimeout;
		addListener(TAKE_OVER);
	}

	@Override
	protected Duration determineTimeout(TransactionDefinition definition) {
		return (definition.getTimeout() == TransactionDefinition.TIMEOUT_DEFAULT) ? this.defaultTimeout
				: super.determineTimeout(definition);
	}

	@Override
	protected ConnectionFactory obtainConnectionFactory() {
		return new Lender(super.obtainConnectionFactory());
	}

	@Override
	protected Mono<Void> doBegin(TransactionSynchronizationManager synchronizationManager, Object transaction,
			TransactionDefinition definition) {
		Mono<Void> begin = super.doBegin(synchronizationManager, transaction, definition);
		if (isExistingTransaction(transaction)) {
			// A savepoint, which takes no connection.
			return begin;
		}
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
