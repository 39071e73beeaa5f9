package dev.asyncmysql.transaction;

import java.time.Duration;

import io.r2dbc.spi.ConnectionFactory;

import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.transaction.TransactionDefinition;

/**
 * Reactive transaction manager for MySQL. To Spring's own it adds a default timeout,
 * which Boot gives to blocking managers only. As there, the timeout of a transaction is
 * the time that its statements wait for a row lock ({@code innodb_lock_wait_timeout}),
 * which the driver restores when the transaction ends.
 */
public class MySqlTransactionManager extends R2dbcTransactionManager {

	private static final long serialVersionUID = 1L;

	private final Duration defaultTimeout;

	/**
	 * Create a manager.
	 * @param connectionFactory the factory to take connections from
	 * @param defaultTimeout timeout of a transaction that names none, in whole seconds;
	 * zero for the server's
	 */
	public MySqlTransactionManager(ConnectionFactory connectionFactory, Duration defaultTimeout) {
		super(connectionFactory);
		this.defaultTimeout = defaultTimeout;
	}

	@Override
	protected Duration determineTimeout(TransactionDefinition definition) {
		return (definition.getTimeout() == TransactionDefinition.TIMEOUT_DEFAULT) ? this.defaultTimeout
				: super.determineTimeout(definition);
	}

}
