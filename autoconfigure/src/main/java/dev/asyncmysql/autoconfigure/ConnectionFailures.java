package dev.asyncmysql.autoconfigure;

import java.util.Optional;
import java.util.Set;

import dev.asyncmysql.InvalidSettingsException;
import dev.asyncmysql.connection.ConnectionFailure;
import dev.asyncmysql.connection.SqlDigest;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcConnectionDetails;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.core.env.Environment;

/**
 * Tells the reason of a failure to connect with the names that the user wrote.
 */
final class ConnectionFailures {

	/** What a service connection says in place of properties. */
	private static final Set<String> OF_SERVICE = Set.of("host", "port", "unix-socket", "database", "username",
			"password");

	private final SettingsResolver resolver;

	private final boolean service;

	ConnectionFailures(Environment environment, @Nullable BeanFactory beanFactory) {
		this.resolver = new SettingsResolver(environment);
		this.service = hasServiceConnection(beanFactory);
	}

	// By definitions alone: where a start has failed, a bean asked for would be created
	// again, and a database started for it.
	private static boolean hasServiceConnection(@Nullable BeanFactory beanFactory) {
		return beanFactory instanceof ListableBeanFactory beans
				&& beans.getBeanNamesForType(R2dbcConnectionDetails.class, true, false).length > 0
				&& beans.getBeanNamesForType(PropertiesConnectionDetails.class, true, false).length == 0;
	}

	Optional<ConnectionFailure> find(Throwable failure) {
		return ConnectionFailure.in(failure).map((reason) -> reason.named(this::name));
	}

	/**
	 * Return whether waiting cannot heal a failure.
	 * @param failure what an attempt to connect failed with
	 * @return {@code false} where the next attempt may succeed
	 */
	boolean isPermanent(Throwable failure) {
		return failure instanceof InvalidSettingsException
				|| find(failure).filter(ConnectionFailure::isPermanent).isPresent();
	}

	/**
	 * Tell the reason in one line, known or not.
	 * @param failure what an attempt to connect failed with
	 * @return what happened and, where it is known, what to do
	 */
	String text(Throwable failure) {
		return find(failure).map(ConnectionFailure::toString)
			.orElseGet(() -> SqlDigest.oneLine(NestedExceptionUtils.getMostSpecificCause(failure).toString()));
	}

	private String name(String property) {
		return (this.service && OF_SERVICE.contains(property)) ? "the service connection's " + property
				: this.resolver.nameOf(property);
	}

}
